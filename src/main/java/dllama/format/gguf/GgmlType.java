package dllama.format.gguf;

import java.util.Arrays;
import java.util.Optional;

/// How the values of a tensor in a GGUF file are encoded: ggml's number, the values of a block and
/// its bytes. Says nothing about how a product with them is computed.
public enum GgmlType {
  F32(0, 1, 4, true),
  F16(1, 1, 2, true),
  Q4_0(2, 32, 18, true),
  Q4_1(3, 32, 20, true),
  Q5_0(6, 32, 22, true),
  Q5_1(7, 32, 24, true),
  Q8_0(8, 32, 34, true),
  Q8_1(9, 32, 40, false),
  Q2_K(10, 256, 84, true),
  Q3_K(11, 256, 110, true),
  Q4_K(12, 256, 144, true),
  Q5_K(13, 256, 176, true),
  Q6_K(14, 256, 210, true),
  Q8_K(15, 256, 292, false),
  IQ2_XXS(16, 256, 66, false),
  IQ2_XS(17, 256, 74, false),
  IQ3_XXS(18, 256, 98, false),
  IQ1_S(19, 256, 50, false),
  IQ4_NL(20, 32, 18, true),
  IQ3_S(21, 256, 110, false),
  IQ2_S(22, 256, 82, false),
  IQ4_XS(23, 256, 136, true),
  I8(24, 1, 1, false),
  I16(25, 1, 2, false),
  I32(26, 1, 4, false),
  I64(27, 1, 8, false),
  F64(28, 1, 8, false),
  IQ1_M(29, 256, 56, false),
  BF16(30, 1, 2, true),
  TQ1_0(34, 256, 54, false),
  TQ2_0(35, 256, 66, false),
  MXFP4(39, 32, 17, true),
  NVFP4(40, 64, 36, false),
  Q1_0(41, 128, 18, false),
  Q2_0(42, 64, 18, false);

  private final int id;
  private final int blockSize;
  private final int blockBytes;
  private final boolean supported;

  GgmlType(int id, int blockSize, int blockBytes, boolean supported) {
    this.id = id;
    this.blockSize = blockSize;
    this.blockBytes = blockBytes;
    this.supported = supported;
  }

  /// The type with this number; numbers of removed types have none.
  public static Optional<GgmlType> of(int id) {
    return Arrays.stream(values()).filter(type -> type.id == id).findFirst();
  }

  /// Its number in files.
  public int id() {
    return id;
  }

  /// Values of a block; a row is a whole number of blocks.
  public int blockSize() {
    return blockSize;
  }

  /// Bytes of a block.
  public int blockBytes() {
    return blockBytes;
  }

  /// Whether a model may have weights of this type.
  public boolean supported() {
    return supported;
  }
}
