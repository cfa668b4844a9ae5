package dllama.generation;

/// Guesses how a text goes on. A wrong guess costs time and nothing else.
public interface Drafter {
  /// Another text, with what there is of it.
  void begin(int[] tokens);

  /// The text goes on with this token.
  void follow(int token);

  /// The next tokens, at most `max`; none where there is no guess.
  int[] draft(int max);
}
