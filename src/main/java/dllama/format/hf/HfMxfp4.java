package dllama.format.hf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dllama.tensor.DType;
import dllama.tensor.RowOrder;
import java.lang.foreign.MemorySegment;

/// Rows of [DType#MXFP4] as gpt-oss has them: 16 bytes of each block in one tensor, its exponent in
/// another. A byte holds two neighbours, the first one in its lower half; ours hold a value and the
/// one 16 behind it.
///
/// @param scales exponents of the same rows
/// @param first row of the file that is the first one of the model
/// @param step rows of the file from one of the model to the next
record HfMxfp4(MemorySegment scales, long first, int step) implements RowOrder {
  /// How the names of the two tensors end.
  static final String BLOCKS = "_blocks";

  static final String SCALES = "_scales";

  /// Bytes of a block without its exponent.
  private static final int BYTES = 16;

  private static final long WHOLE = DType.MXFP4.blockBytes();

  @Override
  public long stored(long row) {
    return first + row * step;
  }

  @Override
  public boolean hasWholeRows() {
    return false;
  }

  @Override
  public boolean fits(long dataBytes, long rows, long rowBytes) {
    long blocks = rowBytes / WHOLE;
    long all = scales.byteSize() / blocks;
    return stored(rows - 1) < all && dataBytes == all * blocks * BYTES;
  }

  @Override
  public void copy(
      MemorySegment data,
      long row,
      long rowBytes,
      long from,
      long bytes,
      MemorySegment to,
      long at) {
    long block = stored(row) * (rowBytes / WHOLE) + from / WHOLE;
    byte[] pairs = new byte[BYTES];
    for (long end = at + bytes; at < end; at += WHOLE, block++) {
      to.set(JAVA_BYTE, at, scales.get(JAVA_BYTE, block));
      MemorySegment.copy(data, JAVA_BYTE, block * BYTES, pairs, 0, BYTES);
      for (int value = 0; value < BYTES; value++) {
        int both = nibble(pairs, value) | nibble(pairs, value + BYTES) << 4;
        to.set(JAVA_BYTE, at + 1 + value, (byte) both);
      }
    }
  }

  private static int nibble(byte[] pairs, int value) {
    int shift = 4 * (value % 2);
    return (pairs[value / 2] >> shift) & 15;
  }

  @Override
  public void unload(MemorySegment data, long fromRow, long toRow, long rowBytes) {
    if (data.isMapped() && fromRow < toRow) {
      long blocks = rowBytes / WHOLE;
      long from = stored(fromRow) * blocks;
      long count = (stored(toRow - 1) + 1) * blocks - from;
      data.asSlice(from * BYTES, count * BYTES).unload();
      scales.asSlice(from, count).unload();
    }
  }
}
