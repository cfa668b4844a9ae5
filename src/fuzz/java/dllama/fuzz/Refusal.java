package dllama.fuzz;

/// How bad input is to be refused: by one line that is not too long.
final class Refusal {
  private static final int LONGEST = 1000;

  private Refusal() {}

  static void check(Exception refusal) {
    String message = String.valueOf(refusal.getMessage());
    if (message.isBlank() || message.length() > LONGEST || message.lines().count() != 1) {
      throw new AssertionError("a refusal is one line: " + message, refusal);
    }
  }
}
