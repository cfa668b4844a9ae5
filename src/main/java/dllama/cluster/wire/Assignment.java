package dllama.cluster.wire;

import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.settings.CollectiveType;
import dllama.settings.Overlap;
import dllama.slice.ShardLayout;
import dllama.slice.ShardPlan;
import dllama.slice.TinyModel;
import dllama.tensor.DType;
import dllama.tensor.KvHead;

/// What a node has to know to compute as one rank of a world. From it alone a worker derives the
/// layout of its slice; it needs no configuration of its own that depends on the model.
///
/// @param epoch a positive [Secret] that names a world; its negative: the rehearsal of that world
/// @param rank 0 is the root itself
/// @param exchange type of exchanged partials
/// @param collective how partials are summed, see `CollectiveRule`
/// @param overlap whether long steps are done in halves, see `OverlapRule`
/// @param kv type of the key/value cache
/// @param contextLength the most positions of a sequence
/// @param pages of keys and values that sequences share
/// @param maxBatchTokens tokens that one step may hold
/// @param fingerprint of the model's content
/// @param keep whether the slice may be kept in a folder for the next start
/// @param random whether ranks make their weights up from `seed` instead of being sent them
public record Assignment(
    long epoch,
    int rank,
    int worldSize,
    ModelSpec spec,
    DType exchange,
    CollectiveType collective,
    Overlap overlap,
    DType kv,
    int contextLength,
    int pages,
    int maxBatchTokens,
    String fingerprint,
    boolean keep,
    boolean random,
    long seed) {

  private static final int REHEARSAL_LAYERS = 2;

  /// Positions of a rehearsal: tokens of one of its rounds, and some more.
  public static final int REHEARSAL_CONTEXT = 160;

  private static final int MOST_NODES = 1024;
  private static final int MOST_TOKENS = 1 << 28;

  public Assignment {
    Checks.present(spec, "spec");
    Checks.present(spec.activation(), "activation");
    Checks.present(spec.rope(), "rope");
    Checks.present(exchange, "exchange");
    Checks.present(collective, "collective");
    Checks.present(overlap, "overlap");
    Checks.present(kv, "kv");
    Checks.range("worldSize", worldSize, 1, MOST_NODES);
    Checks.range("rank", rank, 0, worldSize - 1);
    Checks.range("contextLength", contextLength, 1, MOST_TOKENS);
    Checks.range("pages", pages, 1, Integer.MAX_VALUE);
    Checks.range("maxBatchTokens", maxBatchTokens, 1, contextLength);
    fingerprint = Checks.name("fingerprint", fingerprint);
  }

  public ShardPlan plan() {
    return new ShardPlan(spec, exchange, worldSize);
  }

  public ShardLayout layout() {
    return new ShardLayout(plan(), rank);
  }

  /// What ranks make their slices up from when `random`.
  public ModelSource.Random randomSource() {
    return new ModelSource.Random(spec, seed);
  }

  /// Names the bytes of this slice: the same text, the same bytes.
  public String sliceKey() {
    return layout().key(fingerprint);
  }

  /// Whether this is a part in the `Rehearsal` of a world, not in a world itself.
  public boolean rehearses() {
    return epoch < 0;
  }

  /// Kinds of epochs.
  public static final int KINDS = 2;

  /// 0 for a world, 1 for a rehearsal, without a branch.
  public static int kind(long epoch) {
    return (int) (epoch >>> 63);
  }

  /// Epoch of the rehearsal of a world.
  public static long rehearsalOf(long epoch) {
    return -epoch;
  }

  /// The same part in the rehearsal of this world: of a tiny model in place of this one.
  public Assignment rehearsal() {
    int context = Math.min(contextLength, REHEARSAL_CONTEXT);
    return new Assignment(
        rehearsalOf(epoch),
        rank,
        worldSize,
        TinyModel.of(plan(), REHEARSAL_LAYERS, context),
        exchange,
        collective,
        overlap,
        kv,
        context,
        KvHead.pages(context),
        Math.min(maxBatchTokens, context),
        "rehearsal",
        false,
        true,
        0);
  }

  public Assignment forRank(int newRank) {
    return new Assignment(
        epoch,
        newRank,
        worldSize,
        spec,
        exchange,
        collective,
        overlap,
        kv,
        contextLength,
        pages,
        maxBatchTokens,
        fingerprint,
        keep,
        random,
        seed);
  }
}
