package dllama.api.service;

import dllama.reply.Tool;
import dllama.session.Conversation;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// What one answer is asked for, in whichever dialect.
///
/// @param maxTokens the most tokens of the answer; empty: as many as the context has room for
/// @param stops texts that end the answer, which are no part of it
/// @param logprobs of how many of the most probable tokens log probabilities are told; −1: of none
/// @param keepsEnd whether an end token ends the answer
public record Ask(
    Prompt prompt,
    Sampling sampling,
    OptionalLong maxTokens,
    List<String> stops,
    Shape shape,
    Tools tools,
    int logprobs,
    boolean keepsEnd) {

  /// What the model reads.
  public sealed interface Prompt {
    /// A conversation, which the model's template writes.
    record Chat(Conversation conversation) implements Prompt {}

    /// A text that goes on; names of special tokens count in it.
    record Text(String text) implements Prompt {}

    /// Tokens that go on.
    record Tokens(List<Integer> ids) implements Prompt {}

    /// Pieces of text that stand side by side and go on.
    record Parts(List<Piece> pieces) implements Prompt {}
  }

  /// A piece of text.
  ///
  /// @param said whether names of special tokens are only text in it
  public record Piece(String text, boolean said) {}

  /// How tokens are drawn; empty: as the settings say.
  ///
  /// @param bias added to logits, by token
  public record Sampling(
      Optional<Double> temperature,
      Optional<Double> topp,
      Optional<Integer> topk,
      Optional<Double> minp,
      OptionalLong seed,
      Optional<Double> repeat,
      Optional<Double> presence,
      Optional<Double> frequency,
      Map<Integer, Float> bias) {
    /// As the settings say.
    public static final Sampling USUAL =
        new Sampling(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            OptionalLong.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Map.of());

    /// For another answer to the same prompt: it draws otherwise.
    Sampling next(int index) {
      return new Sampling(
          temperature,
          topp,
          topk,
          minp,
          seed.isPresent() ? OptionalLong.of(seed.getAsLong() + index) : seed,
          repeat,
          presence,
          frequency,
          bias);
    }
  }

  /// What the answer has to be.
  public sealed interface Shape {
    /// Any text.
    record Free() implements Shape {}

    /// Some JSON object.
    record JsonObject() implements Shape {}

    /// JSON that a schema describes.
    ///
    /// @param schema as JSON
    record JsonSchema(String schema) implements Shape {}
  }

  /// What the model may call.
  ///
  /// @param only the function that has to be called; empty: any
  public record Tools(List<Tool> list, Choice choice, Optional<String> only, boolean parallel) {
    /// None.
    public static final Tools NONE = new Tools(List.of(), Choice.NONE, Optional.empty(), true);
  }

  /// Whether functions are called.
  public enum Choice {
    /// Not.
    NONE,
    /// As the model likes.
    AUTO,
    /// At least one.
    REQUIRED
  }

  /// Another answer to the same prompt.
  ///
  /// @param index 0 for the first
  public Ask answer(int index) {
    return new Ask(
        prompt, sampling.next(index), maxTokens, stops, shape, tools, logprobs, keepsEnd);
  }

  /// How long a root that is not ready is waited for.
  static final Duration PATIENCE = Duration.ofSeconds(20);
}
