package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.ORDER;
import static dllama.tensor.Vectors.SHORTS;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.ShortVector;

/// Makes the planes of tiles ([TilePlanes]) shorts, `[blocks, 32 columns, 32 rows]`, outside the
/// heap: eight columns at a time, which stand in four shorts once the plane of the low bits is
/// shifted below that of the high ones. The last shift takes away what is below that.
final class CodePlanes {
  private static final long LINE = Tiles.LINE;

  /// Bytes of eight columns of shorts.
  private static final long EIGHT = 8 * LINE;

  /// Bytes of a tile of shorts.
  static final long TILE = Tiles.COLS * LINE;

  private CodePlanes() {}

  static void fill(TilePlanes planes, long at, long tileBytes, int blocks, long tiles) {
    for (int part = 0; part < Tiles.ROWS; part += L) {
      long lane = at + 2L * part;
      long to = tiles + 2L * part;
      for (int block = 0; block < blocks; block++, lane += tileBytes, to += TILE) {
        switch (planes) {
          case TWO -> two(lane, to);
          case THREE -> three(lane, to);
          case FOUR -> four(lane, to);
          case FIVE -> five(lane, to);
          case SIX -> six(lane, to);
          case EIGHT -> eight(lane, to);
        }
      }
    }
  }

  private static void two(long at, long to) {
    for (int octet = 0; octet < 4; octet++, to += EIGHT) {
      ShortVector twos = line(at, octet);
      put(twos, to, 14);
      put(twos.lanewise(LSHL, 2), to + 2 * LINE, 14);
      put(twos.lanewise(LSHL, 4), to + 4 * LINE, 14);
      put(twos.lanewise(LSHL, 6), to + 6 * LINE, 14);
    }
  }

  private static void three(long at, long to) {
    ShortVector high = Vectors.broadcast(0xc0c0c0c0);
    ShortVector low = Vectors.broadcast(0x3f3f3f3f);
    for (int octet = 0; octet < 4; octet++, to += EIGHT) {
      ShortVector twos = line(at, octet);
      ShortVector ones = line(at, 4 + octet / 2).lanewise(LSHR, 4L * (octet & 1));
      for (int pair = 0; pair < 4; pair++) {
        ShortVector top = twos.lanewise(LSHL, 2L * pair).and(high);
        put(top.or(ones.lanewise(LSHL, 5 - pair).and(low)), to + pair * (2 * LINE), 13);
      }
    }
  }

  private static void five(long at, long to) {
    ShortVector signs = Vectors.broadcast(0x42104210);
    ShortVector top = Vectors.broadcast(0x80008000);
    for (int run = 0; run < 10; run += 5, to += 16 * LINE) {
      for (int k = 0; k < 5; k++) {
        ShortVector codes = line(at, run + k).lanewise(XOR, signs);
        long three = to + k * (3 * LINE);
        putOne(codes.lanewise(LSHL, 11), three, 11);
        putOne(codes.lanewise(LSHL, 6), three + LINE, 11);
        putOne(codes.lanewise(LSHL, 1), three + 2 * LINE, 11);
      }
      ShortVector last = line(at, run).and(top).lanewise(LSHR, 4);
      last = last.or(line(at, run + 1).and(top).lanewise(LSHR, 3));
      last = last.or(line(at, run + 2).and(top).lanewise(LSHR, 2));
      last = last.or(line(at, run + 3).and(top).lanewise(LSHR, 1));
      last = last.or(line(at, run + 4).lanewise(XOR, top).and(top));
      putOne(last, to + 15 * LINE, 11);
    }
  }

  private static void four(long at, long to) {
    ShortVector signs = Vectors.broadcast(0x88888888);
    for (int k = 0; k < 8; k++, to += EIGHT / 2) {
      ShortVector codes = line(at, k).lanewise(XOR, signs);
      putOne(codes.lanewise(LSHL, 12), to, 12);
      putOne(codes.lanewise(LSHL, 8), to + LINE, 12);
      putOne(codes.lanewise(LSHL, 4), to + 2 * LINE, 12);
      putOne(codes, to + 3 * LINE, 12);
    }
  }

  private static void six(long at, long to) {
    ShortVector signs = Vectors.broadcast(0x82008200);
    ShortVector topSigns = Vectors.broadcast(0x820a820a);
    ShortVector nibble = Vectors.broadcast(0x3c003c00);
    ShortVector top = Vectors.broadcast(0xc000c000);
    for (int octet = 0; octet < 4; octet++, to += EIGHT) {
      ShortVector p = line(at, 3 * octet).lanewise(XOR, signs);
      ShortVector q = line(at, 3 * octet + 1).lanewise(XOR, signs);
      ShortVector r = line(at, 3 * octet + 2).lanewise(XOR, topSigns);
      putOne(p.lanewise(LSHL, 6), to, 10);
      putOne(p, to + LINE, 10);
      putOne(q.lanewise(LSHL, 6), to + 2 * LINE, 10);
      putOne(q, to + 3 * LINE, 10);
      putOne(r.lanewise(LSHL, 6), to + 4 * LINE, 10);
      putOne(r, to + 5 * LINE, 10);
      p = p.lanewise(LSHL, 10).and(nibble).or(r.lanewise(LSHL, 14));
      putOne(p, to + 6 * LINE, 10);
      q = q.lanewise(LSHL, 10).and(nibble).or(r.lanewise(LSHL, 12).and(top));
      putOne(q, to + 7 * LINE, 10);
    }
  }

  private static void eight(long at, long to) {
    for (int pair = 0; pair < Tiles.COLS / 2; pair++, to += 2 * LINE) {
      put(line(at, pair), to, 8);
    }
  }

  private static ShortVector line(long at, int k) {
    return ShortVector.fromMemorySegment(SHORTS, ALL, (at + k * LINE) & ADDRESSES, ORDER);
  }

  /// Two columns, whose codes are at the top of their bytes.
  ///
  /// @param shift that leaves a code of the upper one
  private static void put(ShortVector pair, long to, int shift) {
    pair.lanewise(LSHL, 8).lanewise(ASHR, shift).intoMemorySegment(ALL, to & ADDRESSES, ORDER);
    pair.lanewise(ASHR, shift).intoMemorySegment(ALL, (to + LINE) & ADDRESSES, ORDER);
  }

  /// A column, whose codes are at the top of their shorts.
  private static void putOne(ShortVector codes, long to, int shift) {
    codes.lanewise(ASHR, shift).intoMemorySegment(ALL, to & ADDRESSES, ORDER);
  }
}
