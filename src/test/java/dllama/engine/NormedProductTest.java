package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dllama.model.ModelSpec;
import dllama.model.Range;
import dllama.model.TensorRole;
import dllama.slice.RandomWeights;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.Matrix;
import dllama.tensor.PackedMatrix;
import dllama.tensor.Packer;
import dllama.tensor.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NormedProductTest {
  private static final int TOKENS = 3;

  /// Weights of one scale, so that a product is an exact sum of integers times values.
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void shouldMultiplyQ4_0WeightsWithInputsThatAreNotRounded(int threads) {
    ModelSpec spec = Specs.small(DType.Q4_0);
    try (var pool = new WorkerPool(threads, 0);
        var arena = Arena.ofShared()) {
      StepState step =
          new StepState(
              new ShardPlan(spec, DType.Q8_0, 1), 0, Kernels.choose(true), pool, TOKENS, 0);
      Random random = new Random(11);
      for (int i = 0; i < step.x.length; i++) {
        step.x[i] = (float) random.nextGaussian();
      }
      Matrix plain =
          new RandomWeights(spec, 5)
              .part(
                  new TensorRole.Name(TensorRole.WCLS),
                  new Range(0, spec.vocabSize()),
                  new Range(0, spec.dim()));
      PackedMatrix w = Packer.pack(plain, arena);
      float[] norm = new float[spec.dim()];
      Arrays.fill(norm, 1);
      float[] out = new float[TOKENS * w.rows()];
      NormedProduct product = new NormedProduct(step, TensorRole.WCLS, w.rows(), false, TOKENS);
      product.prepare(norm, TOKENS, token -> token);
      pool.run(
          (thread, count) -> {
            int from = WorkerPool.from(w.groups(), thread, count);
            int to = WorkerPool.from(w.groups(), thread + 1, count);
            product.compute(w, product.rows(thread), from, to, out);
          });
      float[] normed = new float[spec.dim()];
      for (int token = 0; token < TOKENS; token++) {
        step.norm(token, norm, normed);
        for (int row = 0; row < w.rows(); row++) {
          double expected = 0;
          for (int col = 0; col < spec.dim(); col++) {
            expected += weight(plain, row, col) * normed[col];
          }
          assertEquals(expected, out[token * w.rows() + row], 2e-6, "token " + token);
        }
      }
    }
  }

  private static double weight(Matrix q40, int row, int col) {
    long block = (row * q40.cols() + col) / 32 * DType.Q4_0.blockBytes();
    short scale = q40.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, block);
    int in = col % 32;
    int pair = q40.data().get(ValueLayout.JAVA_BYTE, block + 2 + in % 16);
    int nibble = in < 16 ? pair & 15 : pair >> 4 & 15;
    return (nibble - 8) * (double) Float.float16ToFloat(scale);
  }
}
