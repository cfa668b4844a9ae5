package dllama.tensor;

/// What inputs of products look like in [Activations], as the type of the weights needs it.
enum InputForm {
  /// As they are.
  FLOATS,

  /// Rounded to Q8_0.
  CODES,

  /// Rounded to Q8_0, for weights of four bits of which four stand in a short: a code carries what
  /// the nibbles below its own would add; see [Activations].
  CARRIED_CODES,

  /// The same for weights of six bits of which two stand in a short.
  PAIRED_CODES,

  /// The same for weights of five bits of which three and a bit of a fourth one stand in a short;
  /// made of [#CODES], which come with them.
  TRIPLE_CODES,

  /// Rounded to Q8_0, codes as whole floats, for weights that become such.
  FLOAT_CODES;

  boolean rounds() {
    return this != FLOATS;
  }
}
