package dllama.slice;

import dllama.model.ModelSpec;
import dllama.model.Range;
import dllama.model.TensorRole;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Weights of any shape without a file: every value is a hash of seed, tensor and place, so that
/// any part can be made anywhere, at once, and a model is the same on any number of nodes.
///
/// Values are uniform around 0 with variance 1 / columns, so that activations keep their size;
/// norms are 1, biases small. Stateless; usable from any thread.
public final class RandomWeights {
  /// Variance of a uniform nibble around 8, and of a uniform byte −127 … 127.
  private static final double NIBBLE_VARIANCE = 21.5;

  private static final double BYTE_VARIANCE = 5418.7;
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private final ModelSpec spec;
  private final long seed;

  public RandomWeights(ModelSpec spec, long seed) {
    this.spec = spec;
    this.seed = seed;
  }

  /// A part of a tensor as it would stand in a file.
  public Matrix part(TensorRole.Name name, Range rows, Range cols) {
    TensorRole role = name.role();
    DType dtype = role.dtype(spec);
    long rowBytes = dtype.byteSize(cols.size());
    var data = MemorySegment.ofArray(new byte[Math.toIntExact(rows.size() * rowBytes)]);
    int wholeCols = role.cols().size(spec);
    long place = ((long) name.expert() << 32) + name.layer();
    long key = mix(seed + mix(place * GOLDEN_GAMMA + role.name().hashCode()));
    for (int row = 0; row < rows.size(); row++) {
      MemorySegment to = data.asSlice(row * rowBytes, rowBytes);
      long first = (long) (rows.from() + row) * wholeCols + cols.from();
      if (role.isBias()) {
        floats(key, first, wholeCols, dtype, to);
      } else if (role.isVector()) {
        ones(to);
      } else if (dtype.quantized()) {
        blocks(key, first / DType.BLOCK, wholeCols, dtype, to);
      } else {
        floats(key, first, wholeCols, dtype, to);
      }
    }
    return new Matrix(data, dtype, rows.size(), cols.size());
  }

  /// Writes the embedding of `token`, `[dim]`, to `to` from `at` on: values in [−1, 1) that
  /// bfloat16 can hold, as in most published models.
  public void embedding(int token, float[] to, int at) {
    long key = mix(seed);
    for (int i = 0; i < spec.dim(); i++) {
      to[at + i] = (mix(key + ((long) token * spec.dim() + i) * GOLDEN_GAMMA) >> 56) * 0x1p-7f;
    }
  }

  private static void ones(MemorySegment to) {
    for (long at = 0; at < to.byteSize(); at += Float.BYTES) {
      to.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, 1);
    }
  }

  private static void floats(long key, long first, int wholeCols, DType dtype, MemorySegment to) {
    float amplitude = (float) Math.sqrt(3.0 / wholeCols);
    int count = (int) (to.byteSize() / dtype.byteSize(1));
    for (int i = 0; i < count; i++) {
      float value = amplitude * uniform(key, first + i);
      if (dtype == DType.F32) {
        to.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i, value);
      } else {
        to.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, Float.floatToFloat16(value));
      }
    }
  }

  /// Blocks of a scale and 16 or 32 bytes of random bits.
  private static void blocks(long key, long first, int wholeCols, DType dtype, MemorySegment to) {
    double variance = dtype == DType.Q40 ? NIBBLE_VARIANCE : BYTE_VARIANCE;
    short scale = Float.floatToFloat16((float) (1 / Math.sqrt(variance * wholeCols)));
    int words = dtype == DType.Q40 ? 2 : 4;
    long counter = first * words;
    for (long at = 0; at < to.byteSize(); at += dtype.blockBytes()) {
      to.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, scale);
      for (int word = 0; word < words; word++, counter++) {
        long bits = mix(key + counter * GOLDEN_GAMMA);
        to.set(ValueLayout.JAVA_LONG_UNALIGNED, at + 2 + 8L * word, legal(bits, dtype));
      }
    }
  }

  /// Q80 has no −128: such bytes become −127.
  private static long legal(long bits, DType dtype) {
    if (dtype == DType.Q40) {
      return bits;
    }
    for (int shift = 0; shift < 64; shift += 8) {
      if ((byte) (bits >>> shift) == Byte.MIN_VALUE) {
        bits |= 1L << shift;
      }
    }
    return bits;
  }

  /// In [−1, 1).
  private static float uniform(long key, long index) {
    return (mix(key + index * GOLDEN_GAMMA) >> 40) * 0x1p-23f;
  }

  /// Finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
  private static long mix(long z) {
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
