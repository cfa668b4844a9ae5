package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.ORDER;
import static dllama.tensor.Vectors.SHORTS;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// Groups of 32 rows of [Codes] of eight bits times one token, as in [ByteTiles], where a group is
/// two vectors or more. Groups are read side by side: a core does not get all that it could read
/// from one stream.
final class ByteDecode extends BlockDecode {
  private static final int ROWS = Tiles.ROWS;
  private static final int LINES = TilePlanes.EIGHT.bytes();

  /// Bytes of a vector.
  private static final long V = (long) Short.BYTES * L;

  ByteDecode(Codes type) {
    super(type);
  }

  @Override
  void chunk(
      long at,
      long groupBytes,
      int groups,
      int from,
      int blocks,
      Activations x,
      int token,
      Scratch s) {
    int cols = x.cols();
    boolean products = type.scales() == TileScales.PRODUCT;
    for (int part = 0; part < ROWS; part += 2 * L) {
      pairs(
          at + type.tileAt(cols, from) + 2L * part,
          groupBytes,
          groups,
          type.tileStep(cols),
          blocks,
          x.codes(InputForm.CODES),
          x.codeAt(token) + from * Activations.BLOCK_STRIDE,
          x.scales(),
          x.scaleAt(token) + from * Activations.BUNDLE,
          s.runs.address(),
          s.shared.address() + 2L * part,
          sharedStep(cols),
          products,
          s.results.address() + 2L * part,
          8);
    }
  }

  /// Two vectors of rows of each group, which share the broadcasts.
  ///
  /// @param room for the sums of a block, `[2, 2, L]`
  /// @param shared what tiles share of the first block, as floats, and bytes to that of the next
  /// @param products whether scales are [TileScales#PRODUCT] or [TileScales#HALF]
  /// @param eight 8, which C2 must not know: see [ByteTiles]
  private static void pairs(
      long at,
      long groupBytes,
      int groups,
      int tileStep,
      int blocks,
      int[] codes,
      int codeAt,
      float[] scales,
      int scaleAt,
      long room,
      long shared,
      long sharedStep,
      boolean products,
      long results,
      int eight) {
    IntVector lower = IntVector.broadcast(INTS, 0xffff);
    IntVector half = IntVector.broadcast(INTS, 0x8fffe000); // see Vectors.tinyHighHalf
    FloatVector rebias = FloatVector.broadcast(FLOATS, Vectors.REBIAS);
    long sums = room & ADDRESSES;
    for (int block = 0; block < blocks; block++) {
      for (int g = 0; g < groups; g++) {
        long from = (at + g * groupBytes) & ADDRESSES;
        ShortVector all0 = ShortVector.zero(SHORTS);
        ShortVector top0 = all0;
        ShortVector all1 = all0;
        ShortVector top1 = all0;
        for (int line = 0; line < LINES; line += Tiles.LINE) {
          int c = codeAt + line / 32;
          ShortVector code0 = IntVector.broadcast(INTS, codes[c]).reinterpretAsShorts();
          ShortVector code1 = IntVector.broadcast(INTS, codes[c + 1]).reinterpretAsShorts();
          ShortVector v = ShortVector.fromMemorySegment(SHORTS, ALL, from + line, ORDER);
          ShortVector even = v.lanewise(LSHL, eight).lanewise(ASHR, eight);
          ShortVector odd = v.lanewise(ASHR, eight);
          ShortVector both = even.mul(code0).add(odd.mul(code1));
          all0 = both.add(all0);
          top0 = both.lanewise(ASHR, eight).add(top0);
          v = ShortVector.fromMemorySegment(SHORTS, ALL, from + line + V, ORDER);
          even = v.lanewise(LSHL, eight).lanewise(ASHR, eight);
          odd = v.lanewise(ASHR, eight);
          both = even.mul(code0).add(odd.mul(code1));
          all1 = both.add(all1);
          top1 = both.lanewise(ASHR, eight).add(top1);
        }
        all0.sub(top0.lanewise(LSHL, eight)).intoMemorySegment(ALL, sums, ORDER);
        top0.intoMemorySegment(ALL, sums + V, ORDER);
        all1.sub(top1.lanewise(LSHL, eight)).intoMemorySegment(ALL, sums + 2 * V, ORDER);
        top1.intoMemorySegment(ALL, sums + 3 * V, ORDER);
        FloatVector xScale = FloatVector.broadcast(FLOATS, scales[scaleAt]);
        for (int v = 0; v < 2; v++) {
          long to = (results + g * NEXT + v * V) & ADDRESSES;
          IntVector rest = IntVector.fromMemorySegment(INTS, ALL, sums + 2L * v * V, ORDER);
          IntVector top = IntVector.fromMemorySegment(INTS, ALL, sums + (2L * v + 1) * V, ORDER);
          IntVector own = IntVector.fromMemorySegment(INTS, ALL, from + LINES + v * V, ORDER);
          IntVector sum = top.lanewise(LSHL, 16).lanewise(ASHR, 8).add(rest.and(lower));
          FloatVector value = (FloatVector) sum.convertShape(I2F, FLOATS, 0);
          sum = top.lanewise(ASHR, 16).lanewise(LSHL, 8).add(rest.lanewise(LSHR, 16));
          FloatVector value2 = (FloatVector) sum.convertShape(I2F, FLOATS, 0);
          FloatVector low = FloatVector.fromMemorySegment(FLOATS, ALL, to, ORDER);
          FloatVector high = FloatVector.fromMemorySegment(FLOATS, ALL, to + HIGH, ORDER);
          // As in NibbleDecode, no vector comes out of either branch.
          if (products) {
            long halves = (shared + g * Scratch.SHARED_BYTES + v * V) & ADDRESSES;
            IntVector factor = own.lanewise(LSHL, 24).lanewise(ASHR, 24);
            FloatVector scale =
                FloatVector.fromMemorySegment(FLOATS, ALL, halves, ORDER)
                    .mul((FloatVector) factor.convertShape(I2F, FLOATS, 0));
            value.fma(scale.mul(xScale), low).intoMemorySegment(ALL, to, ORDER);
            factor = own.lanewise(LSHL, 8).lanewise(ASHR, 24);
            scale =
                FloatVector.fromMemorySegment(FLOATS, ALL, halves + HIGH, ORDER)
                    .mul((FloatVector) factor.convertShape(I2F, FLOATS, 0));
            value2.fma(scale.mul(xScale), high).intoMemorySegment(ALL, to + HIGH, ORDER);
          } else {
            IntVector moved = own.lanewise(LSHL, 16).lanewise(ASHR, 3).and(half);
            FloatVector scale = moved.reinterpretAsFloats().mul(rebias);
            value.fma(scale.mul(xScale), low).intoMemorySegment(ALL, to, ORDER);
            scale = own.lanewise(ASHR, 3).and(half).reinterpretAsFloats().mul(rebias);
            value2.fma(scale.mul(xScale), high).intoMemorySegment(ALL, to + HIGH, ORDER);
          }
        }
      }
      at += tileStep;
      codeAt += Activations.BLOCK_STRIDE;
      scaleAt += Activations.BUNDLE;
      shared += sharedStep;
    }
  }
}
