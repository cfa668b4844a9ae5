package dllama.engine;

import dllama.model.RopeTable;
import dllama.model.TensorRole;
import dllama.tensor.Activations;
import dllama.tensor.Kernels;
import dllama.tensor.KvHead;
import dllama.tensor.WorkerPool;
import java.util.List;

/// Grouped-query attention of one rank's heads:
///
/// ```
/// partial = wo · attend(rope(wq · norm(x)), rope(wk · norm(x)), wv · norm(x))
/// ```
///
/// where some architectures add a bias to q, k and v, or to the sum of all partials, and some norm
/// the heads of q and k once more before they are rotated. In some layers of some architectures a
/// token sees the latest positions only ([dllama.model.Sliding]).
///
/// Whatever kv head a query head reads is on the same rank, and by default on the same thread, so
/// that no barrier is needed between appending to the cache and reading it. This rank's query heads
/// are divided evenly over its kv heads; where ranks share a kv head, each has only that one.
final class AttentionBlock implements LayerBlock {
  private final StepState step;
  private final List<SliceWeights.Attention> layers;
  private final KvPages cache;
  private final List<RopeTable> ropes;
  private final float queryScale;
  private final int headDim;
  private final int heads;
  private final int kvHeads;

  private final ProductInput normed;
  private final float[] q;
  private final float[] k;
  private final float[] v;
  private final float[] attention;
  private final float[][] scores;
  private final LeafProduct output;

  private final WorkerPool.Task projectShare = this::projectShare;
  private final WorkerPool.Task kvHeadsShare = this::kvHeadsShare;
  private final WorkerPool.Task appendShare = this::appendShare;
  private final WorkerPool.Task attendShare = this::attendShare;
  private final WorkerPool.Task outputShare = this::outputShare;

  private int layer;
  private SliceWeights.Attention weights;

  AttentionBlock(
      StepState step,
      List<SliceWeights.Attention> layers,
      KvPages cache,
      List<RopeTable> ropes,
      EngineSettings settings) {
    this.step = step;
    this.layers = layers;
    this.cache = cache;
    this.ropes = ropes;
    queryScale = step.spec.scales().query();
    weights = layers.getFirst();
    headDim = step.spec.headDim();
    heads = weights.q().w().rows() / headDim;
    kvHeads = weights.k().w().rows() / headDim;
    int maxTokens = settings.maxBatchTokens();
    q = new float[Math.multiplyExact(maxTokens, heads * headDim)];
    k = new float[Math.multiplyExact(maxTokens, kvHeads * headDim)];
    v = new float[k.length];
    attention = new float[q.length];
    int positions = KvHead.pages(settings.contextLength()) * KvHead.PAGE;
    scores = new float[step.pool.threads()][Math.multiplyExact(Kernels.HEADS_TOGETHER, positions)];
    normed =
        new ProductInput(
            step.pool,
            step.spec.typesOf(TensorRole.WQ, TensorRole.WK, TensorRole.WV),
            maxTokens,
            step.spec.dim(),
            (token, into, thread) -> step.loadNormed(token, weights.norm(), into, token, thread));
    output = new LeafProduct(step, TensorRole.WO, weights.wo(), maxTokens, attention);
  }

  @Override
  public void compute(int layer) {
    this.layer = layer;
    weights = layers.get(layer);
    WorkerPool pool = step.pool;
    normed.prepare(step.tokens());
    pool.run(projectShare);
    if (kvHeads % pool.threads() == 0) {
      pool.run(kvHeadsShare);
    } else {
      pool.run(appendShare);
      pool.run(attendShare);
    }
    output.prepare();
    pool.run(outputShare);
  }

  @Override
  public SliceWeights.Output output() {
    return weights.output();
  }

  /// wq, wk and wv as if they were one matrix.
  private void projectShare(int thread, int threads) {
    Activations input = normed.rows(thread);
    int queryGroups = weights.q().w().groups();
    int keyGroups = weights.k().w().groups();
    int groups = queryGroups + 2 * keyGroups;
    int from = WorkerPool.from(groups, thread, threads);
    int to = WorkerPool.from(groups, thread + 1, threads);
    step.product(weights.q(), from, to, input, q);
    step.product(weights.k(), from - queryGroups, to - queryGroups, input, k);
    int before = queryGroups + keyGroups;
    step.product(weights.v(), from - before, to - before, input, v);
  }

  /// Whole kv heads with their query heads.
  private void kvHeadsShare(int thread, int threads) {
    int group = heads / kvHeads;
    int to = WorkerPool.from(kvHeads, thread + 1, threads);
    for (int kvHead = WorkerPool.from(kvHeads, thread, threads); kvHead < to; kvHead++) {
      for (int token = 0; token < step.tokens(); token++) {
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
    int at = (row * kvHeads + kvHead) * headDim;
    int position = step.rows.position(row);
    rotate(k, at, weights.keyNorm(), position);
    int slot = position % KvHead.PAGE;
    step.kernels.append(cache.head(layer, kvHead), step.rows.page(row), slot, k, at, v, at);
  }

  /// `count` heads that share a kv head, from `head` on.
  private void attend(int head, int count, int row, int thread) {
    int at = (row * heads + head) * headDim;
    int position = step.rows.position(row);
    for (int i = 0; i < count; i++) {
      rotate(q, at + i * headDim, weights.queryNorm(), position);
    }
    if (queryScale != 1) {
      for (int i = at; i < at + count * headDim; i++) {
        q[i] *= queryScale;
      }
    }
    KvHead history = cache.head(layer, head / (heads / kvHeads));
    int[] pages = step.rows.pages(row);
    int from = step.spec.sliding().from(layer, position);
    float[] sinks = weights.sinks();
    step.kernels.attend(
        q,
        at,
        count,
        history,
        pages,
        from,
        position + 1,
        sinks,
        head,
        scores[thread],
        attention,
        at);
  }

  private void rotate(float[] head, int at, float[] norm, int position) {
    if (norm.length > 0) {
      step.kernels.rmsNorm(head, at, norm, headDim, step.spec.rmsEpsilon(), head, at);
    }
    ropes.get(layer).rotate(head, at, position);
  }

  private void outputShare(int thread, int threads) {
    output.compute(weights.wo(), thread, threads);
  }
}
