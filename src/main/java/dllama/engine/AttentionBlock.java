package dllama.engine;

import dllama.engine.SliceWeights.Attention;
import dllama.model.Architecture.Trait;
import dllama.model.LayerAttention;
import dllama.model.RopeTable;
import dllama.model.TensorRole;
import dllama.tensor.Activations;
import dllama.tensor.Kernels;
import dllama.tensor.KvHead;
import dllama.tensor.WorkerPool;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// Grouped-query attention of one rank's heads:
///
/// ```
/// partial = wo · attend(rope(wq · norm(x)), rope(wk · norm(x)), wv · norm(x))
/// ```
///
/// where some architectures add a bias to q, k and v, or to the sum of all partials, some norm the
/// heads of q and k, or of v, too, before they are rotated, or after that, and some gate what
/// attention gives. What differs from layer to layer is in [LayerAttention]: some see the latest
/// positions only, some read the keys and values of an earlier layer.
///
/// Whatever kv head a query head reads is on the same rank, and by default on the same thread, so
/// that no barrier is needed between appending to the cache and reading it. This rank's query heads
/// are divided evenly over its kv heads; where ranks share a kv head, each has only that one.
final class AttentionBlock implements LayerBlock {
  private final StepState step;
  private final List<SliceWeights.Layer> layers;
  private final List<LayerAttention> attentions;
  private final KvPages cache;
  private final List<RopeTable> ropes;
  private final boolean rotatesFirst;
  private final int heads;

  /// Of each layer: what queries are multiplied with, beside the kernel's 1 / sqrt(headDim).
  private final float[] queryScales;

  /// Weights of the norm of a value; empty where it is not normed.
  private final float[] valueNorm;

  private final ProductInput normed;

  /// Queries, keys and values, `[maxTokens, heads of the layer, its headDim]`; of each query its
  /// gate behind it where there are gates.
  private final float[][] projected;

  private final boolean gates;

  /// Queries alone.
  private final float[] q;

  private final float[] attention;
  private final float[][] scores;
  private final LeafProduct output;

  private final WorkerPool.Task projectShare = this::projectShare;
  private final WorkerPool.Task kvHeadsShare = this::kvHeadsShare;
  private final WorkerPool.Task appendShare = this::appendShare;
  private final WorkerPool.Task attendShare = this::attendShare;
  private final WorkerPool.Task outputShare = this::outputShare;

  private int layer;
  private Attention weights;
  private int headDim;
  private int kvHeads;

  AttentionBlock(
      StepState step,
      List<SliceWeights.Layer> layers,
      KvPages cache,
      List<RopeTable> ropes,
      EngineSettings settings) {
    this.step = step;
    this.layers = layers;
    this.cache = cache;
    this.ropes = ropes;
    rotatesFirst = step.spec.architecture().has(Trait.HEAD_NORMS_AFTER_ROPE);
    attentions = IntStream.range(0, layers.size()).mapToObj(step.spec::attention).toList();
    int first = step.spec.deltaNet().firstAttention();
    weights = weights(first);
    gates = step.spec.architecture().has(Trait.ATTENTION_GATES);
    int ofHead = (gates ? 2 : 1) * attentions.get(first).headDim();
    heads = weights.projections().getFirst().w().rows() / ofHead;
    queryScales = queryScales();
    int maxTokens = settings.maxBatchTokens();
    projected = new float[3][];
    for (int i = 0; i < projected.length; i++) {
      projected[i] = new float[Math.multiplyExact(maxTokens, i == 0 ? widest(0) : widest(1))];
    }
    valueNorm = new float[step.spec.architecture().has(Trait.VALUE_NORMS) ? widestHead() : 0];
    Arrays.fill(valueNorm, 1);
    q = gates ? new float[projected[0].length / 2] : projected[0];
    attention = new float[q.length];
    int positions = KvHead.pages(settings.contextLength()) * KvHead.PAGE;
    scores = new float[step.pool.threads()][Math.multiplyExact(Kernels.HEADS_TOGETHER, positions)];
    normed =
        new ProductInput(
            step.pool,
            step.spec.typesOf(
                gates ? TensorRole.GATED_WQ : TensorRole.WQ, TensorRole.WK, TensorRole.WV),
            maxTokens,
            step.spec.dim(),
            (token, into, thread) -> step.loadNormed(token, weights.norm(), into, token, thread));
    output =
        new LeafProduct(
            step,
            TensorRole.WO,
            layers.stream()
                .map(of -> attention(of).map(Attention::wo).orElse(weights.wo()))
                .toList(),
            maxTokens,
            attention);
  }

  private Attention weights(int layer) {
    return (Attention) layers.get(layer).mixer();
  }

  private static Optional<Attention> attention(SliceWeights.Layer of) {
    return of.mixer() instanceof Attention attention ? Optional.of(attention) : Optional.empty();
  }

  private float[] queryScales() {
    float[] scales = new float[layers.size()];
    boolean unscaled = step.spec.architecture().has(Trait.UNSCALED_SCORES);
    for (int of = 0; of < scales.length; of++) {
      double undone = unscaled ? Math.sqrt(attentions.get(of).headDim()) : 1;
      scales[of] = (float) (step.spec.scales().query() * undone);
    }
    return scales;
  }

  /// Rows of one of the projections in the layer that has the most.
  private int widest(int projection) {
    return layers.stream()
        .flatMap(of -> attention(of).stream())
        .map(Attention::projections)
        .filter(of -> of.size() > projection)
        .mapToInt(of -> of.get(projection).w().rows())
        .max()
        .orElseThrow();
  }

  private int widestHead() {
    return attentions.stream().mapToInt(LayerAttention::headDim).max().orElseThrow();
  }

  @Override
  public void compute(int layer) {
    this.layer = layer;
    weights = weights(layer);
    headDim = attentions.get(layer).headDim();
    kvHeads = cache.heads(layer);
    WorkerPool pool = step.pool;
    normed.prepare(step.tokens());
    pool.run(projectShare);
    if (kvHeads % pool.threads() == 0) {
      pool.run(kvHeadsShare);
    } else {
      if (hasKeys()) {
        pool.run(appendShare);
      }
      pool.run(attendShare);
    }
    output.prepare(layer);
    pool.run(outputShare);
  }

  @Override
  public SliceWeights.Output output() {
    return weights.output();
  }

  /// Whether the layer has keys and values of its own.
  private boolean hasKeys() {
    return weights.projections().size() > 1;
  }

  /// wq, wk and wv as if they were one matrix.
  private void projectShare(int thread, int threads) {
    Activations input = normed.rows(thread);
    List<SliceWeights.Projection> projections = weights.projections();
    int groups = 0;
    for (int i = 0; i < projections.size(); i++) {
      groups += projections.get(i).w().groups();
    }
    int portion = step.portion(groups);
    for (int from = step.pool.take(portion); from < groups; from = step.pool.take(portion)) {
      int to = Math.min(from + portion, groups);
      int before = 0;
      for (int i = 0; i < projections.size(); i++) {
        step.product(projections.get(i), from - before, to - before, input, projected[i]);
        before += projections.get(i).w().groups();
      }
    }
  }

  /// Whole kv heads with their query heads.
  private void kvHeadsShare(int thread, int threads) {
    int group = heads / kvHeads;
    int to = WorkerPool.from(kvHeads, thread + 1, threads);
    for (int kvHead = WorkerPool.from(kvHeads, thread, threads); kvHead < to; kvHead++) {
      for (int token = 0; hasKeys() && token < step.tokens(); token++) {
        append(kvHead, token);
      }
      for (int token = 0; token < step.tokens(); token++) {
        attend(kvHead * group, group, token, thread);
      }
    }
  }

  private void appendShare(int thread, int threads) {
    int units = kvHeads * step.tokens();
    int to = WorkerPool.from(units, thread + 1, threads);
    for (int unit = WorkerPool.from(units, thread, threads); unit < to; unit++) {
      append(unit / step.tokens(), unit % step.tokens());
    }
  }

  private void attendShare(int thread, int threads) {
    int units = heads * step.tokens();
    int to = WorkerPool.from(units, thread + 1, threads);
    for (int unit = WorkerPool.from(units, thread, threads); unit < to; unit++) {
      attend(unit / step.tokens(), 1, unit % step.tokens(), thread);
    }
  }

  private void append(int kvHead, int row) {
    float[] k = projected[1];
    float[] v = projected[2];
    int at = (row * kvHeads + kvHead) * headDim;
    int position = step.rows.position(row);
    if (attentions.get(layer).keysAreValues()) {
      System.arraycopy(k, at, v, at, headDim);
    }
    if (valueNorm.length > 0) {
      step.kernels.rmsNorm(v, at, valueNorm, headDim, step.spec.rmsEpsilon(), v, at);
    }
    rotate(k, at, weights.keyNorm(), position);
    int slot = position % KvHead.PAGE;
    int page = attentions.get(layer).slides() ? step.rows.window(row) : step.rows.page(row);
    step.kernels.append(cache.head(layer, kvHead), page, slot, k, at, v, at);
  }

  /// `count` heads that share a kv head, from `head` on.
  private void attend(int head, int count, int row, int thread) {
    int at = (row * heads + head) * headDim;
    int position = step.rows.position(row);
    for (int i = at; i < at + count * headDim; i += headDim) {
      if (gates) {
        System.arraycopy(projected[0], 2 * i, q, i, headDim);
      }
      rotate(q, i, weights.queryNorm(), position);
    }
    float scale = queryScales[layer] * step.spec.scales().growth(position);
    if (scale != 1) {
      for (int i = at; i < at + count * headDim; i++) {
        q[i] *= scale;
      }
    }
    KvHead history = cache.head(layer, head / (heads / kvHeads));
    LayerAttention seen = attentions.get(layer);
    int[] pages = seen.slides() ? step.rows.windows(row) : step.rows.pages(row);
    int before = seen.slides() ? step.rows.beforeWindows(row) : 0;
    float[] sinks = weights.sinks();
    step.kernels.attend(
        q,
        at,
        count,
        history,
        pages,
        seen.from(position) - before,
        position + 1 - before,
        sinks,
        head,
        scores[thread],
        attention,
        at);
    for (int i = at; gates && i < at + count * headDim; i += headDim) {
      step.kernels.sigmoidGate(attention, i, projected[0], 2 * i + headDim, headDim);
    }
  }

  private void rotate(float[] head, int at, float[] norm, int position) {
    if (rotatesFirst) {
      ropes.get(layer).rotate(head, at, position);
    }
    if (norm.length > 0) {
      step.kernels.rmsNorm(head, at, norm, headDim, step.spec.rmsEpsilon(), head, at);
    }
    if (!rotatesFirst) {
      ropes.get(layer).rotate(head, at, position);
    }
  }

  private void outputShare(int thread, int threads) {
    output.compute(weights.wo(), thread);
  }
}
