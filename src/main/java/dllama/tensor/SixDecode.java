package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.ORDER;
import static dllama.tensor.Vectors.broadcast;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// Groups of 32 rows of [Codes] of six bits times one token: runs as in [SixTiles], each in all
/// groups of a pass before the next one.
final class SixDecode extends BlockDecode {
  private static final int RUN = SixSums.RUN;
  private static final int RUNS = SixSums.RUNS;
  private static final int RUN_LINES = SixSums.RUN_LINES;
  private static final int LINES = TilePlanes.SIX.bytes();

  /// Vectors of a group that are read side by side, as a power of two.
  private static final int VECTORS_LOG = WHOLE ? 0 : 1;

  private static final int VECTORS = 1 << VECTORS_LOG;

  /// Bytes of the sums of a vector of rows, `[RUNS, L]`, and of those of a pass.
  private static final long SUMS = RUNS * V;

  static final long SUMS_BYTES = SUMS * VECTORS * VectorProduct.MAX_GROUPS;

  SixDecode(Codes type) {
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
    int scaleAt = x.scaleAt(token) + from * Activations.BUNDLE;
    int codeAt = x.codeAt(token) + from * Activations.BLOCK_STRIDE;
    for (int part = 0; part < Tiles.ROWS; part += PART) {
      vectors(
          at + type.tileAt(cols, from) + 2L * part,
          groupBytes,
          groups,
          type.tileStep(cols),
          blocks,
          x.codes(InputForm.PAIRED_CODES),
          codeAt,
          x.runOffsets(),
          Activations.runOffsetAt(scaleAt),
          x.scales(),
          scaleAt,
          s.runs.address(),
          s.shared.address() + 2L * part,
          sharedStep(cols),
          s.results.address() + 2L * part);
    }
  }

  /// A part of the rows of each group. Shifts are those of ints, which x86 has by a number; what
  /// comes over from the other short is masked.
  ///
  /// @param room for the sums of a block, `[groups, VECTORS, RUNS, L]`
  /// @param shared what tiles share of the first block, as floats, and bytes to that of the next
  private static void vectors(
      long at,
      long groupBytes,
      int groups,
      int tileStep,
      int blocks,
      int[] codes,
      int codeAt,
      int[] offsets,
      int offsetAt,
      float[] scales,
      int scaleAt,
      long room,
      long shared,
      long sharedStep,
      long results) {
    IntVector nibble = IntVector.broadcast(INTS, 0x000f000f);
    IntVector above = IntVector.broadcast(INTS, 0x00300030);
    IntVector both = IntVector.broadcast(INTS, 0x0fff0fff);
    IntVector second = IntVector.broadcast(INTS, 0x003f003f);
    long sums = room & ADDRESSES;
    for (int block = 0; block < blocks; block++) {
      int code = codeAt;
      int offset = offsetAt;
      long run = sums;
      for (int line = 0; line < LINES; line += RUN_LINES) {
        ShortVector start = broadcast(offsets[offset]);
        ShortVector code0 = broadcast(codes[code]);
        ShortVector code1 = broadcast(codes[code + 1]);
        ShortVector code2 = broadcast(codes[code + 2]);
        ShortVector code3 = broadcast(codes[code + 3]);
        ShortVector code4 = broadcast(codes[code + 4]);
        ShortVector code5 = broadcast(codes[code + 5]);
        ShortVector code6 = broadcast(codes[code + 6]);
        ShortVector code7 = broadcast(codes[code + 7]);
        for (int vector = 0; vector < VECTORS * groups; vector++) {
          long from =
              (at + (vector >> VECTORS_LOG) * groupBytes + (vector & (VECTORS - 1)) * V)
                  & ADDRESSES;
          IntVector p = IntVector.fromMemorySegment(INTS, ALL, from + line, ORDER);
          IntVector q = IntVector.fromMemorySegment(INTS, ALL, from + line + 64, ORDER);
          IntVector r = IntVector.fromMemorySegment(INTS, ALL, from + line + 128, ORDER);
          IntVector y = p.and(nibble).or(r.lanewise(LSHL, 4).and(above));
          ShortVector a = y.reinterpretAsShorts().mul(code6).add(start);
          y = q.and(nibble).or(r.lanewise(LSHL, 2).and(above));
          a = y.reinterpretAsShorts().mul(code7).add(a);
          p = p.lanewise(LSHR, 4).and(both);
          a = p.reinterpretAsShorts().mul(code0).add(a);
          a = p.lanewise(LSHR, 6).and(second).reinterpretAsShorts().mul(code1).add(a);
          q = q.lanewise(LSHR, 4).and(both);
          a = q.reinterpretAsShorts().mul(code2).add(a);
          a = q.lanewise(LSHR, 6).and(second).reinterpretAsShorts().mul(code3).add(a);
          r = r.lanewise(LSHR, 4).and(both);
          a = r.reinterpretAsShorts().mul(code4).add(a);
          a = r.lanewise(LSHR, 6).and(second).reinterpretAsShorts().mul(code5).add(a);
          a.intoMemorySegment(ALL, run + vector * SUMS, ORDER);
        }
        run += V;
        code += RUN;
        offset += Activations.BUNDLE;
      }
      for (int vector = 0; vector < VECTORS * groups; vector++) {
        int g = vector >> VECTORS_LOG;
        long row = (vector & (VECTORS - 1)) * V;
        long from = (at + g * groupBytes + row) & ADDRESSES;
        long of = sums + vector * SUMS;
        long halves = (shared + g * Scratch.SHARED_BYTES + row) & ADDRESSES;
        long to = (results + g * NEXT + row) & ADDRESSES;
        FloatVector xScale = FloatVector.broadcast(FLOATS, scales[scaleAt]);
        FloatVector low = FloatVector.fromMemorySegment(FLOATS, ALL, to, ORDER);
        FloatVector high = FloatVector.fromMemorySegment(FLOATS, ALL, to + HIGH, ORDER);
        FloatVector lowHalf = FloatVector.fromMemorySegment(FLOATS, ALL, halves, ORDER);
        FloatVector highHalf = FloatVector.fromMemorySegment(FLOATS, ALL, halves + HIGH, ORDER);
        IntVector bytes = IntVector.fromMemorySegment(INTS, ALL, from + LINES, ORDER);
        // The first half of the columns.
        IntVector a = IntVector.fromMemorySegment(INTS, ALL, of, ORDER);
        IntVector b = IntVector.fromMemorySegment(INTS, ALL, of + V, ORDER);
        IntVector sum =
            a.lanewise(LSHL, 16).lanewise(ASHR, 16).add(b.lanewise(LSHL, 16).lanewise(ASHR, 16));
        IntVector factor = bytes.lanewise(LSHL, 24).lanewise(ASHR, 24);
        FloatVector scale = lowHalf.mul((FloatVector) factor.convertShape(I2F, FLOATS, 0));
        low = ((FloatVector) sum.convertShape(I2F, FLOATS, 0)).fma(scale.mul(xScale), low);
        sum = a.lanewise(ASHR, 16).add(b.lanewise(ASHR, 16));
        factor = bytes.lanewise(LSHL, 8).lanewise(ASHR, 24);
        scale = highHalf.mul((FloatVector) factor.convertShape(I2F, FLOATS, 0));
        high = ((FloatVector) sum.convertShape(I2F, FLOATS, 0)).fma(scale.mul(xScale), high);
        // The second one.
        a = IntVector.fromMemorySegment(INTS, ALL, of + 2 * V, ORDER);
        b = IntVector.fromMemorySegment(INTS, ALL, of + 3 * V, ORDER);
        sum = a.lanewise(LSHL, 16).lanewise(ASHR, 16).add(b.lanewise(LSHL, 16).lanewise(ASHR, 16));
        factor = bytes.lanewise(LSHL, 16).lanewise(ASHR, 24);
        scale = lowHalf.mul((FloatVector) factor.convertShape(I2F, FLOATS, 0));
        ((FloatVector) sum.convertShape(I2F, FLOATS, 0))
            .fma(scale.mul(xScale), low)
            .intoMemorySegment(ALL, to, ORDER);
        sum = a.lanewise(ASHR, 16).add(b.lanewise(ASHR, 16));
        factor = bytes.lanewise(ASHR, 24);
        scale = highHalf.mul((FloatVector) factor.convertShape(I2F, FLOATS, 0));
        ((FloatVector) sum.convertShape(I2F, FLOATS, 0))
            .fma(scale.mul(xScale), high)
            .intoMemorySegment(ALL, to + HIGH, ORDER);
      }
      at += tileStep;
      codeAt += Activations.BLOCK_STRIDE;
      offsetAt += RUNS * Activations.BUNDLE;
      scaleAt += Activations.BUNDLE;
      shared += sharedStep;
    }
  }
}
