package dllama.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// Rearranges matrices of a file into the layout of [PackedMatrix].
public final class Packer {
  private Packer() {}

  /// Packs rows `fromRow` ≤ r < `toRow` and columns `fromCol` ≤ c < `toCol` of `source` into
  /// [PackedMatrix#groups] groups from byte `toByte` of `to` on.
  ///
  /// Rows may be packed 32 at a time: each call then makes one group, and groups follow each other
  /// at [PackedMatrix#groupBytes]. Every byte of the groups is written, padding too.
  ///
  /// @throws IllegalArgumentException if the columns of a quantized type are not whole blocks
  /// @throws IndexOutOfBoundsException if the slice is not inside `source` or its groups not in
  // `to`
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
    int tileBytes = DType.BLOCK * dtype.blockBytes();
    long rowBytes = dtype.byteSize(source.cols());
    var tile = MemorySegment.ofArray(new byte[tileBytes]);
    long at = toByte;
    for (long row = fromRow; row < toRow; row += Tiles.ROWS) {
      int rows = (int) Math.min(Tiles.ROWS, toRow - row);
      for (long col = fromCol; col < toCol; col += DType.BLOCK, at += tileBytes) {
        long from = row * rowBytes + dtype.byteSize(col);
        int width = (int) Math.min(DType.BLOCK, toCol - col);
        if (rows < Tiles.ROWS || width < DType.BLOCK) {
          tile.fill((byte) 0);
        }
        packTile(dtype, source.data(), from, rowBytes, rows, width, tile);
        MemorySegment.copy(tile, 0, to, at, tileBytes);
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

  private static void packTile(
      DType dtype,
      MemorySegment from,
      long at,
      long rowBytes,
      int rows,
      int width,
      MemorySegment tile) {
    for (int row = 0; row < rows; row++, at += rowBytes) {
      switch (dtype) {
        case F32 -> packF32(from, at, row, width, tile);
        case F16 -> packF16(from, at, row, width, tile);
        case Q40 -> packQ40(from, at, row, tile);
        case Q80 -> packQ80(from, at, row, tile);
      }
    }
  }

  private static void packF32(MemorySegment from, long at, int row, int width, MemorySegment tile) {
    for (int col = 0; col < width; col++) {
      Tiles.putFloat(tile, col * Tiles.F32_LINE + row * 4L, Tiles.getFloat(from, at + col * 4L));
    }
  }

  private static void packF16(MemorySegment from, long at, int row, int width, MemorySegment tile) {
    for (int col = 0; col < width; col++) {
      putLine(tile, col, row, Tiles.getShort(from, at + col * 2L));
    }
  }

  /// Columns 0 … 15 are the low nibbles of the block's 16 bytes, columns 16 … 31 the high ones.
  private static void packQ40(MemorySegment from, long at, int row, MemorySegment tile) {
    for (int k = 0; k < 4; k++) {
      int bytes = Tiles.getInt(from, at + 2 + 4L * k);
      putLine(tile, k, row, lowNibbles(bytes));
      putLine(tile, k + 4, row, lowNibbles(bytes >>> 4));
    }
    putLine(tile, 8, row, Tiles.getShort(from, at));
  }

  private static void packQ80(MemorySegment from, long at, int row, MemorySegment tile) {
    for (int k = 0; k < 16; k++) {
      putLine(tile, k, row, Tiles.getShort(from, at + 2 + 2L * k));
    }
    putLine(tile, 16, row, Tiles.getShort(from, at));
  }

  private static short lowNibbles(int bytes) {
    int pairs = bytes & 0x0f0f0f0f;
    pairs = (pairs | pairs >>> 4) & 0x00ff00ff;
    return (short) (pairs | pairs >>> 8);
  }

  private static void putLine(MemorySegment tile, int line, int row, short value) {
    Tiles.putShort(tile, (long) line * Tiles.LINE + Tiles.lane(row) * 2L, value);
  }
}
