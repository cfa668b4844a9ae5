package dllama.tensor;

/// Element types of weights and of exchanged partials, in blocks of 32 values.
///
/// Q40: float16 scale, then 16 bytes; low nibble = value j, high nibble = value j + 16; value =
/// (nibble − 8) · scale. Q80: float16 scale, then 32 signed bytes; value = byte · scale.
public enum DType {
  F32(128),
  F16(64),
  Q40(18),
  Q80(34);

  /// Values per block, in every type.
  public static final int BLOCK = 32;

  private final int blockBytes;

  DType(int blockBytes) {
    this.blockBytes = blockBytes;
  }

  /// Bytes of one block of [#BLOCK] values.
  public int blockBytes() {
    return blockBytes;
  }

  /// Whether values share a scale per block, so that a row must be a whole number of blocks.
  public boolean quantized() {
    return this == Q40 || this == Q80;
  }

  /// Bytes of `elements` values.
  ///
  /// @throws IllegalArgumentException if a quantized type does not divide into blocks
  public long byteSize(long elements) {
    if (quantized() && elements % BLOCK != 0) {
      throw new IllegalArgumentException("elements=" + elements + " is not a multiple of " + BLOCK);
    }
    return quantized() ? elements / BLOCK * blockBytes : elements * (blockBytes / BLOCK);
  }
}
