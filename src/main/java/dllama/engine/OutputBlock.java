package dllama.engine;

import dllama.model.Architecture.Trait;
import dllama.model.TensorRole;
import dllama.tensor.Activations;
import dllama.tensor.Finite;
import dllama.tensor.PackedMatrix;
import dllama.tensor.WorkerPool;
import java.util.function.IntUnaryOperator;

/// One rank's part of the logits of those rows of a step that want them: `scale · wcls · norm(x)`,
/// bounded where the model says so.
final class OutputBlock {
  private final StepState step;
  private final SliceWeights weights;
  private final NormedProduct product;
  private final float scale;
  private final float cap;
  private final IntUnaryOperator wanted;
  private final WorkerPool.Task logitsShare = this::logitsShare;

  /// Those computed last, `[wanted rows, rank's vocabulary]`, and room for more.
  final float[] logits;

  /// By thread, whether its logits are numbers.
  private final boolean[] finite;

  /// @param maxRows the most rows of a step whose logits are wanted; 0: none ever are
  OutputBlock(StepState step, SliceWeights weights, int maxRows) {
    this.step = step;
    wanted = step.rows::wanted;
    this.weights = weights;
    scale = step.spec.scales().logits();
    cap = step.spec.scales().cap();
    logits = new float[Math.multiplyExact(maxRows, weights.wcls().rows())];
    finite = new boolean[step.pool.threads()];
    boolean roundInput = !step.spec.architecture().has(Trait.UNROUNDED_OUTPUT);
    product =
        new NormedProduct(
            step, TensorRole.WCLS, weights.wcls().rows(), roundInput, Math.max(1, maxRows));
  }

  /// Computes those that the rows of the step want.
  void compute() {
    int rows = step.rows.wantedCount();
    product.prepare(weights.finalNorm(), rows, wanted);
    step.pool.run(logitsShare);
  }

  /// Whether all logits computed last are numbers.
  boolean isFinite() {
    for (boolean of : finite) {
      if (!of) {
        return false;
      }
    }
    return true;
  }

  private void logitsShare(int thread, int threads) {
    PackedMatrix w = weights.wcls();
    Activations input = product.rows(thread);
    boolean all = true;
    int portion = step.portion(w.groups());
    for (int from = step.pool.take(portion); from < w.groups(); from = step.pool.take(portion)) {
      int to = Math.min(from + portion, w.groups());
      product.compute(w, input, from, to, logits);
      int first = from * PackedMatrix.TILE;
      int size = Math.min(to * PackedMatrix.TILE, w.rows()) - first;
      for (int row = 0; row < step.rows.wantedCount(); row++) {
        int at = row * w.rows() + first;
        all &= Finite.all(logits, at, size);
        change(at, size);
      }
    }
    finite[thread] = all;
  }

  private void change(int at, int size) {
    if (scale != 1) {
      for (int i = at; i < at + size; i++) {
        logits[i] *= scale;
      }
    }
    if (cap > 0) {
      step.kernels.softcap(logits, at, size, cap);
    }
  }
}
