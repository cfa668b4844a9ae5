package dllama.format;

import dllama.format.DllamaLayout.Tensor;
import dllama.model.ModelSpec;
import dllama.model.TensorRole;
import dllama.tensor.DType;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/// Models of random weights: the size and the arithmetic of a real one, without its knowledge. Same
/// shape and seed, same bytes.
///
/// Weights have mean 0 and standard deviation 1/sqrt(cols), so that every matrix keeps the size of
/// what it multiplies; wcls has three times that, which spreads logits about as a trained model's.
public final class SynthModel {
  private static final float LOGIT_SPREAD = 3;

  /// Standard deviation of the nibbles 1 to 15 minus 8, with 8 twice as frequent.
  private static final float Q40_DEVIATION = (float) Math.sqrt(280 / 16.0);

  /// Standard deviation of evenly distributed signed bytes.
  private static final float Q80_DEVIATION = 256 / (float) Math.sqrt(12);

  private final long seed;

  private SynthModel(long seed) {
    this.seed = seed;
  }

  /// Writes a `.m` file.
  ///
  /// @throws dllama.error.UserException if it can not be written, or does not fit the disk
  public static void write(Path path, ModelSpec spec, long seed, Progress progress) {
    SynthModel model = new SynthModel(seed);
    DllamaWriter.write(path, spec, model::fill, progress);
  }

  /// Writes a `.gguf` file with the same weights.
  ///
  /// @throws dllama.error.UserException if it can not be written, or the format can not hold it
  public static void writeGguf(
      Path path, ModelSpec spec, Vocabulary vocabulary, long seed, Progress progress) {
    SynthModel model = new SynthModel(seed);
    GgufWriter.write(path, spec, vocabulary, model::fill, progress);
  }

  private void fill(Tensor tensor, int index, long first, int count, ByteBuffer rows) {
    for (long row = first; row < first + count; row++) {
      Bits bits = new Bits(seed, index, row);
      if (tensor.role().isVector()) {
        floats(bits, tensor, tensor.role().isBias() ? 0 : 1, 0.1f, rows);
      } else if (tensor.role() == TensorRole.EMBEDDING) {
        floats(bits, tensor, 0, 1, rows);
      } else {
        weights(bits, tensor, rows);
      }
    }
  }

  private static void weights(Bits bits, Tensor tensor, ByteBuffer row) {
    float spread = tensor.role() == TensorRole.WCLS ? LOGIT_SPREAD : 1;
    float deviation = spread / (float) Math.sqrt((double) tensor.cols());
    switch (tensor.dtype()) {
      case F32 -> floats(bits, tensor, 0, deviation, row);
      case F16 -> halves(bits, tensor.cols(), deviation, row);
      case Q40 -> {
        for (long block = 0; block < tensor.cols(); block += DType.BLOCK) {
          row.putShort(scale(bits, deviation / Q40_DEVIATION));
          row.putLong(withoutZeroNibbles(bits.next()));
          row.putLong(withoutZeroNibbles(bits.next()));
        }
      }
      case Q80 -> {
        for (long block = 0; block < tensor.cols(); block += DType.BLOCK) {
          row.putShort(scale(bits, deviation / Q80_DEVIATION));
          for (int i = 0; i < DType.BLOCK; i += Long.BYTES) {
            row.putLong(bits.next());
          }
        }
      }
    }
  }

  private static void floats(
      Bits bits, Tensor tensor, float mean, float deviation, ByteBuffer row) {
    for (long i = 0; i < tensor.cols(); i++) {
      row.putFloat(mean + deviation * bits.nextValue());
    }
  }

  private static void halves(Bits bits, long count, float deviation, ByteBuffer row) {
    for (long i = 0; i < count; i++) {
      row.putShort(Float.floatToFloat16(deviation * bits.nextValue()));
    }
  }

  /// A block's scale, float16, within a quarter of `mean`.
  private static short scale(Bits bits, float mean) {
    return Float.floatToFloat16(mean * (1 + 0.14f * bits.nextValue()));
  }

  /// Nibble 0 stands for −8, which has no positive counterpart: 8, that is 0, takes its place.
  private static long withoutZeroNibbles(long nibbles) {
    long any = nibbles | (nibbles >>> 1) | (nibbles >>> 2) | (nibbles >>> 3);
    return nibbles | ((~any & 0x1111111111111111L) << 3);
  }

  /// Random bits of one row (SplitMix64, by Steele, Lea and Flood), so that rows can be made in any
  /// order.
  private static final class Bits {
    private static final float SQRT_3 = (float) Math.sqrt(3);

    private long state;

    Bits(long seed, int tensor, long row) {
      this.state = mix(mix(mix(seed) + tensor) + row);
    }

    long next() {
      state += 0x9E3779B97F4A7C15L;
      return mix(state);
    }

    /// Evenly distributed with mean 0 and standard deviation 1.
    float nextValue() {
      return SQRT_3 * 0x1p-31f * (int) next();
    }

    private static long mix(long value) {
      long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
      z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
      return z ^ (z >>> 31);
    }
  }
}
