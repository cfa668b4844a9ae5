package dllama.engine;

import dllama.model.TensorRole;
import dllama.tensor.Activations;
import dllama.tensor.PackedMatrix;
import dllama.tensor.WorkerPool;
import java.util.List;

/// One rank's part of the gated feed-forward network:
///
/// ```
/// partial = w2 · (activation(w1 · norm(x)) · (w3 · norm(x)))
/// ```
///
/// in a dense model, or in those layers of a mixture that have no experts.
final class FeedForwardBlock implements LayerBlock {
  private final StepState step;
  private final List<SliceWeights.FeedForward> layers;
  private final List<SliceWeights.GatedNetwork> networks;
  private final ProductInput normed;
  private final float[] gate;
  private final float[] up;
  private final LeafProduct down;
  private final WorkerPool.Task hiddenShare = this::hiddenShare;
  private final WorkerPool.Task downShare = this::downShare;
  private SliceWeights.FeedForward weights;
  private SliceWeights.GatedNetwork network;

  /// The network of a dense model, or of the layers of a mixture that have no experts.
  ///
  /// @param layers those, the first ones of the model
  static FeedForwardBlock dense(
      StepState step, List<SliceWeights.FeedForward> layers, int maxTokens) {
    List<SliceWeights.GatedNetwork> networks =
        layers.stream().map(layer -> layer.networks().getFirst()).toList();
    return step.spec.experts() > 0
        ? new FeedForwardBlock(
            step,
            layers,
            networks,
            TensorRole.DENSE_W1,
            TensorRole.DENSE_W3,
            TensorRole.DENSE_W2,
            maxTokens)
        : new FeedForwardBlock(
            step, layers, networks, TensorRole.W1, TensorRole.W3, TensorRole.W2, maxTokens);
  }

  /// The expert that all tokens go to.
  static FeedForwardBlock shared(
      StepState step, List<SliceWeights.FeedForward> layers, int maxTokens) {
    List<SliceWeights.GatedNetwork> networks =
        layers.stream().map(layer -> layer.shared().getFirst()).toList();
    return new FeedForwardBlock(
        step,
        layers,
        networks,
        TensorRole.SHARED_W1,
        TensorRole.SHARED_W3,
        TensorRole.SHARED_W2,
        maxTokens);
  }

  private FeedForwardBlock(
      StepState step,
      List<SliceWeights.FeedForward> layers,
      List<SliceWeights.GatedNetwork> networks,
      TensorRole w1,
      TensorRole w3,
      TensorRole w2,
      int maxTokens) {
    this.step = step;
    this.layers = layers;
    this.networks = networks;
    weights = layers.getFirst();
    network = networks.getFirst();
    int widest = networks.stream().mapToInt(of -> of.w1().w().rows()).max().orElseThrow();
    gate = new float[Math.multiplyExact(maxTokens, widest)];
    up = new float[gate.length];
    normed =
        new ProductInput(
            step.pool,
            step.spec.typesOf(w1, w3),
            maxTokens,
            step.spec.dim(),
            (token, into, thread) -> step.loadNormed(token, weights.norm(), into, token, thread));
    down =
        new LeafProduct(
            step,
            w2,
            networks.stream().map(SliceWeights.GatedNetwork::w2).toList(),
            maxTokens,
            gate);
  }

  @Override
  public void compute(int layer) {
    weights = layers.get(layer);
    network = networks.get(layer);
    normed.prepare(step.tokens());
    step.pool.run(hiddenShare);
    down.prepare(layer);
    step.pool.run(downShare);
  }

  @Override
  public SliceWeights.Output output() {
    return weights.output();
  }

  /// The same rows of gate and up, so that their product needs no barrier.
  private void hiddenShare(int thread, int threads) {
    Activations input = normed.rows(thread);
    int groups = network.w1().w().groups();
    int portion = step.portion(groups);
    for (int from = step.pool.take(portion); from < groups; from = step.pool.take(portion)) {
      hidden(input, from, Math.min(from + portion, groups));
    }
  }

  private void hidden(Activations input, int from, int to) {
    int ffnDim = network.w1().w().rows();
    step.product(network.w1(), from, to, input, gate);
    step.product(network.w3(), from, to, input, up);
    int row = from * PackedMatrix.TILE;
    int rows = Math.min(to * PackedMatrix.TILE, ffnDim) - row;
    for (int token = 0; token < step.tokens() && rows > 0; token++) {
      step.gate(gate, up, token * ffnDim + row, rows);
    }
  }

  private void downShare(int thread, int threads) {
    down.compute(network.w2(), thread);
  }
}
