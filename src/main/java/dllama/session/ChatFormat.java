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

  /// The text of a conversation as programs give it, with all that templates may read.
  ///
  /// @throws dllama.error.UserException if there is no such conversation
  Rendered prompt(Conversation conversation);

  /// A prompt.
  ///
  /// @param opening what of its end belongs to the answer, such as `<think>`
  record Rendered(PromptText text, String opening) {}

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
      public Rendered prompt(Conversation conversation) {
        return new Rendered(prompt(conversation.plain()), opening());
      }

      @Override
      public String opening() {
        return template.visibleOpening();
      }
    };
  }
}
