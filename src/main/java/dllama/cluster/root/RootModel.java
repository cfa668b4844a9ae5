package dllama.cluster.root;

import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.RunsCodec;
import dllama.cluster.wire.SliceSource;
import dllama.cluster.wire.TensorFrameSerializer;
import dllama.cluster.wire.WorldSpec;
import dllama.engine.EngineSettings;
import dllama.engine.ShardEngine;
import dllama.error.UserException;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.settings.ClusterSettings;
import dllama.settings.SharesSetting;
import dllama.slice.Embedding;
import dllama.slice.ShardPlan;
import dllama.slice.Shares;
import dllama.slice.SliceLayout;
import dllama.tensor.DType;
import dllama.tensor.KvHead;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;

/// The model as the root runs it.
///
/// @param fingerprint of its content: equal for equal weights, so that workers may keep slices
/// @param keep whether slices are worth a place in cache folders, and `fingerprint` is of all of
///     the content
/// @param shares how much of the model each node is to take
/// @param exchange type of exchanged partials, F32 or Q8_0
/// @param kv type of the key/value cache, F32 or F16
/// @param contextLength the most positions of a sequence
/// @param sequences to have memory for, if all are as long as they may be
/// @param kvMemory bytes of a rank for keys and values; empty: what is left, as far as `sequences`
///     can use it
/// @param prefillBatch tokens of a prompt to compute together, if frames allow so many
public record RootModel(
    ModelSource source,
    String fingerprint,
    boolean keep,
    SharesSetting shares,
    DType exchange,
    DType kv,
    int contextLength,
    int sequences,
    OptionalLong kvMemory,
    int prefillBatch) {

  /// What the model is like.
  public ModelSpec spec() {
    return source.spec();
  }

  /// Tokens of one step, so that neither input rows nor partials exceed a frame.
  public int maxBatchTokens(int maxFrameBytes) {
    boolean equal = shares.equals(SharesSetting.EQUAL);
    int branches = equal ? 1 : ShardPlan.mostBranches(spec(), exchange);
    return maxBatchTokens(spec(), contextLength, prefillBatch, maxFrameBytes, branches);
  }

  /// The same of a model that is not run, with equal shares.
  public static int maxBatchTokens(
      ModelSpec spec, int contextLength, int prefillBatch, int maxFrameBytes) {
    return maxBatchTokens(spec, contextLength, prefillBatch, maxFrameBytes, 1);
  }

  /// @param branches sums of which a partial is made
  private static int maxBatchTokens(
      ModelSpec spec, int contextLength, int prefillBatch, int maxFrameBytes, int branches) {
    long payload =
        (long) maxFrameBytes - TensorFrameSerializer.MAX_HEADER_BYTES - ARTERY_HEADER_BYTES;
    long partial = branches * DType.F32.byteSize((long) spec.feedForwardSums() * spec.dim());
    long input = DType.F32.byteSize(spec.dim()) + Embedding.inputBytes(spec);
    long row = Math.max(partial, input) + RunsCodec.maxBytes(KvHead.pages(contextLength));
    return (int) Math.max(1, Math.min(Math.min(prefillBatch, contextLength), payload / row));
  }

  /// Refuses a model that can not be run with frames of this size.
  ///
  /// @throws UserException if not even one input row, or half of the logits, fits into a frame
  public void checkFrames(int maxFrameBytes) {
    long partial = (long) spec().feedForwardSums() * spec().dim();
    long rows = Math.max(partial, Math.ceilDiv(spec().vocabSize(), 2));
    long input = DType.F32.byteSize(spec().dim()) + Embedding.inputBytes(spec());
    long needed = Math.max(DType.F32.byteSize(rows), input) + ARTERY_HEADER_BYTES;
    if (needed > maxFrameBytes) {
      throw new UserException(
          "dllama.sync.max-frame-bytes=%d is too small for this model; it needs %d"
              .formatted(maxFrameBytes, needed));
    }
  }

  /// Artery's envelope with uncompressed actor paths and class names, generously.
  private static final int ARTERY_HEADER_BYTES = 4096;

  private static final int MOST_PAGES = 1 << 24;

  /// Sequences whose windows there is room for, if they are so long that not all of them are.
  private static final int WINDOWED = 16;

  /// Of a sequence, where there is room: that before a step and that after it, and what others, or
  /// it itself later, may go on from.
  private static final int STATES = 4;

  /// Into how many steps a part of a share is divided where it does not fit.
  private static final int FINELY = 4;

  /// Numbers of nodes that can run the model, ascending.
  public List<Integer> usableWorldSizes() {
    List<Integer> usable = ShardPlan.usableWorldSizes(spec(), exchange);
    if (usable.isEmpty() || shares.equals(SharesSetting.EQUAL)) {
      return usable;
    }
    IntStream others =
        shares.measured()
            ? IntStream.rangeClosed(1, spec().kvHeads()).filter(this::canBeUneven)
            : IntStream.of(shares.parts().size());
    return IntStream.concat(usable.stream().mapToInt(Integer::intValue), others)
        .distinct()
        .sorted()
        .boxed()
        .toList();
  }

  /// Whether so many nodes could have shares that differ.
  private boolean canBeUneven(int nodes) {
    List<Integer> parts = new ArrayList<>(Collections.nCopies(nodes, 1));
    parts.set(0, 2);
    return ShardPlan.objection(spec(), exchange, new Shares(parts)).isEmpty();
  }

  /// Pages, windows and places for states that a rank has room for; at least those of one whole
  /// context, which an objection is made to where there is no room for them.
  ///
  /// @param memory bytes that the rank may take
  private EngineSettings room(ShardPlan plan, int rank, int maxBatchTokens, long memory) {
    long page = ShardEngine.pageBytes(plan, rank, kv);
    long state = ShardEngine.stateBytes(plan, rank);
    int context = KvHead.pages(contextLength);
    long weights = new SliceLayout(plan, rank).totalBytes();
    long left = kvMemory.orElse(Math.max(0, memory - weights));
    int states = EngineSettings.LEAST_STATES; // of no bytes, where there are none
    if (state > 0) {
      int wanted = Math.multiplyExact(STATES, sequences);
      states = Math.clamp((left - context * page) / state, EngineSettings.LEAST_STATES, wanted);
    }
    left = Math.max(0, left - states * state);
    boolean counts = kvMemory.isPresent() && page > 0; // there may be nothing but windows
    int most = counts ? MOST_PAGES : Math.multiplyExact(context, sequences);
    int windows = windows(plan, rank, maxBatchTokens, left - context * page, most);
    left -= windows * ShardEngine.windowBytes(plan, rank, kv);
    int pages = Math.clamp(Math.max(0, left) / Math.max(1, page), context, most);
    return new EngineSettings(kv, contextLength, maxBatchTokens, pages, windows, states);
  }

  /// @param left bytes
  /// @param most pages
  private int windows(ShardPlan plan, int rank, int maxBatchTokens, long left, int most) {
    long window = ShardEngine.windowBytes(plan, rank, kv);
    int least = EngineSettings.leastWindows(spec(), contextLength, maxBatchTokens);
    if (window == 0) {
      return least;
    }
    long wanted = Math.min(most, (long) WINDOWED * least);
    return Math.clamp(Math.max(0, left) / window, least, (int) Math.max(least, wanted));
  }

  /// What rank 0 of a world has to know.
  ///
  /// @param wanted shares of the ranks; who has not the memory gets less, if others can take it
  /// @param memory bytes that a rank may take
  public Assignment assignment(
      long epoch,
      Shares wanted,
      int maxBatchTokens,
      ClusterSettings.Sync sync,
      IntToLongFunction memory) {
    ShardPlan plan =
        new ShardPlan(spec(), exchange, wanted.areEqual() ? wanted : fitting(wanted, memory));
    int ranks = wanted.areEqual() ? 1 : plan.worldSize(); // equal ranks have the same room
    EngineSettings engine =
        IntStream.range(0, ranks)
            .mapToObj(rank -> room(plan, rank, maxBatchTokens, memory.applyAsLong(rank)))
            .reduce(EngineSettings::least)
            .orElseThrow();
    SliceSource slices =
        switch (source) {
          case ModelSource.Weights _ -> SliceSource.file(fingerprint, keep);
          case ModelSource.Random(_, long seed) -> SliceSource.random(fingerprint, seed);
        };
    return new Assignment(
        epoch, 0, new WorldSpec(plan, engine, sync.collective(), sync.overlap()), slices);
  }

  /// Takes from the share of whoever has not the memory for it, a step at a time.
  private Shares fitting(Shares wanted, IntToLongFunction memory) {
    int[] parts = wanted.parts().stream().mapToInt(part -> FINELY * part).toArray();
    Shares shares = wanted;
    OptionalInt tight = tight(shares, memory);
    while (tight.isPresent()) {
      parts[tight.getAsInt()]--;
      if (parts[tight.getAsInt()] == 0) {
        return wanted; // it can not have less: it will say so itself
      }
      shares = new Shares(IntStream.of(parts).boxed().toList());
      tight = tight(shares, memory);
    }
    return shares;
  }

  /// A rank that has not the memory for weights and one context.
  private OptionalInt tight(Shares shares, IntToLongFunction memory) {
    ShardPlan plan = new ShardPlan(spec(), exchange, shares);
    EngineSettings least = EngineSettings.ofOneSequence(spec(), kv, contextLength, 1);
    return IntStream.range(0, shares.ranks())
        .filter(
            rank ->
                new SliceLayout(plan, rank).totalBytes() + ShardEngine.cacheBytes(plan, rank, least)
                    > memory.applyAsLong(rank))
        .findFirst();
  }
}
