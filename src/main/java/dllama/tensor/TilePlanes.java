package dllama.tensor;

import java.lang.foreign.MemorySegment;

/// How the codes of a tile of 32 × 32, signed numbers of so many bits, stand in lines of 32 shorts,
/// rows in lanes ([Tiles]): cut into planes of four, two and one bits, which fill their lines
/// whatever the sum of their widths. The first plane has the highest bits.
///
/// A short of a plane holds *pairs* of neighbouring columns, one column in its low byte, the other
/// one at the same place of its high byte. So a mask and a shift for both give the bits of pair p,
/// columns 2p and 2p + 1:
///
/// ```
/// first plane of twos,    4 lines:  line[p / 4] << 2 · (p % 4) & 0xc0c0
/// ones behind others,     2 lines:  line[p / 8] >>> p % 8 & 0x0101
/// ```
enum TilePlanes {
  /// Two bits.
  TWO(2, 4),

  /// Twos, then ones.
  THREE(3, 6),

  /// Four bits as in Q4_0, with 8 added: line k has columns 4k (lowest nibble) … 4k + 3.
  FOUR(4, 8),

  /// Line 5r + k has, with 16 added, columns 16r + 3k (lowest five bits), 16r + 3k + 1 and 16r + 3k
  /// + 2, and on top of them bit k of column 16r + 15.
  FIVE(5, 10),

  /// Eight columns, c … c + 7, in three lines, with 32 added: two whole ones from bit 4 and bit 10
  /// on (c and c + 1, c + 2 and c + 3, c + 4 and c + 5); in the lowest bits of the first line the
  /// low nibble of c + 6, of the second that of c + 7, of the third what is above these nibbles.
  SIX(6, 12),

  /// Bytes, a pair in each short, as in Q8_0.
  EIGHT(8, 16);

  private static final int PAIRS = Tiles.COLS / 2;

  /// Columns of five lines of five bits.
  private static final int RUN = 16;

  private final int bits;
  private final int lines;

  TilePlanes(int bits, int lines) {
    this.bits = bits;
    this.lines = lines;
  }

  /// Of all planes of a tile.
  int bytes() {
    return lines * Tiles.LINE;
  }

  /// Packs 32 codes of a row.
  ///
  /// @param codes a byte each, from `at` on
  /// @param to byte of the row's lane in the first line
  void pack(byte[] codes, int at, byte[] tiles, int to) {
    switch (this) {
      case TWO -> twos(codes, at, 0, tiles, to);
      case THREE -> {
        twos(codes, at, 1, tiles, to);
        ones(codes, at, tiles, to + 4 * Tiles.LINE);
      }
      case FOUR -> {
        for (int c = 0; c < Tiles.COLS; c += 4, at += 4, to += Tiles.LINE) {
          int four = (Packer.getInt(codes, at) ^ 0x08080808) & 0x0f0f0f0f;
          four |= four >>> 4;
          Packer.putShort(tiles, to, (four & 0xff) | (four >>> 8 & 0xff00));
        }
      }
      case FIVE -> {
        for (int run = 0; run < Tiles.COLS; run += RUN, to += 5 * Tiles.LINE) {
          fives(codes, at + run, tiles, to);
        }
      }
      case SIX -> {
        for (int c = 0; c < Tiles.COLS; c += 8, at += 8, to += 3 * Tiles.LINE) {
          eight((Packer.getLong(codes, at) ^ 0x2020202020202020L) & 0x3f3f3f3f3f3f3f3fL, tiles, to);
        }
      }
      case EIGHT -> {
        for (int p = 0; p < PAIRS; p++) {
          Packer.putShort(tiles, to + p * Tiles.LINE, Packer.getShort(codes, at + 2 * p));
        }
      }
    }
  }

  /// 16 numbers of five bits.
  private static void fives(byte[] codes, int at, byte[] tiles, int to) {
    int last = five(codes[at + RUN - 1]);
    for (int k = 0; k < 5; k++, at += 3, to += Tiles.LINE) {
      int three = five(codes[at]) | five(codes[at + 1]) << 5 | five(codes[at + 2]) << 10;
      Packer.putShort(tiles, to, three | (last >> k & 1) << 15);
    }
  }

  private static int five(byte code) {
    return (code ^ 16) & 31;
  }

  private static void twos(byte[] codes, int at, int shift, byte[] tiles, int to) {
    for (int p = 0; p < PAIRS; p += 4, at += 8, to += Tiles.LINE) {
      long eight = Packer.getLong(codes, at) >>> shift & 0x0303030303030303L;
      long line = eight << 6 | eight >>> 12 | eight >>> 30 | eight >>> 48;
      Packer.putShort(tiles, to, (int) line);
    }
  }

  /// Eight numbers of six bits.
  private static void eight(long codes, byte[] tiles, int to) {
    int seventh = (int) (codes >>> 48) & 63;
    int eighth = (int) (codes >>> 56);
    int top = seventh >> 4 | eighth >> 4 << 2;
    Packer.putShort(tiles, to, pair(codes) | (seventh & 15));
    Packer.putShort(tiles, to + Tiles.LINE, pair(codes >>> 16) | (eighth & 15));
    Packer.putShort(tiles, to + 2 * Tiles.LINE, pair(codes >>> 32) | top);
  }

  private static int pair(long codes) {
    return ((int) codes & 63) << 4 | ((int) codes >> 8 & 63) << 10;
  }

  private static void ones(byte[] codes, int at, byte[] tiles, int to) {
    for (int p = 0; p < PAIRS; p += 8, at += 16, to += Tiles.LINE) {
      int line = 0;
      for (int i = 0; i < 8; i++) {
        line |= (Packer.getShort(codes, at + 2 * i) & 0x0101) << i;
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
    int code =
        switch (this) {
          case TWO -> two(tiles, lane, pair, side);
          case THREE ->
              two(tiles, lane, pair, side) << 1 | one(tiles, lane + 4 * Tiles.LINE, pair, side);
          case FOUR -> line(tiles, lane, column / 4) >>> (4 * (column % 4)) ^ 8;
          case FIVE -> five(tiles, lane + column / RUN * (5L * Tiles.LINE), column % RUN) ^ 16;
          case SIX -> six(tiles, lane + column / 8 * (3L * Tiles.LINE), column % 8) ^ 32;
          case EIGHT -> line(tiles, lane, pair) >>> side;
        };
    return code << (32 - bits) >> (32 - bits);
  }

  /// With 16 added.
  private static int five(MemorySegment tiles, long lane, int column) {
    if (column < RUN - 1) {
      return line(tiles, lane, column / 3) >>> (5 * (column % 3)) & 31;
    }
    int code = 0;
    for (int k = 0; k < 5; k++) {
      code |= line(tiles, lane, k) >>> 15 << k;
    }
    return code;
  }

  private static int two(MemorySegment tiles, long lane, int pair, int side) {
    return line(tiles, lane, pair / 4) >>> (side + 6 - 2 * (pair % 4)) & 3;
  }

  /// With 32 added.
  private static int six(MemorySegment tiles, long lane, int column) {
    if (column < 6) {
      return line(tiles, lane, column / 2) >>> (column % 2 == 0 ? 4 : 10) & 63;
    }
    int top = line(tiles, lane, 2) >>> (column == 6 ? 0 : 2) & 3;
    return (line(tiles, lane, column - 6) & 15) | top << 4;
  }

  private static int one(MemorySegment tiles, long lane, int pair, int side) {
    return line(tiles, lane, pair / 8) >>> (side + pair % 8) & 1;
  }

  private static int line(MemorySegment tiles, long lane, int k) {
    return Short.toUnsignedInt(Tiles.getShort(tiles, lane + (long) k * Tiles.LINE));
  }
}
