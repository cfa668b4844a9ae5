package dllama.format;

import dllama.format.dllama.DllamaKeys;
import dllama.format.dllama.DllamaWriter;
import dllama.format.file.Progress;
import dllama.format.file.Tensor;
import dllama.format.gguf.GgufHeader;
import dllama.format.gguf.GgufLayout;
import dllama.format.gguf.GgufTokens;
import dllama.format.gguf.GgufWriter;
import dllama.model.ModelSpec;
import dllama.model.TensorRole;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/// Models of random weights: the size and the arithmetic of a real one, without its knowledge. Same
/// shape and seed, same bytes.
///
/// Weights have mean 0 and standard deviation 1/sqrt(cols), so that every matrix keeps the size of
/// what it multiplies; wcls has three times that, which spreads logits about as a trained model's.
public final class SynthModel {
  private static final float LOGIT_SPREAD = 3;

  private final long seed;

  private SynthModel(long seed) {
    this.seed = seed;
  }

  /// Writes a `.m` file.
  ///
  /// @throws dllama.error.UserException if it can not be written, or does not fit the disk
  public static void write(Path path, ModelSpec spec, long seed, Progress progress) {
    SynthModel model = new SynthModel(seed);
    DllamaWriter.output(DllamaKeys.of(spec), spec, model::fill).write(path, progress);
  }

  /// Writes a `.gguf` file with the same weights.
  ///
  /// @throws dllama.error.UserException if it can not be written, or the format can not hold it
  public static void writeGguf(
      Path path, ModelSpec spec, Vocabulary vocabulary, long seed, Progress progress) {
    SynthModel model = new SynthModel(seed);
    GgufLayout layout = GgufLayout.of(spec, false);
    GgufHeader header = GgufHeader.of(spec, layout, GgufTokens.of(vocabulary), "synthetic");
    GgufWriter.output(header, layout, model::fill).write(path, progress);
  }

  private void fill(Tensor tensor, int index, long first, int count, ByteBuffer rows) {
    for (long row = first; row < first + count; row++) {
      Bits bits = new Bits(seed, index, row);
      if (tensor.role().isVector()) {
        floats(bits, tensor, mean(tensor.role()), 0.1f, rows);
      } else if (tensor.role() == TensorRole.EMBEDDING) {
        noise(bits, tensor, 1, rows);
      } else {
        weights(bits, tensor, rows);
      }
    }
  }

  private static float mean(TensorRole role) {
    float factor = role == TensorRole.DELTA_DECAY ? -0.5f : 1; // below 0
    return role.isBias() ? 0 : factor;
  }

  private static void weights(Bits bits, Tensor tensor, ByteBuffer row) {
    float spread = tensor.role() == TensorRole.WCLS ? LOGIT_SPREAD : 1;
    float deviation = spread / (float) Math.sqrt((double) tensor.cols());
    noise(bits, tensor, deviation, row);
  }

  private static void noise(Bits bits, Tensor tensor, float deviation, ByteBuffer row) {
    for (long i = 0; i < tensor.cols(); i += tensor.dtype().blockSize()) {
      tensor.dtype().noise(bits, deviation, row);
    }
  }

  private static void floats(
      Bits bits, Tensor tensor, float mean, float deviation, ByteBuffer row) {
    for (long i = 0; i < tensor.cols(); i++) {
      row.putFloat(mean + deviation * bits.nextValue());
    }
  }

  /// Random bits of one row (SplitMix64, by Steele, Lea and Flood), so that rows can be made in any
  /// order.
  private static final class Bits implements LongSupplier {
    private static final float SQRT_3 = (float) Math.sqrt(3);

    private long state;

    Bits(long seed, int tensor, long row) {
      this.state = mix(mix(mix(seed) + tensor) + row);
    }

    @Override
    public long getAsLong() {
      state += 0x9E3779B97F4A7C15L;
      return mix(state);
    }

    /// Evenly distributed with mean 0 and standard deviation 1.
    float nextValue() {
      return SQRT_3 * 0x1p-31f * (int) getAsLong();
    }

    private static long mix(long value) {
      long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
      z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
      return z ^ (z >>> 31);
    }
  }
}
