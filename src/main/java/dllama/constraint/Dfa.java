package dllama.constraint;

import org.jspecify.annotations.Nullable;

/// A finite automaton over bytes as a table. State 0 is where it starts.
final class Dfa extends Terminal {
  /// Which column a byte has.
  private final byte[] columns;

  private final int width;

  /// By state and column; −1: not taken.
  private final int[] table;

  private final boolean[] accepting;
  private final boolean[] continuing;

  /// @param columns by byte, as an unsigned number below `width`
  /// @param table of states from each of which an accepting one can be reached
  Dfa(byte[] columns, int width, int[] table, boolean[] accepting) {
    this.columns = columns;
    this.width = width;
    this.table = table;
    this.accepting = accepting;
    continuing = new boolean[accepting.length];
    for (int i = 0; i < table.length; i++) {
      continuing[i / width] |= table[i] >= 0;
    }
  }

  int states() {
    return accepting.length;
  }

  /// Numbers that it keeps.
  int cells() {
    return table.length;
  }

  @Override
  long start() {
    return 0;
  }

  @Override
  long next(long state, byte value) {
    return table[(int) state * width + (columns[value & 0xFF] & 0xFF)];
  }

  @Override
  boolean accepts(long state) {
    return accepting[(int) state];
  }

  @Override
  boolean continues(long state) {
    return continuing[(int) state];
  }

  private record Likeness(Dfa of, long state) {}

  @Override
  @Nullable Object likeness(long state, int longest) {
    return new Likeness(this, state);
  }
}
