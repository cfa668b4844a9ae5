package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Keys and values of one kv head of one layer, in the pages of a rank's pool.
///
/// A page is what [#PAGE] successive positions of a sequence need in every layer and head of the
/// rank; a head has the same place in each. Of a page, keys stand in tiles of 32 positions,
/// `[PAGE/32, headDim, 32]`, so that a vector lane is a position, and behind them values row-major,
/// `[PAGE, headDim]`, so that a lane is a dimension. Whole lines of 32 float16 stand in the order
/// of [Tiles#lane].
///
/// The pool is outside the heap: kernels read by address.
///
/// @param pool of whole pages
/// @param first byte of a page at which this head's keys begin
/// @param dtype F32 or F16
public record KvHead(MemorySegment pool, long first, long pageBytes, DType dtype, int headDim) {
  /// Positions of a page.
  public static final int PAGE = 256;

  public KvHead {
    if (dtype.quantized()
        || headDim < 1
        || pageBytes < 1
        || pool.byteSize() % pageBytes != 0
        || first < 0
        || first > pageBytes - byteSize(dtype, headDim)
        || !pool.isNative()) {
      throw new IllegalArgumentException(
          "pool=%s first=%d pageBytes=%d dtype=%s headDim=%d"
              .formatted(pool, first, pageBytes, dtype, headDim));
    }
  }

  /// Bytes of keys and values of one page.
  public static long byteSize(DType dtype, int headDim) {
    return 2 * halfSize(dtype, headDim);
  }

  private static long halfSize(DType dtype, int headDim) {
    return dtype.byteSize((long) headDim * PAGE);
  }

  /// Pages that hold `positions`.
  public static int pages(int positions) {
    return Math.ceilDiv(positions, PAGE);
  }

  /// Byte of the pool at which the keys of `page` begin.
  long keys(int page) {
    return page * pageBytes + first;
  }

  /// Byte of the pool at which the values of `page` begin.
  long values(int page) {
    return keys(page) + halfSize(dtype, headDim);
  }

  /// Index of a value, counted from the page's first.
  ///
  /// @param slot position within the page
  int valueAt(int slot, int d) {
    boolean line = dtype == DType.F16 && d < headDim / Tiles.ROWS * Tiles.ROWS;
    int at = line ? d / Tiles.ROWS * Tiles.ROWS + Tiles.lane(d % Tiles.ROWS) : d;
    return slot * headDim + at;
  }

  /// Checks that the pages of positions `from` ≤ p < `length` are there and all in the pool, so
  /// that it can be read by address.
  void check(int[] pages, int from, int length) {
    int used = pages(length);
    boolean valid = from >= 0 && from < length && used <= pages.length;
    long all = pool.byteSize() / pageBytes;
    for (int i = from / PAGE; valid && i < used; i++) {
      valid = pages[i] >= 0 && pages[i] < all;
    }
    if (!valid) {
      throw new IndexOutOfBoundsException(
          "from=%d length=%d pages=%s of %d".formatted(from, length, Arrays.toString(pages), all));
    }
  }
}
