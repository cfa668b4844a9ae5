package dllama.tensor;

import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.ORDER;
import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.F2I;
import static jdk.incubator.vector.VectorOperators.I2B;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.MAX;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// Conversion to and from Q8_0; bits as [Q8Rounding] and the type.
final class VectorBlocks {
  /// As many bytes as there are ints in a vector; where that is less than the smallest vector, the
  /// plain loops serve.
  private static final VectorSpecies<Byte> BYTES =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, F * Byte.SIZE)));

  /// The lane before each lane; what the first one gets does not matter.
  private static final VectorShuffle<Integer> BEFORE =
      VectorShuffle.fromOp(INTS, lane -> Math.max(0, lane - 1));

  private static final int BLOCK = Tiles.COLS;
  private static final int HALF = BLOCK / 2;
  private static final int BLOCK_BYTES = Short.BYTES + BLOCK;
  private static final boolean BYTE_VECTORS = BYTES.length() == F;

  private VectorBlocks() {}

  static void encode(float[] x, int xAt, int size, DType dtype, MemorySegment to, long at) {
    if (dtype != DType.Q8_0 || !BYTE_VECTORS) {
      dtype.encode(x, xAt, size, to, at);
      return;
    }
    dtype.checkBlocks(size);
    for (int end = xAt + size; xAt < end; xAt += BLOCK, at += BLOCK_BYTES) {
      float max = max(x, xAt);
      float inverse = Q8Rounding.inverse(max);
      Tiles.putShort(to, at, Q8Rounding.scale(max));
      for (int i = 0; i < BLOCK; i += F) {
        IntVector code = round(FloatVector.fromArray(FLOATS, x, xAt + i).mul(inverse));
        ByteVector bytes = (ByteVector) code.convertShape(I2B, BYTES, 0);
        bytes.intoMemorySegment(to, at + 2 + i, ORDER);
      }
    }
  }

  static void decode(
      MemorySegment from,
      long at,
      DType dtype,
      int size,
      boolean accumulate,
      float[] sum,
      int sumAt) {
    if (dtype != DType.Q8_0 || !BYTE_VECTORS) {
      dtype.decode(from, at, size, accumulate, sum, sumAt);
      return;
    }
    dtype.checkBlocks(size);
    for (int end = sumAt + size; sumAt < end; sumAt += BLOCK) {
      float scale = Float.float16ToFloat(Tiles.getShort(from, at));
      for (int i = 0; i < BLOCK; i += F) {
        ByteVector bytes = ByteVector.fromMemorySegment(BYTES, from, at + 2 + i, ORDER);
        IntVector code = (IntVector) bytes.convertShape(B2I, INTS, 0);
        FloatVector value = ((FloatVector) code.convertShape(I2F, FLOATS, 0)).mul(scale);
        if (accumulate) {
          value = FloatVector.fromArray(FLOATS, sum, sumAt + i).add(value);
        }
        value.intoArray(sum, sumAt + i);
      }
      at += BLOCK_BYTES;
    }
  }

  static void loadCodes(float[] x, int xAt, Activations into, InputForm form, int token) {
    int[] codes = into.codes(form);
    int[] carries = Activations.carries(form);
    int codeAt = into.codeAt(token);
    int scaleAt = into.scaleAt(token);
    for (int block = 0; block < into.blocks(); block++) {
      float max = max(x, xAt);
      float inverse = Q8Rounding.inverse(max);
      int first = round(x, xAt, inverse, carries, 0, codes, codeAt);
      int second = round(x, xAt, inverse, carries, HALF, codes, codeAt);
      into.putScale(scaleAt, Float.float16ToFloat(Q8Rounding.scale(max)), first, second);
      if (form == InputForm.PAIRED_CODES) {
        into.putRunOffsets(codeAt, scaleAt);
      }
      xAt += BLOCK;
      codeAt += Activations.BLOCK_STRIDE;
      scaleAt += Activations.BUNDLE;
    }
  }

  /// The same to codes that are floats.
  static void loadFloatCodes(float[] x, int xAt, Activations into, int token) {
    float[] codes = into.floatCodes();
    int codeAt = into.codeAt(token);
    int scaleAt = into.scaleAt(token);
    for (int block = 0; block < into.blocks(); block++) {
      float max = max(x, xAt);
      float inverse = Q8Rounding.inverse(max);
      int first = roundToFloats(x, xAt, inverse, codes, codeAt);
      int second = roundToFloats(x, xAt + HALF, inverse, codes, codeAt + HALF);
      into.putScale(scaleAt, Float.float16ToFloat(Q8Rounding.scale(max)), first, second);
      xAt += BLOCK;
      codeAt += Activations.BLOCK_STRIDE;
      scaleAt += Activations.BUNDLE;
    }
  }

  static float max(float[] x, int at) {
    FloatVector max = FloatVector.zero(FLOATS);
    for (int i = 0; i < BLOCK; i += F) {
      max = FloatVector.fromArray(FLOATS, x, at + i).abs().max(max);
    }
    return max.reduceLanes(MAX);
  }

  /// Writes 16 codes from column `from` on as [Activations] keeps them; returns the sum of the
  /// plain ones.
  private static int round(
      float[] x, int xAt, float inverse, int[] carries, int from, int[] codes, int codeAt) {
    int sum = 0;
    for (int i = from; i < from + HALF; i += F) {
      IntVector code = round(FloatVector.fromArray(FLOATS, x, xAt + i).mul(inverse));
      IntVector carried = code.rearrange(BEFORE).mul(IntVector.fromArray(INTS, carries, i));
      code.sub(carried).and(0xffff).mul(0x10001).intoArray(codes, codeAt + i);
      sum += code.reduceLanes(ADD);
    }
    return sum;
  }

  /// Writes 16 codes; returns their sum.
  private static int roundToFloats(float[] x, int xAt, float inverse, float[] codes, int codeAt) {
    int sum = 0;
    for (int i = 0; i < HALF; i += F) {
      IntVector code = round(FloatVector.fromArray(FLOATS, x, xAt + i).mul(inverse));
      ((FloatVector) code.convertShape(I2F, FLOATS, 0)).intoArray(codes, codeAt + i);
      sum += code.reduceLanes(ADD);
    }
    return sum;
  }

  /// As [Q8Rounding#round].
  private static IntVector round(FloatVector value) {
    IntVector whole = (IntVector) value.convertShape(F2I, INTS, 0);
    FloatVector rest = value.sub((FloatVector) whole.convertShape(I2F, FLOATS, 0));
    return whole.add((IntVector) rest.mul(2).convertShape(F2I, INTS, 0));
  }
}
