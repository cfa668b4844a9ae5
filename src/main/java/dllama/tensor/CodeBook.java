package dllama.tensor;

/// What nibbles stand for where that is no line.
final class CodeBook {
  /// Denser around 0.
  static final CodeBook IQ4 =
      new CodeBook(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

  /// Twice the floats of a sign, two bits of exponent and one of fraction.
  static final CodeBook MXFP4 =
      new CodeBook(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);

  private final byte[] codes;
  private final float deviation;

  private CodeBook(int... codes) {
    this.codes = new byte[codes.length];
    double squares = 0;
    for (int i = 0; i < codes.length; i++) {
      this.codes[i] = (byte) codes[i];
      squares += (double) codes[i] * codes[i];
    }
    deviation = (float) Math.sqrt(squares / codes.length);
  }

  /// @param nibble the low four bits count
  byte code(int nibble) {
    return codes[nibble & 15];
  }

  /// Root mean square of the codes.
  float deviation() {
    return deviation;
  }
}
