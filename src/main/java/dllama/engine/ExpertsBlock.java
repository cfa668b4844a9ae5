package dllama.engine;

import dllama.engine.SliceWeights.GatedNetwork;
import dllama.model.TensorRole;
import dllama.tensor.Activations;
import dllama.tensor.DType;
import dllama.tensor.PackedMatrix;
import dllama.tensor.WorkerPool;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/// One rank's part of a mixture of experts:
///
/// ```
/// partial = Σ share_e · w2_e · (activation(w1_e · norm(x)) · (w3_e · norm(x)))
/// ```
///
/// over the experts e that the router chose for a token, in ascending order, then that which all
/// tokens go to, if there is one ([SharedExpert]), and for every leaf (`ShardPlan`) by itself.
/// Every rank has a slice of every expert. Only the weights of chosen experts are read, once for
/// all tokens of the batch that chose them; all experts are computed side by side, so that a layer
/// has as few barriers for eight of them as for two.
final class ExpertsBlock implements LayerBlock {
  private static final IntUnaryOperator ALL = IntUnaryOperator.identity();

  private final StepState step;
  private final List<SliceWeights.FeedForward> layers;

  /// The number of the first of these layers.
  private final int first;

  private final int experts;
  private final boolean addsBias;
  private final int ffnDim;
  private final NormedProduct router;
  private final float[] routerLogits;
  private final Routing routing;

  /// The input of all experts, when there is but one token.
  private final ProductInput normed;

  /// A row per slot: inputs of w1 and w3, and of w2.
  private final SlotRows inputs;

  /// By leaf.
  private final SlotRows[] hidden;

  private final float[] gate;
  private final float[] up;

  /// What a leaf of one expert gives, `[maxTokens, dim]`; every thread has its own columns.
  private final float[] down;

  private final @Nullable SharedExpert shared;

  private final WorkerPool.Task routeShare = this::routeShare;
  private final WorkerPool.Task inputShare = this::inputShare;
  private final WorkerPool.Task gateShare = this::gateShare;
  private final WorkerPool.Task hiddenShare = this::hiddenShare;
  private final WorkerPool.Task downShare = this::downShare;
  private SliceWeights.FeedForward weights;

  /// @param all layers of the model; the first ones may have no experts
  /// @param addsBias whether this rank is the one that adds the bias of w2
  ExpertsBlock(
      StepState step, List<SliceWeights.FeedForward> all, boolean addsBias, int maxTokens) {
    this.step = step;
    this.addsBias = addsBias;
    first = step.spec.mixture().denseLayers();
    layers = all.subList(first, all.size());
    weights = layers.getFirst();
    experts = step.spec.experts();
    GatedNetwork network = weights.networks().getFirst();
    ffnDim = network.w1().w().rows();
    router = new NormedProduct(step, TensorRole.ROUTER, experts, false, maxTokens);
    routerLogits = new float[Math.multiplyExact(maxTokens, experts)];
    routing = new Routing(experts, step.spec.activeExperts(), step.spec.mixture(), maxTokens);
    int dim = step.spec.dim();
    List<DType> inputTypes = step.spec.typesOf(TensorRole.W1, TensorRole.W3);
    normed =
        new ProductInput(
            step.pool,
            inputTypes,
            1,
            dim,
            (token, into, thread) ->
                step.loadNormed(token, weights.expertsNorm(), into, token, thread));
    int slots = routing.maxSlots();
    inputs = new SlotRows(maxTokens == 1 ? 0 : slots, inputTypes, dim);
    hidden = new SlotRows[network.w2().size()];
    for (int leaf = 0; leaf < hidden.length; leaf++) {
      int cols = network.w2().get(leaf).cols();
      hidden[leaf] = new SlotRows(slots, step.spec.typesOf(TensorRole.W2), cols);
    }
    gate = new float[Math.multiplyExact(slots, ffnDim)];
    up = new float[gate.length];
    down = new float[Math.multiplyExact(maxTokens, dim)];
    boolean together = !weights.shared().isEmpty() && step.spec.feedForwardSums() == 1;
    shared = together ? new SharedExpert(step, layers, maxTokens) : null;
  }

  @Override
  public void compute(int layer) {
    weights = layers.get(layer - first);
    if (shared != null) {
      shared.begin(weights, layer - first);
    }
    router.prepare(weights.routerNorm(), step.tokens(), ALL);
    step.pool.run(routeShare);
    for (int token = 0; token < step.tokens(); token++) {
      addBias(weights.routerBias(), 0, routerLogits, token * experts, experts);
    }
    routing.assign(routerLogits, weights.choiceBias(), step.tokens());
    routing.scale(weights.expertScales());
    if (step.tokens() > 1) {
      step.pool.run(inputShare);
    }
    step.pool.run(gateShare);
    step.pool.run(hiddenShare);
    step.pool.run(downShare);
  }

  @Override
  public SliceWeights.Output output() {
    return weights.output();
  }

  private void routeShare(int thread, int threads) {
    PackedMatrix w = weights.router().getFirst();
    int from = WorkerPool.from(w.groups(), thread, threads);
    int to = WorkerPool.from(w.groups(), thread + 1, threads);
    if (from < to) {
      router.compute(w, router.rows(thread), from, to, routerLogits);
    }
    if (shared != null) {
      shared.routeShare(thread, threads);
    }
  }

  private void inputShare(int thread, int threads) {
    int to = WorkerPool.from(slots(), thread + 1, threads);
    for (int i = WorkerPool.from(slots(), thread, threads); i < to; i++) {
      int slot = routing.slot(i);
      step.loadNormed(routing.token(slot), weights.expertsNorm(), inputs.all(), slot, thread);
    }
    if (shared != null) {
      shared.inputShare(thread, threads);
    }
  }

  private int slots() {
    return step.tokens() * step.spec.activeExperts();
  }

  /// The same rows of gate and up, so that their product needs no barrier. Parts of all chosen
  /// experts, and of the shared one, stand in one line, of which a thread takes one at a time.
  private void gateShare(int thread, int threads) {
    boolean single = step.tokens() == 1;
    Activations own = single ? normed.rows(thread) : inputs.all();
    int groups = PackedMatrix.groups(ffnDim);
    // Of a prompt some experts have many tokens, so that all of one would keep others waiting.
    int size = single ? Math.min(step.portion(slots() * groups), groups) : step.portion(groups);
    int parts = Math.ceilDiv(groups, size);
    int part = step.pool.take(1);
    int firstOf = 0;
    for (int expert = 0; expert < experts; expert++) {
      if (routing.count(expert) > 0) {
        Activations rows = single ? own : inputs.from(routing.firstSlot(expert));
        for (; part < firstOf + parts; part = step.pool.take(1)) {
          int from = (part - firstOf) * size;
          int to = Math.min(from + size, groups);
          gate(weights.networks().get(expert), expert, from, to, rows);
        }
        firstOf += parts;
      }
    }
    if (shared != null) {
      shared.gateParts(thread, part, firstOf);
    }
  }

  private void gate(GatedNetwork network, int expert, int from, int to, Activations rows) {
    int count = routing.count(expert);
    int first = routing.firstSlot(expert) * ffnDim;
    step.kernels.matmul(network.w1().w(), from, to, rows, count, gate, first, ffnDim);
    step.kernels.matmul(network.w3().w(), from, to, rows, count, up, first, ffnDim);
    int row = from * PackedMatrix.TILE;
    int size = Math.min(to * PackedMatrix.TILE, ffnDim) - row;
    for (int i = 0; i < count; i++) {
      int at = first + i * ffnDim + row;
      addBias(network.w1().bias(), row, gate, at, size);
      addBias(network.w3().bias(), row, up, at, size);
      step.gate(gate, up, at, size);
    }
  }

  private void addBias(float[] bias, int from, float[] to, int at, int size) {
    if (bias.length > 0) {
      step.kernels.add(to, at, bias, from, size);
    }
  }

  private void hiddenShare(int thread, int threads) {
    int to = WorkerPool.from(slots(), thread + 1, threads);
    for (int i = WorkerPool.from(slots(), thread, threads); i < to; i++) {
      int slot = routing.slot(i);
      int at = slot * ffnDim;
      for (SlotRows leaf : hidden) {
        step.kernels.load(gate, at, leaf.all(), slot);
        at += leaf.all().cols();
      }
    }
    if (shared != null && step.tokens() > 1) {
      shared.hiddenShare(thread, threads);
    }
  }

  /// A thread takes the same rows of all experts, so it alone adds to its part of the partial.
  private void downShare(int thread, int threads) {
    int groups = PackedMatrix.groups(step.spec.dim());
    int portion = step.portion(groups);
    if (shared != null) {
      shared.load(thread);
    }
    for (int from = step.pool.take(portion); from < groups; from = step.pool.take(portion)) {
      int to = Math.min(from + portion, groups);
      for (int leaf = 0; leaf < hidden.length; leaf++) {
        sumExperts(leaf, from, to);
        if (shared != null) {
          shared.add(leaf, from, to, thread, down, step.leaves.place(leaf));
        }
        step.addLeaf(leaf, from, to);
      }
    }
  }

  private void sumExperts(int leaf, int from, int to) {
    int dim = step.spec.dim();
    int row = from * PackedMatrix.TILE;
    int end = Math.min(to * PackedMatrix.TILE, dim);
    float[] sum = step.leaves.place(leaf);
    int first = step.sumAt;
    for (int token = 0; token < step.tokens(); token++) {
      Arrays.fill(sum, first + token * dim + row, first + token * dim + end, 0);
    }
    for (int expert = 0; expert < experts; expert++) {
      int count = routing.count(expert);
      if (count > 0) {
        int slot = routing.firstSlot(expert);
        GatedNetwork network = weights.networks().get(expert);
        PackedMatrix w2 = network.w2().get(leaf);
        step.kernels.matmul(w2, from, to, hidden[leaf].from(slot), count, down, 0, dim);
        for (int i = 0; i < count; i++) {
          if (addsBias && leaf == 0) {
            addBias(network.bias(), row, down, i * dim + row, end - row);
          }
          int at = first + routing.token(slot + i) * dim + row;
          add(sum, at, i * dim + row, end - row, routing.share(slot + i));
        }
      }
    }
  }

  /// `sum += share · down`.
  private void add(float[] sum, int to, int from, int size, float share) {
    for (int i = 0; i < size; i++) {
      sum[to + i] += share * down[from + i];
    }
  }
}
