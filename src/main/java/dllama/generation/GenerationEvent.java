package dllama.generation;

import dllama.logits.TokenLogprobs;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What happens during a generation, in order: prefill, tokens, and exactly one ending; anywhere
/// before that, interruptions.
public sealed interface GenerationEvent {
  /// Some of the prompt was read: `done` of `total` tokens that were not cached at first. The last
  /// one comes once; before it, reading may begin anew.
  record Prefill(int done, int total) implements GenerationEvent {}

  /// A token was chosen.
  ///
  /// @param text what can be shown now, often empty: incomplete characters and what may be the
  ///     beginning of a stop string are held back
  /// @param logprobs null where the request does not ask for them
  record Token(int id, String text, @Nullable TokenLogprobs logprobs) implements GenerationEvent {
    public Token(int id, String text) {
      this(id, text, null);
    }
  }

  /// The nodes that compute were lost, and others are waited for; then it goes on.
  ///
  /// @param why one line for the user
  record Interrupted(String why) implements GenerationEvent {}

  /// The answer is complete.
  ///
  /// @param stop the stop string that ended it, if one did
  record Finished(Reason reason, Usage usage, Optional<String> stop) implements GenerationEvent {}

  /// The answer could not be completed.
  ///
  /// @param cause a [dllama.step.ForwardException] where the nodes that compute were lost; a
  ///     [dllama.error.UserException] where the model gave what is no number
  record Failed(RuntimeException cause) implements GenerationEvent {
    /// One line for the user.
    public String why() {
      return String.valueOf(cause.getMessage());
    }
  }

  /// Why an answer ended.
  enum Reason {
    /// A stop token or a stop string.
    STOP,
    /// As many tokens as were asked for.
    LENGTH,
    /// No room for another token in the context.
    CONTEXT,
    /// The sink wanted no more.
    CANCELLED
  }
}
