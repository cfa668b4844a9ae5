package dllama.session;

import dllama.error.UserException;
import dllama.settings.Settings;
import dllama.template.Template;
import dllama.tokenizer.ChatTemplate;
import dllama.tokenizer.ChatTemplate.Message;
import dllama.tokenizer.ChatTemplate.Role;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Makes prompts of conversations, as the model's chat template says, and tells what ends answers.
/// Any thread.
public final class ChatPrompts {
  private final Vocabulary vocabulary;
  private final ChatFormat format;
  private final Tokenizer tokenizer;
  private final Optional<String> jinja;
  private final ChatTemplate own;

  private ChatPrompts(
      Vocabulary vocabulary, ChatFormat format, Optional<String> jinja, ChatTemplate own) {
    this.vocabulary = vocabulary;
    this.format = format;
    this.jinja = jinja;
    this.own = own;
    tokenizer = Tokenizer.of(vocabulary);
  }

  /// With a template of our own.
  public ChatPrompts(Vocabulary vocabulary, ChatTemplate template) {
    this(vocabulary, ChatFormat.of(template, vocabulary), Optional.empty(), template);
  }

  /// With a Jinja template.
  public ChatPrompts(Vocabulary vocabulary, Template template) {
    this(
        vocabulary,
        new JinjaFormat(template, vocabulary, Clock.system(ZoneId.systemDefault())),
        Optional.of(template.source()),
        ChatTemplate.CHATML);
  }

  /// With the template of the settings, by name or file, or else the model's.
  ///
  /// @param rendered whether the model's Jinja template is rendered; otherwise one of our own is
  ///     used where it is one of these, as distributed-llama does
  /// @throws UserException if there is none of that name, or it can not be read
  public static ChatPrompts of(Settings.Chat settings, Vocabulary vocabulary, boolean rendered) {
    Optional<Path> file = settings.template().flatMap(JinjaPrompts::file);
    if (file.isPresent()) {
      return new ChatPrompts(vocabulary, JinjaPrompts.read(file.get()));
    }
    if (settings.template().isPresent()) {
      return new ChatPrompts(vocabulary, ChatTemplate.byName(settings.template().get()));
    }
    String jinja = vocabulary.chatTemplate();
    boolean unknown = jinja != null && !ChatTemplate.knows(jinja);
    return jinja != null && (rendered || unknown)
        ? new ChatPrompts(vocabulary, JinjaPrompts.of(vocabulary))
        : new ChatPrompts(vocabulary, ChatTemplate.of(vocabulary));
  }

  /// Source of the Jinja template, if it is one.
  public Optional<String> jinja() {
    return jinja;
  }

  /// The template of ours, where there is no other.
  public ChatTemplate own() {
    return own;
  }

  public Vocabulary vocabulary() {
    return vocabulary;
  }

  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /// Tokens of a whole conversation, up to where the answer begins.
  ///
  /// @throws UserException if the template refuses it
  public int[] encode(List<Message> messages) {
    return JinjaPrompts.encode(tokenizer, format.prompt(messages));
  }

  /// A prompt in tokens.
  ///
  /// @param opening what of its end belongs to the answer, such as `<think>`
  public record Prompt(int[] tokens, String opening) {}

  /// Tokens of a conversation as programs give it, up to where the answer begins, or goes on.
  ///
  /// @throws UserException if the template refuses it
  public Prompt encode(Conversation conversation) {
    ChatFormat.Rendered rendered = format.prompt(conversation);
    if (!conversation.begun().isEmpty()) {
      rendered.text().said(new Message(Role.ASSISTANT, conversation.begun()));
    }
    return new Prompt(JinjaPrompts.encode(tokenizer, rendered.text()), rendered.opening());
  }

  /// The text of the same.
  ///
  /// @throws UserException if the template refuses it
  public String text(Conversation conversation) {
    return format.prompt(conversation).text() + conversation.begun();
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
    return format.opening();
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
