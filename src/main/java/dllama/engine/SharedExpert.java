package dllama.engine;

import dllama.engine.SliceWeights.GatedNetwork;
import dllama.model.TensorRole;
import dllama.tensor.Activations;
import dllama.tensor.PackedMatrix;
import dllama.tensor.WorkerPool;
import java.util.List;

/// One rank's part of the expert that all tokens of a mixture go to, whatever the router says:
///
/// ```
/// share · w2 · (activation(w1 · norm(x)) · (w3 · norm(x))),  share = sigmoid(g · norm(x))
/// ```
///
/// with a share of 1 where there is no vector g. Its tasks are done along with those of
/// [ExpertsBlock], so that it takes no barriers of its own.
final class SharedExpert {
  private final StepState step;
  private final int ffnDim;
  private final ProductInput normed;
  private final float[] gate;
  private final float[] up;
  private final LeafProduct down;

  /// By token.
  private final float[] shares;

  /// By thread: what is multiplied with g.
  private final float[][] rows;

  private SliceWeights.FeedForward weights;
  private GatedNetwork network;

  SharedExpert(StepState step, List<SliceWeights.FeedForward> layers, int maxTokens) {
    this.step = step;
    weights = layers.getFirst();
    network = weights.shared().getFirst();
    ffnDim = network.w1().w().rows();
    gate = new float[Math.multiplyExact(maxTokens, ffnDim)];
    up = new float[gate.length];
    shares = new float[maxTokens];
    rows = new float[step.pool.threads()][step.spec.dim()];
    normed =
        new ProductInput(
            step.pool,
            step.spec.typesOf(TensorRole.SHARED_W1, TensorRole.SHARED_W3),
            maxTokens,
            step.spec.dim(),
            (token, into, thread) ->
                step.loadNormed(token, this.weights.norm(), into, token, thread));
    down =
        new LeafProduct(
            step,
            TensorRole.SHARED_W2,
            layers.stream().map(layer -> layer.shared().getFirst().w2()).toList(),
            maxTokens,
            gate);
  }

  /// To be called first in every layer, outside the pool.
  void begin(SliceWeights.FeedForward of, int layer) {
    weights = of;
    network = of.shared().getFirst();
    normed.expect(step.tokens());
    down.expect(layer);
  }

  /// A thread's share of the tokens: what their shares are.
  void routeShare(int thread, int threads) {
    int to = WorkerPool.from(step.tokens(), thread + 1, threads);
    for (int token = WorkerPool.from(step.tokens(), thread, threads); token < to; token++) {
      shares[token] = share(token, rows[thread]);
    }
  }

  private float share(int token, float[] normed) {
    float[] g = weights.sharedGate();
    if (g.length == 0) {
      return 1;
    }
    step.norm(token, weights.norm(), normed);
    double sum = 0;
    for (int i = 0; i < g.length; i++) {
      sum += (double) g[i] * normed[i];
    }
    // StrictMath: the same on every machine.
    return (float) (1 / (1 + StrictMath.exp(-sum)));
  }

  /// Where there are several tokens, before [#gateParts].
  void inputShare(int thread, int threads) {
    normed.loadShare(thread, threads);
  }

  /// The same rows of gate and up, so that their product needs no barrier: parts of a task, of
  /// which a thread takes one at a time.
  ///
  /// @param part what this thread has taken, which may be behind the last one of all
  /// @param first part of the task that is one of these
  void gateParts(int thread, int part, int first) {
    int groups = network.w1().w().groups();
    int size = step.portion(groups);
    Activations input = normed.rows(thread);
    for (int at = part; at - first < Math.ceilDiv(groups, size); at = step.pool.take(1)) {
      int from = (at - first) * size;
      gate(input, from, Math.min(from + size, groups));
    }
  }

  private void gate(Activations input, int from, int to) {
    step.product(network.w1(), from, to, input, gate);
    step.product(network.w3(), from, to, input, up);
    int row = from * PackedMatrix.TILE;
    int size = Math.min(to * PackedMatrix.TILE, ffnDim) - row;
    for (int token = 0; token < step.tokens(); token++) {
      step.gate(gate, up, token * ffnDim + row, size);
    }
  }

  /// Where there are several tokens, before [#add].
  void hiddenShare(int thread, int threads) {
    down.loadShare(thread, threads);
  }

  /// Once a thread and layer, before [#add].
  void load(int thread) {
    down.load(thread);
  }

  /// Adds what the row groups `from` ≤ group < `to` of a leaf give, times shares, to `sum`.
  ///
  /// @param products room for these, `[maxTokens, dim]`
  void add(int leaf, int from, int to, int thread, float[] products, float[] sum) {
    down.product(leaf, network.w2(), from, to, thread, products, 0);
    int dim = step.spec.dim();
    int row = from * PackedMatrix.TILE;
    int end = Math.min(to * PackedMatrix.TILE, dim);
    for (int token = 0; token < step.tokens(); token++) {
      float share = shares[token];
      for (int i = token * dim + row; i < token * dim + end; i++) {
        sum[i] += share * products[i];
      }
    }
  }
}
