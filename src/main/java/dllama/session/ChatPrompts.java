package dllama.session;

import dllama.error.UserException;
import dllama.settings.Settings;
import dllama.tokenizer.ChatTemplate;
import dllama.tokenizer.ChatTemplate.Message;
import dllama.tokenizer.ChatTemplate.Role;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Makes prompts of conversations, as the model's chat template says, and tells what ends answers.
/// Any thread.
public final class ChatPrompts {
  private final Vocabulary vocabulary;
  private final ChatTemplate template;
  private final Tokenizer tokenizer;

  public ChatPrompts(Vocabulary vocabulary, ChatTemplate template) {
    this.vocabulary = vocabulary;
    this.template = template;
    tokenizer = Tokenizer.of(vocabulary);
  }

  /// With the template of the settings, or else the tokenizer's own.
  ///
  /// @throws UserException if there is none of that name, or the tokenizer's is not known
  public static ChatPrompts of(Settings.Chat settings, Vocabulary vocabulary) {
    return new ChatPrompts(
        vocabulary,
        settings.template().map(ChatTemplate::byName).orElseGet(() -> ChatTemplate.of(vocabulary)));
  }

  public Vocabulary vocabulary() {
    return vocabulary;
  }

  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /// Tokens of a whole conversation, up to where the answer begins.
  public int[] encode(List<Message> messages) {
    return tokenizer.encode(template.prompt(messages, ChatTemplate.messageEnd(vocabulary)));
  }

  /// Tokens that end an answer.
  public Set<Integer> endIds() {
    return Set.copyOf(vocabulary.eosIds());
  }

  /// Texts that end an answer, too: some models spell an end token out in place of giving it.
  public List<String> endTexts() {
    return vocabulary.eosIds().stream()
        .map(vocabulary::text)
        .filter(text -> !text.isEmpty())
        .toList();
  }

  /// What every answer begins with, as the template says.
  public String opening() {
    return template.visibleOpening();
  }

  /// Refuses a system prompt before the model is loaded, not with the first question.
  ///
  /// @throws UserException if it leaves no room for a question
  public void checkSystem(Optional<String> system, ContextLimit limit) {
    if (system.isEmpty()) {
      return;
    }
    int tokens = withoutQuestion(system.get());
    if (tokens >= limit.reserved()) {
      throw new UserException(limit.systemTooLong(tokens));
    }
  }

  /// Tokens of an empty question after a system prompt.
  public int withoutQuestion(String system) {
    return encode(List.of(new Message(Role.SYSTEM, system), new Message(Role.USER, ""))).length;
  }
}
