package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Values as blocks of F32 or Q80, the form in which partials travel.
final class Blocks {
  private Blocks() {}

  static void encode(float[] x, int xAt, int size, DType dtype, MemorySegment to, long toByte) {
    switch (dtype) {
      case F32 -> MemorySegment.copy(x, xAt, to, Tiles.FLOAT, toByte, size);
      case Q80 -> encodeQ80(x, xAt, size, to, toByte);
      case F16, Q40 -> throw new IllegalArgumentException("dtype=" + dtype);
    }
  }

  private static void encodeQ80(float[] x, int xAt, int size, MemorySegment to, long at) {
    checkBlocks(size);
    for (int end = xAt + size; xAt < end; xAt += DType.BLOCK, at += DType.Q80.blockBytes()) {
      float max = Q80.max(x, xAt);
      float inverse = Q80.inverse(max);
      Tiles.putShort(to, at, Q80.scale(max));
      for (int i = 0; i < DType.BLOCK; i++) {
        to.set(ValueLayout.JAVA_BYTE, at + 2 + i, (byte) Q80.round(x[xAt + i] * inverse));
      }
    }
  }

  static void decode(
      MemorySegment from,
      long fromByte,
      DType dtype,
      int size,
      boolean accumulate,
      float[] sum,
      int sumAt) {
    switch (dtype) {
      case F32 -> {
        if (accumulate) {
          addF32(from, fromByte, size, sum, sumAt);
        } else {
          MemorySegment.copy(from, Tiles.FLOAT, fromByte, sum, sumAt, size);
        }
      }
      case Q80 -> decodeQ80(from, fromByte, size, accumulate, sum, sumAt);
      case F16, Q40 -> throw new IllegalArgumentException("dtype=" + dtype);
    }
  }

  private static void addF32(MemorySegment from, long at, int size, float[] sum, int sumAt) {
    for (int end = sumAt + size; sumAt < end; sumAt++, at += Float.BYTES) {
      sum[sumAt] += Tiles.getFloat(from, at);
    }
  }

  private static void decodeQ80(
      MemorySegment from, long at, int size, boolean accumulate, float[] sum, int sumAt) {
    checkBlocks(size);
    for (int end = sumAt + size; sumAt < end; at += DType.Q80.blockBytes()) {
      float scale = Float.float16ToFloat(Tiles.getShort(from, at));
      for (int i = 0; i < DType.BLOCK; i++, sumAt++) {
        float value = scale * from.get(ValueLayout.JAVA_BYTE, at + 2 + i);
        sum[sumAt] = accumulate ? sum[sumAt] + value : value;
      }
    }
  }

  static void checkBlocks(int size) {
    if (size % DType.BLOCK != 0) {
      throw new IllegalArgumentException("size=" + size + " is not whole blocks");
    }
  }
}
