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

/// Groups of 32 rows of [Codes] of five bits times one token: a short is multiplied as a whole, and
/// shifted, as in [NibbleDecode], once for each of its three weights and for its bit of a fourth
/// one. The sum of 16 columns fits a short: 16 · 16 · 127 < 2^15.
final class FiveDecode extends BlockDecode {
  private static final int GROUPS = VectorProduct.MAX_GROUPS;

  /// Bytes of the scales of a group in [Scratch#floats], `[8, 32]`; behind them its shifts.
  private static final long SHIFTS = CHUNK * NEXT;

  private static final long SCALES = 2 * SHIFTS;
  static final long SCALES_BYTES = GROUPS * SCALES;

  /// Bytes from the scales of a vector to those of the second of a pair, and of the second pair.
  private static final long SCALES_SECOND = WHOLE ? SCALES : SECOND;

  private static final long SCALES_PAIR = (WHOLE ? 2 : 1) * SCALES;

  /// Bytes of the sums of a run.
  private static final long RUN_SUMS = 4 * V;

  private static final int LINES = TilePlanes.FIVE.bytes();
  private static final int RUN_LINES = LINES / 2;

  /// Whether scales are [TileScales#POWER] or [TileScales#PRODUCT_AND_SHIFT], which are made floats
  /// where they are used; others are made floats first.
  private final boolean powers;

  private final boolean products;

  FiveDecode(Codes type) {
    super(type);
    powers = type.scales() == TileScales.POWER;
    products = type.scales() == TileScales.PRODUCT_AND_SHIFT;
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
    long floats = s.floats.address();
    for (int g = 0; g < groups && !powers && !products; g++) {
      long shared = s.shared.address() + g * Scratch.SHARED_BYTES;
      long to = floats + g * SCALES;
      CodeScales.own(type, at + g * groupBytes, from, blocks, cols, shared, to, to + SHIFTS);
    }
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
            x.tripleCodes(),
            x.tripleAt(token) + from * Activations.TRIPLE_STRIDE,
            x.scales(),
            x.scaleAt(token) + from * Activations.BUNDLE,
            x.shiftFactors(),
            s.runs.address(),
            floats + g * SCALES + part * 2L,
            s.shared.address() + g * Scratch.SHARED_BYTES + part * 2L,
            sharedStep(cols),
            powers,
            products,
            type.scales().shifts(),
            s.results.address() + g * NEXT + part * 2L,
            5);
      }
    }
  }

  /// Four vectors of rows, which share the broadcasts.
  ///
  /// @param at address of the first group's rows
  /// @param g the group to begin with, of those up to `last`
  /// @param room for the sums of a block, `[2, 4, L]`
  /// @param weightScales address of the first vector's scales, where they are floats
  /// @param shared what tiles share of the first block, as floats, and bytes to that of the next
  /// @param five 5, which the compiler must not know: a constant takes a register for each shift
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
      float[] sumsOfCodes,
      long room,
      long weightScales,
      long shared,
      long sharedStep,
      boolean powers,
      boolean products,
      boolean shifts,
      long results,
      int five) {
    // What is missing of a last pass is read twice; nobody reads its results.
    long at0 = (at + g * groupBytes) & ADDRESSES;
    long at1 = (WHOLE ? at + Math.min(g + 1, last) * groupBytes : at0 + V) & ADDRESSES;
    long at2 = (at + Math.min(g + STEP / 2, last) * groupBytes) & ADDRESSES;
    long at3 = (WHOLE ? at + Math.min(g + 3, last) * groupBytes : at2 + V) & ADDRESSES;
    IntVector bytes = IntVector.broadcast(INTS, 0xff);
    FloatVector sixteen = FloatVector.broadcast(FLOATS, 16);
    IntVector upper = IntVector.broadcast(INTS, 0xffff0000);
    long sums = room & ADDRESSES;
    for (int block = 0; block < blocks; block++) {
      for (int run = 0; run < 2; run++) {
        ShortVector a = broadcast(codes[codeAt + run * Activations.TRIPLE_RUN]);
        ShortVector b = a;
        ShortVector c = a;
        ShortVector d = a;
        int code = codeAt + run * Activations.TRIPLE_RUN + 1;
        for (int line = run * RUN_LINES; line < (run + 1) * RUN_LINES; line += Tiles.LINE) {
          ShortVector p = shorts(at0, line);
          ShortVector q = shorts(at1, line);
          ShortVector r = shorts(at2, line);
          ShortVector s = shorts(at3, line);
          ShortVector code0 = broadcast(codes[code]);
          ShortVector code1 = broadcast(codes[code + 1]);
          ShortVector code2 = broadcast(codes[code + 2]);
          ShortVector code3 = broadcast(codes[code + 3]);
          a = p.mul(code0).add(a);
          b = q.mul(code0).add(b);
          c = r.mul(code0).add(c);
          d = s.mul(code0).add(d);
          p = p.lanewise(LSHR, five);
          q = q.lanewise(LSHR, five);
          r = r.lanewise(LSHR, five);
          s = s.lanewise(LSHR, five);
          a = p.mul(code1).add(a);
          b = q.mul(code1).add(b);
          c = r.mul(code1).add(c);
          d = s.mul(code1).add(d);
          p = p.lanewise(LSHR, five);
          q = q.lanewise(LSHR, five);
          r = r.lanewise(LSHR, five);
          s = s.lanewise(LSHR, five);
          a = p.mul(code2).add(a);
          b = q.mul(code2).add(b);
          c = r.mul(code2).add(c);
          d = s.mul(code2).add(d);
          p = p.lanewise(LSHR, five);
          q = q.lanewise(LSHR, five);
          r = r.lanewise(LSHR, five);
          s = s.lanewise(LSHR, five);
          a = p.mul(code3).add(a);
          b = q.mul(code3).add(b);
          c = r.mul(code3).add(c);
          d = s.mul(code3).add(d);
          code += 4;
        }
        long of = (sums + run * RUN_SUMS) & ADDRESSES;
        a.intoMemorySegment(ALL, of, ORDER);
        b.intoMemorySegment(ALL, of + V, ORDER);
        c.intoMemorySegment(ALL, of + 2 * V, ORDER);
        d.intoMemorySegment(ALL, of + 3 * V, ORDER);
      }
      FloatVector xScale = FloatVector.broadcast(FLOATS, scales[scaleAt]);
      FloatVector xSum = FloatVector.broadcast(FLOATS, sumsOfCodes[scaleAt]);
      for (int v = 0; v < 4; v++) {
        long tile = v < 2 ? v == 0 ? at0 : at1 : v == 2 ? at2 : at3;
        long own =
            (weightScales + (v >> 1) * SCALES_PAIR + (v & 1) * SCALES_SECOND + block * NEXT)
                & ADDRESSES;
        long to = (results + (v >> 1) * PAIR + (v & 1) * SECOND) & ADDRESSES;
        IntVector first = IntVector.fromMemorySegment(INTS, ALL, sums + v * V, ORDER);
        IntVector second = IntVector.fromMemorySegment(INTS, ALL, sums + v * V + RUN_SUMS, ORDER);
        FloatVector low = FloatVector.fromMemorySegment(FLOATS, ALL, to, ORDER);
        FloatVector high = FloatVector.fromMemorySegment(FLOATS, ALL, to + HIGH, ORDER);
        IntVector sum =
            first
                .lanewise(LSHL, 16)
                .lanewise(ASHR, 16)
                .add(second.lanewise(LSHL, 16).lanewise(ASHR, 16));
        FloatVector value = (FloatVector) sum.convertShape(I2F, FLOATS, 0);
        sum = first.lanewise(ASHR, 16).add(second.lanewise(ASHR, 16));
        FloatVector value2 = (FloatVector) sum.convertShape(I2F, FLOATS, 0);
        // No vector may come out of a branch, or several kinds in one process have it boxed.
        if (powers) {
          IntVector halves =
              IntVector.fromMemorySegment(INTS, ALL, (tile + LINES) & ADDRESSES, ORDER);
          FloatVector scale = halves.lanewise(LSHL, 16).reinterpretAsFloats();
          value.fma(scale.mul(xScale), low).intoMemorySegment(ALL, to, ORDER);
          scale = halves.and(upper).reinterpretAsFloats();
          value2.fma(scale.mul(xScale), high).intoMemorySegment(ALL, to + HIGH, ORDER);
        } else if (products) {
          long halves =
              (shared + (v >> 1) * SHARED_PAIR + (v & 1) * SHARED_SECOND + block * sharedStep)
                  & ADDRESSES;
          IntVector factor =
              IntVector.fromMemorySegment(INTS, ALL, (tile + LINES) & ADDRESSES, ORDER);
          FloatVector scale =
              FloatVector.fromMemorySegment(FLOATS, ALL, halves, ORDER)
                  .mul((FloatVector) factor.and(bytes).convertShape(I2F, FLOATS, 0));
          IntVector next = factor.lanewise(LSHR, 8).and(bytes);
          FloatVector shift =
              FloatVector.fromMemorySegment(FLOATS, ALL, halves + NEXT, ORDER)
                  .mul((FloatVector) next.convertShape(I2F, FLOATS, 0));
          scale
              .fma(sixteen, shift)
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
              .fma(sixteen, shift)
              .fma(xSum, value2.fma(scale.mul(xScale), high))
              .intoMemorySegment(ALL, to + HIGH, ORDER);
        } else {
          FloatVector scale = FloatVector.fromMemorySegment(FLOATS, ALL, own, ORDER);
          value.fma(scale.mul(xScale), low).intoMemorySegment(ALL, to, ORDER);
          scale = FloatVector.fromMemorySegment(FLOATS, ALL, own + HIGH, ORDER);
          value2.fma(scale.mul(xScale), high).intoMemorySegment(ALL, to + HIGH, ORDER);
        }
        if (shifts && !products) {
          low = FloatVector.fromMemorySegment(FLOATS, ALL, to, ORDER);
          FloatVector.fromMemorySegment(FLOATS, ALL, own + SHIFTS, ORDER)
              .fma(xSum, low)
              .intoMemorySegment(ALL, to, ORDER);
          high = FloatVector.fromMemorySegment(FLOATS, ALL, to + HIGH, ORDER);
          FloatVector.fromMemorySegment(FLOATS, ALL, own + (SHIFTS + HIGH), ORDER)
              .fma(xSum, high)
              .intoMemorySegment(ALL, to + HIGH, ORDER);
        }
      }
      at0 += tileStep;
      at1 += tileStep;
      at2 += tileStep;
      at3 += tileStep;
      codeAt += Activations.TRIPLE_STRIDE;
      scaleAt += Activations.BUNDLE;
    }
  }
}
