package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.ORDER;
import static dllama.tensor.Vectors.broadcast;
import static dllama.tensor.Vectors.shorts;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// Groups of 32 rows of weights with nibbles as in Q4_0, and shifts, times one token: as
/// [Q4_0Decode], with more to scale.
final class NibbleDecode extends BlockDecode implements VectorProduct {
  private static final int GROUPS = 4;

  private static final int LINES = TilePlanes.FOUR.bytes();

  private final boolean products;

  NibbleDecode(Codes type) {
    super(type);
    products = type.scales() == TileScales.PRODUCT_AND_SHIFT;
  }

  @Override
  public String name() {
    return GROUPS + " groups a pass";
  }

  @Override
  public int groups() {
    return GROUPS;
  }

  @Override
  public void pass(
      long at, long groupBytes, int groups, Activations x, int token, int count, Scratch scratch) {
    decode(at, groupBytes, groups, x, token, scratch);
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
      Scratch scratch) {
    int cols = x.cols();
    long tiles = at + type.tileAt(cols, from);
    for (int part = 0; part < Tiles.ROWS; part += PART) {
      for (int g = 0; g < groups; g += STEP) {
        quad(
            tiles + part * 2L,
            groupBytes,
            g,
            groups - 1,
            type.tileStep(cols),
            blocks,
            x.codes(InputForm.CARRIED_CODES),
            x.codeAt(token) + from * Activations.BLOCK_STRIDE,
            x.offsets(),
            x.scaleAt(token) + from * Activations.BUNDLE,
            x.scales(),
            x.shiftFactors(),
            scratch.sums.address(),
            scratch.shared.address() + g * Scratch.SHARED_BYTES + part * 2L,
            sharedStep(cols),
            products,
            scratch.results.address() + g * NEXT + part * 2L,
            4);
      }
    }
  }

  /// Four vectors of rows, which share the broadcasts. They are scaled one after the other, from
  /// memory: four times the same would be more than the compiler takes.
  ///
  /// @param at address of the first group's rows
  /// @param g the group to begin with, of those up to `last`
  /// @param room for the sums of a block, `[4, L]`
  /// @param shared what tiles share of the first block, as floats, and bytes to that of the next
  /// @param products whether scales are [TileScales#PRODUCT_AND_SHIFT] or
  ///     [TileScales#HALF_AND_SHIFT]
  /// @param nibble 4, which the compiler must not know: a constant takes a register for each shift
  private static void quad(
      long at,
      long groupBytes,
      int g,
      int last,
      int tileStep,
      int blocks,
      int[] codes,
      int codeAt,
      int[] offsets,
      int scaleAt,
      float[] scales,
      float[] sumsOfCodes,
      long room,
      long shared,
      long sharedStep,
      boolean products,
      long results,
      int nibble) {
    // What is missing of a last pass is read twice; nobody reads its results.
    long at0 = (at + g * groupBytes) & ADDRESSES;
    long at1 = (WHOLE ? at + Math.min(g + 1, last) * groupBytes : at0 + V) & ADDRESSES;
    long at2 = (at + Math.min(g + STEP / 2, last) * groupBytes) & ADDRESSES;
    long at3 = (WHOLE ? at + Math.min(g + 3, last) * groupBytes : at2 + V) & ADDRESSES;
    IntVector bytes = IntVector.broadcast(INTS, 0xff);
    FloatVector eight = FloatVector.broadcast(FLOATS, 8);
    IntVector half = IntVector.broadcast(INTS, 0x8fffe000); // see Vectors.tinyHighHalf
    FloatVector rebias = FloatVector.broadcast(FLOATS, Vectors.REBIAS);
    for (int block = 0; block < blocks; block++) {
      ShortVector offset = IntVector.broadcast(INTS, offsets[scaleAt]).reinterpretAsShorts();
      ShortVector a = offset;
      ShortVector b = offset;
      ShortVector c = offset;
      ShortVector d = offset;
      for (int line = 0; line < LINES; line += Tiles.LINE) {
        ShortVector p = shorts(at0, line);
        ShortVector q = shorts(at1, line);
        ShortVector r = shorts(at2, line);
        ShortVector s = shorts(at3, line);
        int at4 = codeAt + line / 16;
        ShortVector code0 = broadcast(codes[at4]);
        ShortVector code1 = broadcast(codes[at4 + 1]);
        ShortVector code2 = broadcast(codes[at4 + 2]);
        ShortVector code3 = broadcast(codes[at4 + 3]);
        a = p.mul(code0).add(a);
        b = q.mul(code0).add(b);
        c = r.mul(code0).add(c);
        d = s.mul(code0).add(d);
        p = p.lanewise(LSHR, nibble);
        q = q.lanewise(LSHR, nibble);
        r = r.lanewise(LSHR, nibble);
        s = s.lanewise(LSHR, nibble);
        a = p.mul(code1).add(a);
        b = q.mul(code1).add(b);
        c = r.mul(code1).add(c);
        d = s.mul(code1).add(d);
        p = p.lanewise(LSHR, nibble);
        q = q.lanewise(LSHR, nibble);
        r = r.lanewise(LSHR, nibble);
        s = s.lanewise(LSHR, nibble);
        a = p.mul(code2).add(a);
        b = q.mul(code2).add(b);
        c = r.mul(code2).add(c);
        d = s.mul(code2).add(d);
        p = p.lanewise(LSHR, nibble);
        q = q.lanewise(LSHR, nibble);
        r = r.lanewise(LSHR, nibble);
        s = s.lanewise(LSHR, nibble);
        a = p.mul(code3).add(a);
        b = q.mul(code3).add(b);
        c = r.mul(code3).add(c);
        d = s.mul(code3).add(d);
      }
      long sums = room & ADDRESSES;
      a.intoMemorySegment(ALL, sums, ORDER);
      b.intoMemorySegment(ALL, sums + V, ORDER);
      c.intoMemorySegment(ALL, sums + 2 * V, ORDER);
      d.intoMemorySegment(ALL, sums + 3 * V, ORDER);
      FloatVector xScale = FloatVector.broadcast(FLOATS, scales[scaleAt]);
      FloatVector xSum = FloatVector.broadcast(FLOATS, sumsOfCodes[scaleAt]);
      for (int v = 0; v < 4; v++) {
        long tile = v < 2 ? v == 0 ? at0 : at1 : v == 2 ? at2 : at3;
        long own = (tile + LINES) & ADDRESSES;
        long halves = (shared + (v >> 1) * SHARED_PAIR + (v & 1) * SHARED_SECOND) & ADDRESSES;
        long to = (results + (v >> 1) * PAIR + (v & 1) * SECOND) & ADDRESSES;
        IntVector sum = IntVector.fromMemorySegment(INTS, ALL, sums + v * V, ORDER);
        IntVector factor = IntVector.fromMemorySegment(INTS, ALL, own, ORDER);
        FloatVector low = FloatVector.fromMemorySegment(FLOATS, ALL, to, ORDER);
        FloatVector high = FloatVector.fromMemorySegment(FLOATS, ALL, to + HIGH, ORDER);
        FloatVector value =
            (FloatVector) sum.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
        FloatVector value2 = (FloatVector) sum.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
        // No vector may come out of either branch, or both kinds in one process have it boxed.
        if (products) {
          FloatVector scale =
              FloatVector.fromMemorySegment(FLOATS, ALL, halves, ORDER)
                  .mul((FloatVector) factor.and(bytes).convertShape(I2F, FLOATS, 0));
          IntVector next = factor.lanewise(LSHR, 8).and(bytes);
          FloatVector shift =
              FloatVector.fromMemorySegment(FLOATS, ALL, halves + NEXT, ORDER)
                  .mul((FloatVector) next.convertShape(I2F, FLOATS, 0));
          scale
              .fma(eight, shift)
              .fma(xSum, value.fma(scale.mul(xScale), low))
              .intoMemorySegment(ALL, to, ORDER);
          next = factor.lanewise(LSHR, 16).and(bytes);
          scale =
              FloatVector.fromMemorySegment(FLOATS, ALL, halves + HIGH, ORDER)
                  .mul((FloatVector) next.convertShape(I2F, FLOATS, 0));
          shift =
              FloatVector.fromMemorySegment(FLOATS, ALL, halves + (NEXT + HIGH), ORDER)
                  .mul((FloatVector) factor.lanewise(LSHR, 24).convertShape(I2F, FLOATS, 0));
          scale
              .fma(eight, shift)
              .fma(xSum, value2.fma(scale.mul(xScale), high))
              .intoMemorySegment(ALL, to + HIGH, ORDER);
        } else {
          IntVector second = IntVector.fromMemorySegment(INTS, ALL, own + Tiles.LINE, ORDER);
          IntVector moved = factor.lanewise(LSHL, 16).lanewise(ASHR, 3).and(half);
          FloatVector scale = moved.reinterpretAsFloats().mul(rebias);
          moved = second.lanewise(LSHL, 16).lanewise(ASHR, 3).and(half);
          FloatVector shift = moved.reinterpretAsFloats().mul(rebias);
          scale
              .fma(eight, shift)
              .fma(xSum, value.fma(scale.mul(xScale), low))
              .intoMemorySegment(ALL, to, ORDER);
          scale = factor.lanewise(ASHR, 3).and(half).reinterpretAsFloats().mul(rebias);
          shift = second.lanewise(ASHR, 3).and(half).reinterpretAsFloats().mul(rebias);
          scale
              .fma(eight, shift)
              .fma(xSum, value2.fma(scale.mul(xScale), high))
              .intoMemorySegment(ALL, to + HIGH, ORDER);
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
