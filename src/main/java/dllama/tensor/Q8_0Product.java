package dllama.tensor;

import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.broadcast;
import static dllama.tensor.Vectors.highHalf;
import static dllama.tensor.Vectors.lowHalf;
import static dllama.tensor.Vectors.shorts;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// One group of 32 rows of Q8_0 weights times one token.
///
/// A lane of shorts holds two columns of one row. Their two products fit a short together (2 · 128
/// · 127 < 2^15); the sums of a block go to ints.
final class Q8_0Product implements VectorProduct {
  @Override
  public String name() {
    return "vectors";
  }

  @Override
  public void pass(
      long at, long groupBytes, int groups, Activations x, int token, int count, Scratch s) {
    for (int part = 0; part < Tiles.ROWS; part += L) {
      rows(
          at + part * 2L,
          x.blocks(),
          x.codes(InputForm.CODES),
          x.codeAt(token),
          x.scales(),
          x.scaleAt(token),
          s.acc,
          part / 2);
    }
  }

  private static void rows(
      long at,
      int blocks,
      int[] codes,
      int codeAt,
      float[] scales,
      int scaleAt,
      float[] out,
      int outAt) {
    FloatVector accLow = FloatVector.zero(FLOATS);
    FloatVector accHigh = accLow;
    for (int block = 0; block < blocks; block++) {
      IntVector sumLow = IntVector.zero(INTS);
      IntVector sumHigh = sumLow;
      for (int line = 0; line < Q8_0.SCALES; line += Tiles.LINE) {
        ShortVector v = shorts(at, line);
        ShortVector even = v.lanewise(LSHL, 8).lanewise(ASHR, 8);
        ShortVector odd = v.lanewise(ASHR, 8);
        int c = codeAt + line / 32;
        IntVector both =
            even.mul(broadcast(codes[c])).add(odd.mul(broadcast(codes[c + 1]))).reinterpretAsInts();
        sumLow = sumLow.add(both.lanewise(LSHL, 16).lanewise(ASHR, 16));
        sumHigh = sumHigh.add(both.lanewise(ASHR, 16));
      }
      FloatVector xScale = FloatVector.broadcast(FLOATS, scales[scaleAt]);
      IntVector halves = shorts(at + Q8_0.SCALES).reinterpretAsInts();
      accLow =
          ((FloatVector) sumLow.convertShape(I2F, FLOATS, 0))
              .fma(lowHalf(halves).mul(xScale), accLow);
      accHigh =
          ((FloatVector) sumHigh.convertShape(I2F, FLOATS, 0))
              .fma(highHalf(halves).mul(xScale), accHigh);
      at += Q8_0.TILE_BYTES;
      codeAt += Activations.BLOCK_STRIDE;
      scaleAt += Activations.BUNDLE;
    }
    accLow.intoArray(out, outAt);
    accHigh.intoArray(out, outAt + Tiles.ROWS / 2);
  }
}
