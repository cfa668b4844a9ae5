package dllama.tensor;

import java.lang.foreign.MemorySegment;

/// Keys and values of one kv head of one layer for positions 0 ≤ p < `capacity`.
///
/// Keys stand in tiles of 32 positions, `[capacity/32, headDim, 32]`, so that a vector lane is a
/// position; values row-major, `[capacity, headDim]`, so that a lane is a dimension. Whole lines of
/// 32 float16 stand in the order of [Tiles#lane].
///
/// Both are outside the heap: kernels read by address.
///
/// @param dtype F32 or F16
/// @param capacity positions, a multiple of 32
public record KvHead(
    MemorySegment keys, MemorySegment values, DType dtype, int headDim, int capacity) {
  public KvHead {
    long bytes = byteSize(dtype, headDim, capacity);
    if (dtype.quantized()
        || capacity % 32 != 0
        || keys.byteSize() != bytes
        || values.byteSize() != bytes
        || !keys.isNative()
        || !values.isNative()) {
      throw new IllegalArgumentException(
          "keys=%s values=%s for dtype=%s headDim=%d capacity=%d"
              .formatted(keys, values, dtype, headDim, capacity));
    }
  }

  /// Index of a value in [#values].
  long valueAt(int position, int d) {
    boolean line = dtype == DType.F16 && d < headDim / Tiles.ROWS * Tiles.ROWS;
    int at = line ? d / Tiles.ROWS * Tiles.ROWS + Tiles.lane(d % Tiles.ROWS) : d;
    return (long) position * headDim + at;
  }

  /// Bytes of the keys, and of the values.
  public static long byteSize(DType dtype, int headDim, int capacity) {
    return dtype.byteSize((long) headDim * capacity);
  }
}
