package dllama.generation;

/// What happens during a generation, in order: prefill, tokens, and exactly one ending.
public sealed interface GenerationEvent {
  /// A batch of the prompt was read: `done` of `total` tokens.
  record Prefill(int done, int total) implements GenerationEvent {}

  /// A token was chosen.
  ///
  /// @param text what can be shown now, often empty: incomplete characters and what may be the
  ///     beginning of a stop string are held back
  record Token(int id, String text) implements GenerationEvent {}

  /// The answer is complete.
  record Finished(Reason reason, Usage usage) implements GenerationEvent {}

  /// The answer could not be completed.
  ///
  /// @param why one line for the user
  record Failed(String why) implements GenerationEvent {}

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
