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
  /// Tiles that are made at once; those of 32 rows are 9 KiB of Q4_0.
  private static final int RUN = 16;

  /// Rows r and r + 16 share an int ([Tiles]).
  static final int PAIRS = Tiles.ROWS / 2;

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
  /// @throws IllegalArgumentException if the columns can not be cut there
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
    if (fromCol % dtype.columnUnit() != 0 || toCol % dtype.columnUnit() != 0) {
      throw new IllegalArgumentException(
          "fromCol=%d toCol=%d are not whole blocks of %s".formatted(fromCol, toCol, dtype));
    }
    byte[] lines =
        new byte[Tiles.ROWS * stride(dtype, 0, RUN * Tiles.COLS + dtype.blockSize() - 1)];
    int cols = Math.toIntExact(toCol - fromCol);
    if (fromCol % dtype.blockSize() != 0
        && cols % dtype.blockSize() == 0
        && dtype.sharedBytes() > 0) {
      throw new IllegalArgumentException("fromCol=%d cols=%d".formatted(fromCol, cols));
    }
    byte[] tiles = new byte[RUN * (dtype.tileBytes() + dtype.sharedBytes())];
    long at = toByte;
    for (long row = fromRow; row < toRow; row += Tiles.ROWS) {
      int rows = (int) Math.min(Tiles.ROWS, toRow - row);
      for (long col = fromCol; col < toCol; col += RUN * Tiles.COLS) {
        int width = (int) Math.min(RUN * Tiles.COLS, toCol - col);
        int length = packRun(source, row, rows, col, width, cols, lines, tiles);
        MemorySegment.copy(tiles, 0, to, ValueLayout.JAVA_BYTE, at, length);
        at += length;
      }
    }
  }

  /// Makes tiles of `rows` rows and `width` of the columns; returns their bytes.
  private static int packRun(
      Matrix source,
      long row,
      int rows,
      long col,
      int width,
      int cols,
      byte[] lines,
      byte[] tiles) {
    DType dtype = source.dtype();
    int count = Math.ceilDiv(width, Tiles.COLS);
    int stride = stride(dtype, col, count * Tiles.COLS);
    int bytes = stride(dtype, col, width);
    if (rows < Tiles.ROWS || bytes < stride) {
      Arrays.fill(lines, (byte) 0);
    }
    long firstBlock = col / dtype.blockSize();
    MemorySegment into = MemorySegment.ofArray(lines);
    for (int r = 0; r < rows; r++) {
      long from = firstBlock * dtype.blockBytes();
      source.copy(row + r, from, bytes, into, (long) r * stride);
    }
    for (int tile = 0; tile < count; tile++) {
      long first = col + (long) tile * Tiles.COLS;
      int block = (int) (first / dtype.blockSize() - firstBlock);
      int part = (int) (first % dtype.blockSize()) / Tiles.COLS;
      int at = block * dtype.blockBytes();
      int shared = (int) dtype.sharedAt(cols, tile);
      int to = (int) dtype.tileAt(cols, tile);
      if (to == shared + dtype.sharedBytes()) {
        dtype.packShared(lines, at, stride, tiles, shared);
      }
      dtype.packTile(lines, at, stride, part, tiles, to);
    }
    return (int) dtype.sharedAt(cols, count);
  }

  /// Bytes of the blocks that `width` columns from `col` on are in.
  private static int stride(DType dtype, long col, int width) {
    int size = dtype.blockSize();
    return (int) (Math.ceilDiv(col + width, size) - col / size) * dtype.blockBytes();
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

  static short getShort(byte[] from, int at) {
    return (short) SHORT.get(from, at);
  }

  static void putShort(byte[] to, int at, int value) {
    SHORT.set(to, at, (short) value);
  }

  static int getInt(byte[] from, int at) {
    return (int) INT.get(from, at);
  }

  static void putInt(byte[] to, int at, int value) {
    INT.set(to, at, value);
  }

  static long getLong(byte[] from, int at) {
    return (long) LONG.get(from, at);
  }

  /// `count` shorts of each row, each to a line of its own.
  static void packShorts(byte[] lines, int at, int stride, int count, byte[] tiles, int to) {
    for (int row = 0; row < PAIRS; row++, at += stride, to += Integer.BYTES) {
      for (int k = 0; k < count; k++) {
        int first = getShort(lines, at + 2 * k) & 0xffff;
        int second = getShort(lines, at + PAIRS * stride + 2 * k);
        INT.set(tiles, to + k * Tiles.LINE, first | second << 16);
      }
    }
  }
}
