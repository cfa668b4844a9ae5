package dllama.tensor;

import java.lang.foreign.MemorySegment;

/// How the codes of a tile of 32 × 32 stand in lines of 32 shorts, rows in lanes ([Tiles]): cut
/// into planes of four, two and one bits, which fill their lines whatever the sum of their widths.
///
/// A short of a plane holds *pairs* of neighbouring columns, one column in its low byte, the other
/// one at the same place of its high byte. So a mask and a shift for both give the bits of pair p,
/// columns 2p and 2p + 1:
///
/// ```
/// nibbles, 8 lines:  line[p / 2] >>> 4 · (p % 2) & 0x0f0f
/// twos,    4 lines:  line[p / 4] >>> 2 · (p % 4) & 0x0303
/// ones,    2 lines:  line[p / 8] >>> 1 · (p % 8) & 0x0101
/// ```
enum TilePlanes {
  /// Two bits.
  TWO(4),

  /// Twos, then ones, the highest bit.
  THREE(6),

  /// Four bits as in Q4_0: line k has columns 4k (lowest nibble) … 4k + 3.
  FOUR(8),

  /// Nibbles, then ones, the highest bit.
  FIVE(10),

  /// Nibbles, then twos, the highest bits.
  SIX(12),

  /// Signed bytes, a pair in each short, as in Q8_0.
  EIGHT(16);

  private static final int PAIRS = Tiles.COLS / 2;

  private final int lines;

  TilePlanes(int lines) {
    this.lines = lines;
  }

  /// Of all planes of a tile.
  int bytes() {
    return lines * Tiles.LINE;
  }

  /// Packs 32 codes of a row, none of them negative but for [#EIGHT].
  ///
  /// @param codes a byte each, from `at` on
  /// @param to byte of the row's lane in the first line
  void pack(byte[] codes, int at, byte[] tiles, int to) {
    switch (this) {
      case TWO -> twos(codes, at, 0, tiles, to);
      case THREE -> {
        twos(codes, at, 0, tiles, to);
        ones(codes, at, 2, tiles, to + 4 * Tiles.LINE);
      }
      case FOUR -> {
        for (int c = 0; c < Tiles.COLS; c += 4, at += 4, to += Tiles.LINE) {
          int low = codes[at] | codes[at + 1] << 4;
          Packer.putShort(tiles, to, low | codes[at + 2] << 8 | codes[at + 3] << 12);
        }
      }
      case FIVE -> {
        nibbles(codes, at, tiles, to);
        ones(codes, at, 4, tiles, to + 8 * Tiles.LINE);
      }
      case SIX -> {
        nibbles(codes, at, tiles, to);
        twos(codes, at, 4, tiles, to + 8 * Tiles.LINE);
      }
      case EIGHT -> {
        for (int p = 0; p < PAIRS; p++) {
          Packer.putShort(tiles, to + p * Tiles.LINE, Packer.getShort(codes, at + 2 * p));
        }
      }
    }
  }

  private static void nibbles(byte[] codes, int at, byte[] tiles, int to) {
    for (int p = 0; p < PAIRS; p += 2, at += 4, to += Tiles.LINE) {
      int four = Packer.getInt(codes, at) & 0x0f0f0f0f;
      Packer.putShort(tiles, to, four | four >>> 12);
    }
  }

  private static void twos(byte[] codes, int at, int shift, byte[] tiles, int to) {
    for (int p = 0; p < PAIRS; p += 4, at += 8, to += Tiles.LINE) {
      long eight = Packer.getLong(codes, at) >>> shift & 0x0303030303030303L;
      Packer.putShort(tiles, to, (int) (eight | eight >>> 14 | eight >>> 28 | eight >>> 42));
    }
  }

  private static void ones(byte[] codes, int at, int shift, byte[] tiles, int to) {
    for (int p = 0; p < PAIRS; p += 8, at += 16, to += Tiles.LINE) {
      int line = 0;
      for (int i = 0; i < 8; i++) {
        line |= (Packer.getShort(codes, at + 2 * i) >>> shift & 0x0101) << i;
      }
      Packer.putShort(tiles, to, line);
    }
  }

  /// The code of a column.
  ///
  /// @param lane byte of the row's lane in the first line
  int code(MemorySegment tiles, long lane, int column) {
    int pair = column / 2;
    int side = column % 2 * 8;
    return switch (this) {
      case TWO -> two(tiles, lane, pair, side);
      case THREE ->
          two(tiles, lane, pair, side) | one(tiles, lane + 4 * Tiles.LINE, pair, side) << 2;
      case FOUR -> line(tiles, lane, column / 4) >>> (4 * (column % 4)) & 15;
      case FIVE ->
          four(tiles, lane, pair, side) | one(tiles, lane + 8 * Tiles.LINE, pair, side) << 4;
      case SIX ->
          four(tiles, lane, pair, side) | two(tiles, lane + 8 * Tiles.LINE, pair, side) << 4;
      case EIGHT -> (byte) (line(tiles, lane, pair) >>> side);
    };
  }

  private static int four(MemorySegment tiles, long lane, int pair, int side) {
    return line(tiles, lane, pair / 2) >>> (side + 4 * (pair % 2)) & 15;
  }

  private static int two(MemorySegment tiles, long lane, int pair, int side) {
    return line(tiles, lane, pair / 4) >>> (side + 2 * (pair % 4)) & 3;
  }

  private static int one(MemorySegment tiles, long lane, int pair, int side) {
    return line(tiles, lane, pair / 8) >>> (side + pair % 8) & 1;
  }

  private static int line(MemorySegment tiles, long lane, int k) {
    return Short.toUnsignedInt(Tiles.getShort(tiles, lane + (long) k * Tiles.LINE));
  }
}
