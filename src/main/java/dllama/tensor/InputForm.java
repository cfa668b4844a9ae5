package dllama.tensor;

import java.util.Arrays;

/// What inputs of products look like in [Activations], as the type of the weights needs it.
enum InputForm {
  /// As they are.
  FLOATS(0),

  /// Rounded to Q8_0.
  CODES(0),

  /// Rounded to Q8_0, for weights of four bits of which four stand in a short: a code carries what
  /// the nibbles below its own would add; see [Activations].
  CARRIED_CODES(16);

  /// What is taken off a code for each unit of the one before it, by column.
  final int[] carries = new int[Tiles.COLS];

  InputForm(int carried) {
    Arrays.setAll(carries, column -> column % 4 == 0 ? 0 : carried);
  }

  boolean rounds() {
    return this != FLOATS;
  }
}
