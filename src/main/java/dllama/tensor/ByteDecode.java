package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.ORDER;
import static dllama.tensor.Vectors.SHORTS;
import static dllama.tensor.Vectors.broadcast;
import static dllama.tensor.Vectors.shorts;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// Groups of 32 rows of [Codes] of eight bits times one token, as in [ByteTiles].
final class ByteDecode extends BlockDecode {
  private static final int LINES = TilePlanes.EIGHT.bytes();

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
    long tiles = at + type.tileAt(cols, from);
    boolean products = type.scales() == TileScales.PRODUCT;
    for (int part = 0; part < Tiles.ROWS; part += PART) {
      for (int g = 0; g < groups; g += STEP) {
        quad(
            tiles + part * 2L,
            groupBytes,
            g,
            groups - 1,
            type.tileStep(cols),
            blocks,
            x.codes(InputForm.CODES),
            x.codeAt(token) + from * Activations.BLOCK_STRIDE,
            x.scales(),
            x.scaleAt(token) + from * Activations.BUNDLE,
            s.runs.address(),
            s.shared.address() + g * Scratch.SHARED_BYTES + part * 2L,
            sharedStep(cols),
            products,
            s.results.address() + g * NEXT + part * 2L,
            8);
      }
    }
  }

  /// Four vectors of rows, which share the broadcasts.
  ///
  /// @param at address of the first group's rows
  /// @param g the group to begin with, of those up to `last`
  /// @param room for the sums of a block, `[4, 2, L]`
  /// @param shared what tiles share of the first block, as floats, and bytes to that of the next
  /// @param products whether scales are [TileScales#PRODUCT] or [TileScales#HALF]
  /// @param eight 8, which the compiler must not know: a constant takes a register for each shift
  private static void quad(
      long at,
      long groupBytes,
      int g,
      int last,
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
    // What is missing of a last pass is read twice; nobody reads its results.
    long at0 = (at + g * groupBytes) & ADDRESSES;
    long at1 = (WHOLE ? at + Math.min(g + 1, last) * groupBytes : at0 + V) & ADDRESSES;
    long at2 = (at + Math.min(g + STEP / 2, last) * groupBytes) & ADDRESSES;
    long at3 = (WHOLE ? at + Math.min(g + 3, last) * groupBytes : at2 + V) & ADDRESSES;
    IntVector lower = IntVector.broadcast(INTS, 0xffff);
    IntVector half = IntVector.broadcast(INTS, 0x8fffe000); // see Vectors.tinyHighHalf
    FloatVector rebias = FloatVector.broadcast(FLOATS, Vectors.REBIAS);
    long sums = room & ADDRESSES;
    for (int block = 0; block < blocks; block++) {
      ShortVector a = ShortVector.zero(SHORTS);
      ShortVector b = a;
      ShortVector c = a;
      ShortVector d = a;
      ShortVector topA = a;
      ShortVector topB = a;
      ShortVector topC = a;
      ShortVector topD = a;
      for (int line = 0; line < LINES; line += Tiles.LINE) {
        ShortVector code0 = broadcast(codes[codeAt + line / 32]);
        ShortVector code1 = broadcast(codes[codeAt + line / 32 + 1]);
        ShortVector v = shorts(at0, line);
        ShortVector even = v.lanewise(LSHL, eight).lanewise(ASHR, eight);
        ShortVector both = even.mul(code0).add(v.lanewise(ASHR, eight).mul(code1));
        a = both.add(a);
        topA = both.lanewise(ASHR, eight).add(topA);
        v = shorts(at1, line);
        even = v.lanewise(LSHL, eight).lanewise(ASHR, eight);
        both = even.mul(code0).add(v.lanewise(ASHR, eight).mul(code1));
        b = both.add(b);
        topB = both.lanewise(ASHR, eight).add(topB);
        v = shorts(at2, line);
        even = v.lanewise(LSHL, eight).lanewise(ASHR, eight);
        both = even.mul(code0).add(v.lanewise(ASHR, eight).mul(code1));
        c = both.add(c);
        topC = both.lanewise(ASHR, eight).add(topC);
        v = shorts(at3, line);
        even = v.lanewise(LSHL, eight).lanewise(ASHR, eight);
        both = even.mul(code0).add(v.lanewise(ASHR, eight).mul(code1));
        d = both.add(d);
        topD = both.lanewise(ASHR, eight).add(topD);
      }
      a.sub(topA.lanewise(LSHL, eight)).intoMemorySegment(ALL, sums, ORDER);
      topA.intoMemorySegment(ALL, sums + V, ORDER);
      b.sub(topB.lanewise(LSHL, eight)).intoMemorySegment(ALL, sums + 2 * V, ORDER);
      topB.intoMemorySegment(ALL, sums + 3 * V, ORDER);
      c.sub(topC.lanewise(LSHL, eight)).intoMemorySegment(ALL, sums + 4 * V, ORDER);
      topC.intoMemorySegment(ALL, sums + 5 * V, ORDER);
      d.sub(topD.lanewise(LSHL, eight)).intoMemorySegment(ALL, sums + 6 * V, ORDER);
      topD.intoMemorySegment(ALL, sums + 7 * V, ORDER);
      FloatVector xScale = FloatVector.broadcast(FLOATS, scales[scaleAt]);
      for (int v = 0; v < 4; v++) {
        long tile = v < 2 ? v == 0 ? at0 : at1 : v == 2 ? at2 : at3;
        long to = (results + (v >> 1) * PAIR + (v & 1) * SECOND) & ADDRESSES;
        IntVector rest = IntVector.fromMemorySegment(INTS, ALL, sums + 2L * v * V, ORDER);
        IntVector top = IntVector.fromMemorySegment(INTS, ALL, sums + (2L * v + 1) * V, ORDER);
        IntVector own = IntVector.fromMemorySegment(INTS, ALL, (tile + LINES) & ADDRESSES, ORDER);
        IntVector sum = top.lanewise(LSHL, 16).lanewise(ASHR, 8).add(rest.and(lower));
        FloatVector value = (FloatVector) sum.convertShape(I2F, FLOATS, 0);
        sum = top.lanewise(ASHR, 16).lanewise(LSHL, 8).add(rest.lanewise(LSHR, 16));
        FloatVector value2 = (FloatVector) sum.convertShape(I2F, FLOATS, 0);
        FloatVector low = FloatVector.fromMemorySegment(FLOATS, ALL, to, ORDER);
        FloatVector high = FloatVector.fromMemorySegment(FLOATS, ALL, to + HIGH, ORDER);
        // As in NibbleDecode, no vector comes out of either branch.
        if (products) {
          long halves = (shared + (v >> 1) * SHARED_PAIR + (v & 1) * SHARED_SECOND) & ADDRESSES;
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
      at0 += tileStep;
      at1 += tileStep;
      at2 += tileStep;
      at3 += tileStep;
      shared += sharedStep;
      codeAt += Activations.BLOCK_STRIDE;
      scaleAt += Activations.BUNDLE;
    }
  }
}
