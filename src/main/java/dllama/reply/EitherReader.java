package dllama.reply;

import org.jspecify.annotations.Nullable;

/// Reads calls that come in one of two forms, which the first character tells.
final class EitherReader implements CallReader {
  private final char first;
  private final CallReader with;
  private final CallReader without;
  private @Nullable CallReader chosen;

  /// @param with reads calls that begin with this character
  /// @param without reads all others
  EitherReader(char first, CallReader with, CallReader without) {
    this.first = first;
    this.with = with;
    this.without = without;
  }

  @Override
  public Progress read(Window text, Calls calls) {
    if (chosen == null) {
      text.skipBlanks();
      if (text.left() == 0) {
        return Progress.MORE;
      }
      chosen = text.peek() == first ? with : without;
    }
    return chosen.read(text, calls);
  }
}
