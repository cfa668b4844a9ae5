package dllama.session;

import dllama.tokenizer.ChatTemplate;
import dllama.tokenizer.ChatTemplate.Message;
import dllama.tokenizer.PromptText;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.List;

/// How a model wants conversations to be written.
interface ChatFormat {
  /// The text of a whole conversation, up to where the assistant has to answer.
  ///
  /// @throws dllama.error.UserException if there is no such conversation
  PromptText prompt(List<Message> messages);

  /// The part of the prompt's end that belongs to the answer and is shown to the user.
  String opening();

  /// One of our own.
  static ChatFormat of(ChatTemplate template, Vocabulary vocabulary) {
    String end = ChatTemplate.messageEnd(vocabulary);
    return new ChatFormat() {
      @Override
      public PromptText prompt(List<Message> messages) {
        return template.prompt(messages, end);
      }

      @Override
      public String opening() {
        return template.visibleOpening();
      }
    };
  }
}
