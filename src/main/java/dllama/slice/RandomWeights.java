package dllama.slice;

import dllama.model.Architecture.Trait;
import dllama.model.ModelSpec;
import dllama.model.Range;
import dllama.model.TensorRole;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.LongSupplier;

/// Weights of any shape without a file: every value is a hash of seed, tensor and place, so that
/// any part can be made anywhere, at once, and a model is the same on any number of nodes.
///
/// Values are uniform around 0 with variance 1 / columns, so that activations keep their size;
/// norms are 1, biases small, and delta networks forget slowly. Stateless; usable from any thread.
public final class RandomWeights {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private final ModelSpec spec;
  private final long seed;

  public RandomWeights(ModelSpec spec, long seed) {
    this.spec = spec;
    this.seed = seed;
  }

  /// A part of a tensor as it would stand in a file.
  ///
  /// @param cols whole blocks
  public Matrix part(TensorRole.Name name, Range rows, Range cols) {
    TensorRole role = name.role();
    DType dtype = spec.type(name);
    long rowBytes = dtype.byteSize(cols.size());
    var data = MemorySegment.ofArray(new byte[Math.toIntExact(rows.size() * rowBytes)]);
    int wholeCols = name.cols(spec);
    long place = ((long) name.expert() << 32) + name.layer();
    long key = mix(seed + mix(place * GOLDEN_GAMMA + role.name().hashCode()));
    for (int row = 0; row < rows.size(); row++) {
      MemorySegment to = data.asSlice(row * rowBytes, rowBytes);
      long first = (long) (rows.from() + row) * wholeCols + cols.from();
      if (role == TensorRole.DELTA_DECAY) {
        rates(key, first, to);
      } else if (role.isBias()) {
        int inputs = role == TensorRole.DELTA_FILTER ? spec.deltaNet().kernel() : wholeCols;
        floats(key, first, inputs, dtype, to);
      } else if (role.isVector()) {
        fill(to, factor(name));
      } else if (dtype.quantized()) {
        blocks(key, first / dtype.blockSize(), wholeCols, dtype, to);
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

  /// 1, or what keeps scores their size where nothing else does.
  private float factor(TensorRole.Name name) {
    boolean scales =
        name.role() == TensorRole.QUERY_NORM && spec.architecture().has(Trait.UNSCALED_SCORES);
    return scales ? (float) (1 / Math.sqrt(name.cols(spec))) : 1;
  }

  private static void fill(MemorySegment to, float value) {
    for (long at = 0; at < to.byteSize(); at += Float.BYTES) {
      to.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, value);
    }
  }

  /// In [−1/4, 0): what is remembered fades slowly.
  private static void rates(long key, long first, MemorySegment to) {
    for (long i = 0; i < to.byteSize() / Float.BYTES; i++) {
      float rate = -(1 - uniform(key, first + i)) / 8;
      to.set(ValueLayout.JAVA_FLOAT_UNALIGNED, i * Float.BYTES, rate);
    }
  }

  private static void floats(long key, long first, int wholeCols, DType dtype, MemorySegment to) {
    float amplitude = (float) Math.sqrt(3.0 / wholeCols);
    float[] values = new float[(int) (to.byteSize() / dtype.blockBytes())];
    for (int i = 0; i < values.length; i++) {
      values[i] = amplitude * uniform(key, first + i);
    }
    dtype.encode(values, 0, values.length, to, 0);
  }

  /// @param first number of the first block, counted from the beginning of the tensor
  private static void blocks(long key, long first, int wholeCols, DType dtype, MemorySegment to) {
    int words = dtype.blockBytes() / Long.BYTES;
    Hashes hashes = new Hashes(key);
    ByteBuffer blocks = to.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    for (long block = first; blocks.hasRemaining(); block++) {
      hashes.counter = block * words;
      dtype.quickNoise(hashes, 1 / Math.sqrt(wholeCols), blocks);
    }
  }

  /// Hashes of numbers that count up.
  private static final class Hashes implements LongSupplier {
    private final long key;
    private long counter;

    Hashes(long key) {
      this.key = key;
    }

    @Override
    public long getAsLong() {
      return mix(key + counter++ * GOLDEN_GAMMA);
    }
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
