package dllama.engine;

import dllama.tensor.Activations;
import dllama.tensor.DType;
import dllama.tensor.WorkerPool;
import java.util.Collection;

/// The right-hand side of matrix products: a row per token, or several, made by a [Loader].
///
/// For one token every thread loads a copy of its own, because a microsecond of repeated work costs
/// less than a barrier. For more tokens the threads share the loading, behind one barrier.
final class ProductInput {
  /// Stores the row of `token` in `into` (its rows, from `token * rowsPerToken` on); run by
  /// `thread`.
  @FunctionalInterface
  interface Loader {
    void load(int token, Activations into, int thread);
  }

  private final WorkerPool pool;
  private final Loader loader;
  private final Activations shared;
  private final Activations[] own;
  private final WorkerPool.Task loadShare = this::loadShare;
  private int tokens;

  /// @param weights types of all matrices that will be multiplied
  ProductInput(WorkerPool pool, Collection<DType> weights, int maxTokens, int cols, Loader loader) {
    this(pool, weights, maxTokens, 1, cols, loader);
  }

  ProductInput(
      WorkerPool pool,
      Collection<DType> weights,
      int maxTokens,
      int rowsPerToken,
      int cols,
      Loader loader) {
    this.pool = pool;
    this.loader = loader;
    shared = new Activations(weights, maxTokens * rowsPerToken, cols);
    own = new Activations[pool.threads()];
    for (int thread = 0; thread < own.length; thread++) {
      own[thread] = new Activations(weights, rowsPerToken, cols);
    }
  }

  /// To be called before the products of `tokens` rows are computed, outside the pool.
  void prepare(int tokens) {
    expect(tokens);
    if (tokens > 1) {
      pool.run(loadShare);
    }
  }

  /// [#prepare] for a caller that has the pool run [#loadShare] of several inputs at once.
  void expect(int tokens) {
    this.tokens = tokens;
  }

  /// The rows, for the products that `thread` computes, which loads them if it is a single one.
  Activations rows(int thread) {
    if (tokens > 1) {
      return shared;
    }
    loader.load(0, own[thread], thread);
    return own[thread];
  }

  /// What [#rows] gave this thread in the same task.
  Activations loaded(int thread) {
    return tokens > 1 ? shared : own[thread];
  }

  void loadShare(int thread, int threads) {
    int to = WorkerPool.from(tokens, thread + 1, threads);
    for (int token = WorkerPool.from(tokens, thread, threads); token < to; token++) {
      loader.load(token, shared, thread);
    }
  }
}
