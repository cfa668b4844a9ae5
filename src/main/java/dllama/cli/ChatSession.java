package dllama.cli;

import dllama.generation.Conversation;
import dllama.generation.GenerationRequest;
import dllama.generation.Generator;
import dllama.generation.Speculation;
import dllama.sampling.Sampler;
import dllama.step.ForwardPass;
import dllama.tokenizer.ChatTemplate;
import dllama.tokenizer.ChatTemplate.Message;
import dllama.tokenizer.ChatTemplate.Role;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A conversation with the model: what was said is in the cache, each question adds to it. Not
/// thread-safe.
final class ChatSession {
  private final ForwardPass forwardPass;
  private final Vocabulary vocabulary;
  private final Tokenizer tokenizer;
  private final ChatTemplate template;
  private final Sampler sampler;
  private final Generator generator;
  private final Conversation conversation = new Conversation();
  private Optional<String> system;

  ChatSession(
      ForwardPass forwardPass,
      Vocabulary vocabulary,
      ChatTemplate template,
      Sampler sampler,
      Speculation speculation,
      Optional<String> system) {
    this.forwardPass = forwardPass;
    this.vocabulary = vocabulary;
    this.template = template;
    this.sampler = sampler;
    this.system = system;
    tokenizer = new Tokenizer(vocabulary);
    generator = new Generator(forwardPass, vocabulary, speculation);
  }

  Optional<String> system() {
    return system;
  }

  /// Begins anew with another system prompt.
  void setSystem(Optional<String> text) {
    system = text;
    reset();
  }

  /// Forgets what was said.
  void reset() {
    conversation.reset();
  }

  /// Tokens said so far; the last one of a full context has no place in it any more.
  int position() {
    return Math.min(conversation.position(), contextLength());
  }

  int contextLength() {
    return forwardPass.contextLength();
  }

  /// What every answer begins with, as the template says.
  String opening() {
    return template.visibleOpening();
  }

  /// Answers; false, without an event, if the question does not fit into what is left of the
  /// context.
  boolean answer(String question, Generator.Sink sink) {
    int[] prompt = prompt(question);
    int room = contextLength() - position();
    if (prompt.length > room) {
      return false;
    }
    generator.run(
        new GenerationRequest(prompt, room, sampler, Set.copyOf(vocabulary.eosIds()), endTexts()),
        conversation,
        sink);
    return true;
  }

  private int[] prompt(String question) {
    boolean first = position() == 0;
    List<Message> messages = new ArrayList<>();
    if (first) {
      system.ifPresent(text -> messages.add(new Message(Role.SYSTEM, text)));
    }
    messages.add(new Message(Role.USER, question));
    String eos = endTexts().isEmpty() ? "" : endTexts().getFirst();
    return tokenizer.encode(template.prompt(messages, eos), first, true);
  }

  /// Some models spell an end token out in place of giving it.
  private List<String> endTexts() {
    return vocabulary.eosIds().stream()
        .map(vocabulary::text)
        .filter(text -> !text.isEmpty())
        .toList();
  }
}
