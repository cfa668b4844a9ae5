package dllama.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;

/// Rearranges matrices of a file into the layout of [PackedMatrix].
public final class Packer {
  /// Blocks of a row that are taken at once; from 32 rows they are 9 KiB of Q40.
  private static final int RUN = 16;

  /// Rows r and r + 16 share an int ([Tiles]).
  private static final int PAIRS = Tiles.ROWS / 2;

  /// Bytes of a block's scale, which comes before its values.
  private static final int SCALE = 2;

  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private Packer() {}

  /// Packs rows `fromRow` ≤ r < `toRow` and columns `fromCol` ≤ c < `toCol` of `source` into
  /// [PackedMatrix#groups] groups from byte `toByte` of `to` on.
  ///
  /// Rows may be packed 32 at a time: each call then makes one group, and groups follow each other
  /// at [PackedMatrix#groupBytes]. Every byte of the groups is written, padding too.
  ///
  /// @throws IllegalArgumentException if the columns of a quantized type are not whole blocks
  /// @throws IndexOutOfBoundsException if the slice is not inside `source` or its groups not in
  ///     `to`
  public static void pack(
      Matrix source,
      long fromRow,
      long toRow,
      long fromCol,
      long toCol,
      MemorySegment to,
      long toByte) {
    Objects.checkFromToIndex(fromRow, toRow, source.rows());
    Objects.checkFromToIndex(fromCol, toCol, source.cols());
    DType dtype = source.dtype();
    int cols = Math.toIntExact(toCol - fromCol);
    if (dtype.quantized() && (fromCol % DType.BLOCK != 0 || cols % DType.BLOCK != 0)) {
      throw new IllegalArgumentException(
          "fromCol=%d toCol=%d are not whole blocks of %s".formatted(fromCol, toCol, dtype));
    }
    long rowBytes = dtype.byteSize(source.cols());
    int tileBytes = DType.BLOCK * dtype.blockBytes();
    byte[] lines = new byte[Tiles.ROWS * RUN * dtype.blockBytes()];
    byte[] tiles = new byte[RUN * tileBytes];
    long at = toByte;
    for (long row = fromRow; row < toRow; row += Tiles.ROWS) {
      int rows = (int) Math.min(Tiles.ROWS, toRow - row);
      for (long col = fromCol; col < toCol; col += RUN * DType.BLOCK) {
        int width = (int) Math.min(RUN * DType.BLOCK, toCol - col);
        int blocks = Math.ceilDiv(width, DType.BLOCK);
        int stride = blocks * dtype.blockBytes();
        if (rows < Tiles.ROWS || width < blocks * DType.BLOCK) {
          Arrays.fill(lines, (byte) 0);
        }
        int bytes = (int) dtype.byteSize(width);
        for (int r = 0; r < rows; r++) {
          long from = (row + r) * rowBytes + dtype.byteSize(col);
          MemorySegment.copy(source.data(), ValueLayout.JAVA_BYTE, from, lines, r * stride, bytes);
        }
        for (int b = 0; b < blocks; b++) {
          packTile(dtype, lines, b * dtype.blockBytes(), stride, tiles, b * tileBytes);
        }
        int length = blocks * tileBytes;
        MemorySegment.copy(tiles, 0, to, ValueLayout.JAVA_BYTE, at, length);
        at += length;
      }
    }
  }

  /// Packs a whole matrix into memory of `arena`.
  public static PackedMatrix pack(Matrix source, Arena arena) {
    int rows = Math.toIntExact(source.rows());
    int cols = Math.toIntExact(source.cols());
    long bytes = PackedMatrix.byteSize(source.dtype(), rows, cols);
    MemorySegment to = WeightMemory.allocate(bytes, arena);
    pack(source, 0, rows, 0, cols, to, 0);
    return new PackedMatrix(to, source.dtype(), rows, cols);
  }

  /// @param at where the tile's block of the first row stands in `lines`
  /// @param stride from a row to the next
  private static void packTile(
      DType dtype, byte[] lines, int at, int stride, byte[] tiles, int to) {
    switch (dtype) {
      case F32 -> packF32(lines, at, stride, tiles, to);
      case F16 -> packShorts(lines, at, stride, 32, tiles, to);
      case Q40 -> packQ40(lines, at, stride, tiles, to);
      case Q80 -> {
        packShorts(lines, at + SCALE, stride, 16, tiles, to);
        packShorts(lines, at, stride, 1, tiles, to + Tiles.Q80_SCALES);
      }
    }
  }

  private static void packF32(byte[] lines, int at, int stride, byte[] tiles, int to) {
    for (int row = 0; row < Tiles.ROWS; row++) {
      for (int col = 0; col < DType.BLOCK; col++) {
        int value = (int) INT.get(lines, at + row * stride + col * 4);
        INT.set(tiles, to + col * (int) Tiles.F32_LINE + row * 4, value);
      }
    }
  }

  /// `count` shorts of each row, each to a line of its own.
  private static void packShorts(
      byte[] lines, int at, int stride, int count, byte[] tiles, int to) {
    for (int row = 0; row < PAIRS; row++, at += stride, to += Integer.BYTES) {
      for (int k = 0; k < count; k++) {
        int first = (short) SHORT.get(lines, at + 2 * k) & 0xffff;
        int second = (short) SHORT.get(lines, at + PAIRS * stride + 2 * k);
        INT.set(tiles, to + k * Tiles.LINE, first | second << 16);
      }
    }
  }

  /// Columns 0 … 15 are the low nibbles of the block's 16 bytes, columns 16 … 31 the high ones. Two
  /// lines and two rows at a time.
  private static void packQ40(byte[] lines, int at, int stride, byte[] tiles, int to) {
    packShorts(lines, at, stride, 1, tiles, to + Tiles.Q40_SCALES);
    for (int row = 0; row < PAIRS; row++, at += stride, to += Integer.BYTES) {
      for (int half = 0; half < 2; half++) {
        long first = (long) LONG.get(lines, at + SCALE + 8 * half);
        long second = (long) LONG.get(lines, at + PAIRS * stride + SCALE + 8 * half);
        int line = to + 2 * half * Tiles.LINE;
        putLines(tiles, line, lowNibbles(first) | lowNibbles(second) << 16);
        line += 4 * Tiles.LINE;
        putLines(tiles, line, lowNibbles(first >>> 4) | lowNibbles(second >>> 4) << 16);
      }
    }
  }

  /// The low nibbles of four bytes each in the low half of each int.
  private static long lowNibbles(long bytes) {
    long pairs = bytes & 0x0f0f0f0f0f0f0f0fL;
    pairs = (pairs | pairs >>> 4) & 0x00ff00ff00ff00ffL;
    return (pairs | pairs >>> 8) & 0x0000ffff0000ffffL;
  }

  private static void putLines(byte[] tiles, int at, long value) {
    INT.set(tiles, at, (int) value);
    INT.set(tiles, at + Tiles.LINE, (int) (value >>> 32));
  }
}
