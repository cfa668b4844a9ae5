package dllama.engine;

import dllama.logits.Adjustments;
import dllama.logits.LogitsPart;
import dllama.logits.LogitsQuestion;
import dllama.logits.LogitsReducer;
import dllama.logits.LogitsWanted;
import dllama.model.Range;
import dllama.model.RopeTable;
import dllama.slice.ShardPlan;
import dllama.slice.SliceLayout;
import dllama.step.PageCopy;
import dllama.tensor.DType;
import dllama.tensor.Finite;
import dllama.tensor.Kernels;
import dllama.tensor.Matrix;
import dllama.tensor.WorkerPool;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One rank's forward pass as resumable steps: it computes up to the next exchange and returns; the
/// caller carries partials between ranks.
///
/// ```
/// fill engine.input() and engine.rows(); engine.begin();
/// while (engine.advance()) {
///   engine.writePartial(mine);          // to all other ranks
///   engine.reduce(partials);            // those of all ranks, in rank order
/// }
/// engine.logits(run, wanted);         // what the root has to be told of the logits of a run
/// ```
///
/// The residual stream is the same on every rank, bit by bit, because all sum the same encoded
/// partials in the same order. Results of a sequence depend neither on the number of threads, nor
/// on how it is cut into runs, nor on whose runs share its steps, nor with F32 exchange on the
/// number of ranks ([ShardPlan] says how). Used by one thread at a time; allocates nothing once
/// warm.
public final class ShardEngine {
  private enum Phase {
    ATTENTION,
    FEED_FORWARD,
    OUTPUT,
    DONE
  }

  private final ShardPlan plan;
  private final int rank;
  private final EngineSettings settings;
  private final StepState step;

  /// By layer, what has tokens of a sequence see each other.
  private final LayerBlock[] mixers;

  /// Of each layer.
  private final List<LayerBlock> feedForward;

  private final @Nullable LayerInputs layerInputs;
  private final LayerEnd layerEnd;
  private final OutputBlock output;

  /// What a run is told in stays as it is until the next step, so each has its own.
  private final LogitsReducer[] reducers;

  private final PartialSum partialSum;
  private final SliceWeights weights;
  private final Past past;
  private final List<RopeTable> ropes;

  private Phase phase = Phase.DONE;
  private int layer;
  private boolean exchanging;
  private String strayed = "";
  private int strayedRank = -1;

  /// @param slice this rank's weights as `layout` describes them, complete
  /// @param cache memory for keys, values and states, [#cacheBytes] bytes, 64-byte aligned
  /// @param pool compute threads; engines that run one after another may share it
  public ShardEngine(
      SliceLayout layout,
      MemorySegment slice,
      MemorySegment cache,
      EngineSettings settings,
      Kernels kernels,
      WorkerPool pool) {
    this(
        layout.plan(),
        layout.rank(),
        settings,
        new StepState(
            layout.plan(),
            layout.rank(),
            kernels,
            pool,
            settings.maxBatchTokens(),
            maxWanted(settings)),
        SliceWeights.of(layout, slice),
        Past.of(layout, cache, settings),
        RopeTable.ofLayers(layout.plan().spec(), settings.contextLength()),
        maxWanted(settings));
  }

  private static int maxWanted(EngineSettings settings) {
    return Math.min(StepRows.MAX_WANTED, settings.maxBatchTokens());
  }

  private ShardEngine(
      ShardPlan plan,
      int rank,
      EngineSettings settings,
      StepState step,
      SliceWeights weights,
      Past past,
      List<RopeTable> ropes,
      int maxWanted) {
    this.plan = plan;
    this.rank = rank;
    this.settings = settings;
    this.step = step;
    this.weights = weights;
    this.past = past;
    this.ropes = ropes;
    mixers = past.mixers(step, weights.layers(), ropes, settings);
    feedForward = FeedForwards.of(step, weights.layers(), rank == 0, settings.maxBatchTokens());
    layerInputs = LayerInputs.of(step, weights, settings.maxBatchTokens());
    layerEnd = new LayerEnd(step, weights.layers(), layerInputs, settings.maxBatchTokens());
    output = new OutputBlock(step, weights, maxWanted);
    reducers = new LogitsReducer[maxWanted];
    partialSum = new PartialSum(plan, step);
  }

  /// An engine for the first tokens of a step whose other tokens this engine computes meanwhile: of
  /// the same rank, with the same weights, threads and key/value cache, but with a batch of its own
  /// and without logits. In every layer it has to come first, because this one attends to what it
  /// adds to the cache.
  public ShardEngine leading(int maxBatchTokens) {
    EngineSettings own = settings.withMaxBatchTokens(maxBatchTokens);
    var ownStep = new StepState(plan, rank, step.kernels, step.pool, maxBatchTokens, 0);
    return new ShardEngine(plan, rank, own, ownStep, weights, past, ropes, 0);
  }

  /// Bytes that a rank's keys, values and states need, if all pages and places are used.
  public static long cacheBytes(ShardPlan plan, int rank, EngineSettings settings) {
    return Past.bytes(plan, rank, settings);
  }

  /// Bytes of a rank's keys and values in a page, in layers that see everything.
  public static long pageBytes(ShardPlan plan, int rank, DType kv) {
    return Past.pageBytes(plan, rank, kv);
  }

  /// Bytes of a rank's keys and values in a page, in layers that see the latest positions only.
  public static long windowBytes(ShardPlan plan, int rank, DType kv) {
    return Past.windowBytes(plan, rank, kv);
  }

  /// Bytes of a rank's part of a sequence's state; 0 where there is none.
  public static long stateBytes(ShardPlan plan, int rank) {
    return Past.stateBytes(plan, rank);
  }

  /// Embeddings of the step's rows, `[maxBatchTokens, dim]`, which the caller fills before
  /// [#begin]; overwritten by the step.
  public float[] input() {
    return step.x;
  }

  /// What layers are given of the step's tokens, a row for each as it stands in the model's file
  /// ([dllama.slice.Embedding#inputBytes] bytes), which the caller fills as [#input]; empty where
  /// they are given nothing.
  public MemorySegment layerRows() {
    return layerInputs == null ? MemorySegment.NULL : layerInputs.rows;
  }

  /// What the rows of the step are, which the caller fills before [#begin].
  public StepRows rows() {
    return step.rows;
  }

  /// Makes one page what another one is; before [#begin].
  ///
  /// @throws IndexOutOfBoundsException if there is no such page
  public void copy(PageCopy pages) {
    past.pages().copy(pages);
  }

  /// Starts a step; one that was not finished is given up. Keys and values of the positions of its
  /// rows are replaced.
  ///
  /// @throws IllegalArgumentException if there are no rows, or one is outside the context
  public void begin() {
    boolean valid = step.tokens() > 0;
    for (int row = 0; valid && row < step.tokens(); row++) {
      valid = step.rows.position(row) < settings.contextLength();
    }
    if (!valid) {
      throw new IllegalArgumentException(
          "rows=%d contextLength=%d".formatted(step.tokens(), settings.contextLength()));
    }
    layer = 0;
    exchanging = false;
    strayed = "";
    strayedRank = -1;
    phase = Phase.ATTENTION;
    if (layerInputs != null) {
      layerInputs.compute();
    }
  }

  /// Computes up to the next exchange.
  ///
  /// @return true if a partial has to be exchanged now, false if the step is finished
  public boolean advance() {
    if (exchanging || phase == Phase.DONE) {
      throw new IllegalStateException("phase=%s exchanging=%s".formatted(phase, exchanging));
    }
    switch (phase) {
      case ATTENTION -> compute(mixers[layer]);
      case FEED_FORWARD -> compute(feedForward.get(layer));
      default -> {
        if (step.rows.wantedCount() > 0) {
          output.compute();
        }
        phase = Phase.DONE;
        return false;
      }
    }
    exchanging = true;
    return true;
  }

  private void compute(LayerBlock block) {
    step.sums = block.sums();
    block.compute(layer);
  }

  /// Exchanges of every step: two per layer.
  public int exchanges() {
    return 2 * plan.spec().layers();
  }

  /// Which exchange of the step is due, from 0; names the partial on its way between ranks.
  public int exchange() {
    return 2 * layer + (phase == Phase.FEED_FORWARD ? 1 : 0);
  }

  /// Size of a rank's encoded partial in this step.
  public long partialBytes(int rank) {
    return partialSum.byteSize(rank, partialSum.values());
  }

  /// Encodes this rank's partial, for each of its branches `[tokens, dim]`, as little-endian F32 or
  /// Q8_0 blocks into the first [#partialBytes] bytes of `to`.
  public void writePartial(MemorySegment to) {
    requireExchange();
    partialSum.writePartial(rank, 0, partialSum.values(), to, 0);
  }

  /// `x += partials[0] + partials[1] + …`, with a bias and normed where the architecture says so;
  /// ends the exchange. Partials are summed in this order with Q8_0 exchange, as a tree with F32.
  ///
  /// @param all what [#writePartial] gave on every rank, in rank order, this rank's own included;
  ///     of any alignment, on or off the heap
  public void reduce(MemorySegment[] all) {
    requireExchange();
    partialSum.sumAndAdd(all, blockOutput());
    boolean before = strayed.isEmpty();
    endExchange();
    if (before && !strayed.isEmpty()) {
      strayedRank = strayedRank(all);
    }
  }

  /// The only rank whose partial is not all numbers; −1 if there is none, or several.
  private int strayedRank(MemorySegment[] all) {
    int found = -1;
    for (int of = 0; of < all.length; of++) {
      DType type = plan.partialType();
      long bytes = partialBytes(of);
      long values = bytes / type.byteSize(PartialSum.BLOCK) * PartialSum.BLOCK;
      Matrix partial = new Matrix(all[of].asSlice(0, bytes), type, 1, values);
      if (!Finite.all(partial, 0, 1)) {
        if (found >= 0) {
          return -1;
        }
        found = of;
      }
    }
    return found;
  }

  /// The partial on its way, for [Collective]s that leave a part of it to each rank.
  PartialSum partialSum() {
    return partialSum;
  }

  /// Adds the sum that is in [#partialSum] to the residual stream; ends the exchange.
  void addSum() {
    requireExchange();
    partialSum.add(blockOutput());
    endExchange();
  }

  ShardPlan plan() {
    return plan;
  }

  int rank() {
    return rank;
  }

  private SliceWeights.Output blockOutput() {
    return (phase == Phase.ATTENTION ? mixers[layer] : feedForward.get(layer)).output();
  }

  /// What was the first to be no number in this step, for [NotFinite#at]; empty as long as all are
  /// numbers. The last token of each run tells: whatever the others have come to, it attends to it.
  /// All ranks find the same.
  public String strayed() {
    return strayed;
  }

  /// The rank that sent what is no number, where one alone did and that is known: with
  /// reduce-scatter only who adds up knows. −1 otherwise.
  public int strayedRank() {
    return strayedRank;
  }

  private void endExchange() {
    exchanging = false;
    if (phase == Phase.FEED_FORWARD) {
      layerEnd.compute(layer);
    }
    if (strayed.isEmpty() && !step.lastRowsAreFinite()) {
      strayed = where();
    }
    if (phase == Phase.ATTENTION) {
      phase = Phase.FEED_FORWARD;
    } else {
      layer++;
      phase = layer < plan.spec().layers() ? Phase.ATTENTION : Phase.OUTPUT;
    }
  }

  private String where() {
    String what = phase == Phase.ATTENTION ? "attention" : "feed-forward";
    return "what the %s of layer %d of %d gives".formatted(what, layer + 1, plan.spec().layers());
  }

  /// What the root has to be told of this rank's logits of one run; valid after a finished step
  /// that computed them, until the next one.
  ///
  /// @param row the first of the run's among all rows of the step of which logits were computed
  public LogitsPart logits(int row, LogitsWanted wanted, Adjustments adjustments) {
    return output.isFinite()
        ? reducer(row).reduce(wanted, adjustments, output.logits, row)
        : reducer(row).strayed(wanted, adjustments, output.logits, row);
  }

  /// Stores the states of rows of the step: their residual stream after the final norm. The same
  /// on every rank; after a finished step, until the next one.
  ///
  /// @param to `[rows, dim]` from place `at` on
  public void states(int from, int rows, float[] to, int at) {
    int dim = plan.spec().dim();
    float epsilon = plan.spec().rmsEpsilon();
    for (int row = 0; row < rows; row++) {
      step.kernels.rmsNorm(
          step.x, (from + row) * dim, weights.finalNorm(), dim, epsilon, to, at + row * dim);
    }
  }

  /// The answer to a question about what [#logits] was told, as valid as that.
  public LogitsPart answer(int row, LogitsQuestion question) {
    return reducer(row).answer(question);
  }

  private LogitsReducer reducer(int row) {
    LogitsReducer reducer = reducers[row];
    if (reducer == null) {
      reducer = new LogitsReducer(plan.vocabulary(rank));
      reducers[row] = reducer;
    }
    return reducer;
  }

  /// Logits for the tokens of [#vocabulary], `[wanted rows, vocabulary]` and room for more, as
  /// valid as [#logits].
  public float[] logitsSlice() {
    return output.logits;
  }

  /// The token ids of this rank's logits.
  public Range vocabulary() {
    return plan.vocabulary(rank);
  }

  private void requireExchange() {
    if (!exchanging) {
      throw new IllegalStateException("no exchange is due, phase=" + phase);
    }
  }
}
