package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.ORDER;
import static dllama.tensor.Vectors.broadcast;
import static dllama.tensor.Vectors.floats;
import static dllama.tensor.Vectors.shorts;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// Groups of 32 rows of weights with nibbles as in Q4_0, and shifts, times one token: [Q4_0Decode],
/// with the scaling, which would be too much for one method, behind the sums of a few blocks.
final class NibbleDecode implements VectorProduct {
  private static final int GROUPS = 4;

  /// Blocks between two passes of scaling.
  private static final int CHUNK = 8;

  /// Distance between the results of groups in [Scratch#acc].
  private static final int ACC_STRIDE = Activations.BUNDLE * Tiles.ROWS;

  /// Bytes of the results of a group.
  private static final long NEXT = Tiles.F32_LINE;

  /// Byte of the results of the rows in the high halves of ints; see [Tiles].
  private static final long HIGH = NEXT / 2;

  /// Whether a vector holds all rows of a group.
  private static final boolean WHOLE = L == Tiles.ROWS;

  /// Groups in four vectors.
  private static final int STEP = WHOLE ? 4 : 2;

  /// Bytes of a vector of sums, and of those of a chunk.
  private static final long SUM = (long) Short.BYTES * L;

  private static final long CHUNK_SUMS = CHUNK * SUM;

  private static final int LINES = TilePlanes.FOUR.bytes();

  private final Codes type;

  NibbleDecode(Codes type) {
    this.type = type;
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
    MemorySegment results = scratch.results;
    results.fill((byte) 0);
    for (int from = 0; from < x.blocks(); from += CHUNK) {
      int blocks = Math.min(CHUNK, x.blocks() - from);
      chunk(at, groupBytes, groups, from, blocks, x, token, scratch);
    }
    for (int g = 0; g < groups; g++) {
      MemorySegment.copy(results, Tiles.FLOAT, g * NEXT, scratch.acc, g * ACC_STRIDE, Tiles.ROWS);
    }
  }

  private void chunk(
      long at,
      long groupBytes,
      int groups,
      int from,
      int blocks,
      Activations x,
      int token,
      Scratch scratch) {
    int codeAt = x.codeAt(token) + from * Activations.BLOCK_STRIDE;
    int scaleAt = x.scaleAt(token) + from * Activations.BUNDLE;
    long sums = scratch.sums.address();
    int[] codes = x.codes(InputForm.CARRIED_CODES);
    long tiles = at + type.tileAt(x.cols(), from);
    int tileStep = type.tileStep(x.cols());
    int sharedStep = type.sharedStep(x.cols());
    for (int g = 0; g < groups; g++) {
      long shared = at + g * groupBytes + type.sharedAt(x.cols(), from);
      long to = scratch.shared.address() + g * Scratch.SHARED_BYTES;
      CodeScales.shared(type.scales(), shared, sharedStep, blocks, to);
    }
    for (int part = 0; part < Tiles.ROWS; part += WHOLE ? L : 2 * L) {
      long lane = tiles + part * 2L;
      for (int g = 0; g < groups; g += STEP) {
        // What is missing of a last pass is read twice; nobody reads its results.
        long first = lane + g * groupBytes;
        int last = groups - 1;
        long at1 = WHOLE ? lane + Math.min(g + 1, last) * groupBytes : first + SUM;
        long at2 = lane + Math.min(g + STEP / 2, last) * groupBytes;
        long at3 = WHOLE ? lane + Math.min(g + 3, last) * groupBytes : at2 + SUM;
        sums(first, at1, at2, at3, tileStep, blocks, codes, codeAt, x.offsets(), scaleAt, sums, 4);
        long to = scratch.results.address() + g * NEXT + part * 2L;
        long second = WHOLE ? NEXT : (long) Float.BYTES * F;
        long pair = WHOLE ? 2 * NEXT : NEXT;
        long shared = scratch.shared.address() + g * Scratch.SHARED_BYTES + part * 2L;
        long sharedSecond = WHOLE ? Scratch.SHARED_BYTES : second;
        long sharedPair = WHOLE ? 2 * Scratch.SHARED_BYTES : Scratch.SHARED_BYTES;
        add(first, x, blocks, sums, shared, scaleAt, to);
        add(at1, x, blocks, sums + CHUNK_SUMS, shared + sharedSecond, scaleAt, to + second);
        if (g + STEP / 2 <= last) {
          shared += sharedPair;
          add(at2, x, blocks, sums + 2 * CHUNK_SUMS, shared, scaleAt, to + pair);
          add(
              at3,
              x,
              blocks,
              sums + 3 * CHUNK_SUMS,
              shared + sharedSecond,
              scaleAt,
              to + pair + second);
        }
      }
    }
  }

  private void add(
      long at, Activations x, int blocks, long sums, long shared, int scaleAt, long to) {
    float[] factors = x.shiftFactors();
    int step = type.tileStep(x.cols());
    if (type.scales() == TileScales.HALF_AND_SHIFT) {
      addHalves(at + LINES, blocks, sums, x.scales(), factors, scaleAt, to);
    } else {
      long sharedStep = CodeScales.sharedStep(type.scales(), type.sharedStep(x.cols()));
      addProducts(
          at + LINES, step, shared, sharedStep, blocks, sums, x.scales(), factors, scaleAt, to);
    }
  }

  /// Four vectors of rows, which share the broadcasts.
  ///
  /// @param nibble 4, which the compiler must not know: a constant takes a register for each shift
  /// @param sums address of the first vector's sums, `[4, CHUNK, L]`
  private static void sums(
      long first,
      long second,
      long third,
      long fourth,
      int tileStep,
      int blocks,
      int[] codes,
      int codeAt,
      int[] offsets,
      int scaleAt,
      long sums,
      int nibble) {
    long at0 = first & ADDRESSES;
    long at1 = second & ADDRESSES;
    long at2 = third & ADDRESSES;
    long at3 = fourth & ADDRESSES;
    long to = sums & ADDRESSES;
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
      a.intoMemorySegment(ALL, to, ORDER);
      b.intoMemorySegment(ALL, to + CHUNK_SUMS, ORDER);
      c.intoMemorySegment(ALL, to + 2 * CHUNK_SUMS, ORDER);
      d.intoMemorySegment(ALL, to + 3 * CHUNK_SUMS, ORDER);
      at0 += tileStep;
      at1 += tileStep;
      at2 += tileStep;
      at3 += tileStep;
      to += SUM;
      codeAt += Activations.BLOCK_STRIDE;
      scaleAt += Activations.BUNDLE;
    }
  }

  /// Adds the scaled sums of one vector of rows, and its shifts, to the results at `to`.
  ///
  /// @param at of the scales of the first block
  private static void addHalves(
      long at, int blocks, long sums, float[] xScales, float[] xSums, int scaleAt, long to) {
    FloatVector low = floats(to);
    FloatVector high = floats(to + HIGH);
    FloatVector eight = FloatVector.broadcast(FLOATS, 8);
    FloatVector rebias = FloatVector.broadcast(FLOATS, Vectors.REBIAS);
    for (int block = 0; block < blocks; block++) {
      IntVector sum = shorts(sums + block * SUM).reinterpretAsInts();
      IntVector scales = shorts(at).reinterpretAsInts();
      IntVector shifts = shorts(at + Tiles.LINE).reinterpretAsInts();
      FloatVector xScale = FloatVector.broadcast(FLOATS, xScales[scaleAt]);
      FloatVector xSum = FloatVector.broadcast(FLOATS, xSums[scaleAt]);
      FloatVector scale = Vectors.tinyLowHalf(scales).mul(rebias);
      FloatVector shift = scale.fma(eight, Vectors.tinyLowHalf(shifts).mul(rebias));
      FloatVector value =
          (FloatVector) sum.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
      low = shift.fma(xSum, value.fma(scale.mul(xScale), low));
      scale = Vectors.tinyHighHalf(scales).mul(rebias);
      shift = scale.fma(eight, Vectors.tinyHighHalf(shifts).mul(rebias));
      value = (FloatVector) sum.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
      high = shift.fma(xSum, value.fma(scale.mul(xScale), high));
      at += LINES + 2L * Tiles.LINE;
      scaleAt += Activations.BUNDLE;
    }
    low.intoMemorySegment(ALL, to & ADDRESSES, ORDER);
    high.intoMemorySegment(ALL, (to + HIGH) & ADDRESSES, ORDER);
  }

  /// The same of [TileScales#PRODUCT_AND_SHIFT].
  ///
  /// @param shared float16 of the first block as floats, and bytes to those of the next
  private static void addProducts(
      long at,
      int step,
      long shared,
      long sharedStep,
      int blocks,
      long sums,
      float[] xScales,
      float[] xSums,
      int scaleAt,
      long to) {
    FloatVector low = floats(to);
    FloatVector high = floats(to + HIGH);
    FloatVector eight = FloatVector.broadcast(FLOATS, 8);
    FloatVector minus = FloatVector.broadcast(FLOATS, -1);
    IntVector bytes = IntVector.broadcast(INTS, 0xff);
    for (int block = 0; block < blocks; block++) {
      long from = (sums & ADDRESSES) + block * SUM;
      long halves = shared & ADDRESSES;
      IntVector sum = IntVector.fromMemorySegment(INTS, ALL, from, ORDER);
      IntVector factors = IntVector.fromMemorySegment(INTS, ALL, at & ADDRESSES, ORDER);
      FloatVector xScale = FloatVector.broadcast(FLOATS, xScales[scaleAt]);
      FloatVector xSum = FloatVector.broadcast(FLOATS, xSums[scaleAt]);
      FloatVector scale =
          FloatVector.fromMemorySegment(FLOATS, ALL, halves, ORDER)
              .mul((FloatVector) factors.and(bytes).convertShape(I2F, FLOATS, 0));
      FloatVector factor =
          (FloatVector) factors.lanewise(LSHR, 8).and(bytes).convertShape(I2F, FLOATS, 0);
      FloatVector shift =
          FloatVector.fromMemorySegment(FLOATS, ALL, halves + NEXT, ORDER).mul(factor).mul(minus);
      shift = scale.fma(eight, shift);
      FloatVector value =
          (FloatVector) sum.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
      low = shift.fma(xSum, value.fma(scale.mul(xScale), low));
      factor = (FloatVector) factors.lanewise(LSHR, 16).and(bytes).convertShape(I2F, FLOATS, 0);
      scale = FloatVector.fromMemorySegment(FLOATS, ALL, halves + HIGH, ORDER).mul(factor);
      factor = (FloatVector) factors.lanewise(LSHR, 24).convertShape(I2F, FLOATS, 0);
      shift =
          FloatVector.fromMemorySegment(FLOATS, ALL, halves + (NEXT + HIGH), ORDER)
              .mul(factor)
              .mul(minus);
      shift = scale.fma(eight, shift);
      value = (FloatVector) sum.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
      high = shift.fma(xSum, value.fma(scale.mul(xScale), high));
      at += step;
      shared += sharedStep;
      scaleAt += Activations.BUNDLE;
    }
    low.intoMemorySegment(ALL, to & ADDRESSES, ORDER);
    high.intoMemorySegment(ALL, (to + HIGH) & ADDRESSES, ORDER);
  }
}
