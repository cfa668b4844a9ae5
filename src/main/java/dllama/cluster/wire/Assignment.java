package dllama.cluster.wire;

import dllama.model.ModelSource;
import dllama.slice.SliceLayout;

/// What a node has to know to compute as one rank of a world. From it alone a worker derives the
/// layout of its slice; it needs no configuration of its own that depends on the model.
///
/// @param epoch a positive [Secret] that names a world; its negative: the rehearsal of that world
/// @param rank 0 is the root itself
public record Assignment(long epoch, int rank, WorldSpec world, SliceSource source) {
  /// Kinds of epochs.
  public static final int KINDS = 2;

  public Assignment {
    Checks.present(world, "world");
    Checks.range("rank", rank, 0, world.size() - 1);
    Checks.present(source, "source");
  }

  /// What this rank holds of the model, and where.
  public SliceLayout layout() {
    return new SliceLayout(world.plan(), rank);
  }

  /// What ranks make their slices up from, if the source is random.
  public ModelSource.Random randomSource() {
    return new ModelSource.Random(world.model(), source.seed());
  }

  /// Names the bytes of this slice: the same text, the same bytes.
  public String sliceKey() {
    return layout().key(source.fingerprint());
  }

  /// The same world as another rank has to know it.
  public Assignment forRank(int newRank) {
    return new Assignment(epoch, newRank, world, source);
  }

  /// The same part in the rehearsal of this world: of a tiny model in place of this one.
  public Assignment rehearsal() {
    return new Assignment(
        rehearsalOf(epoch), rank, world.rehearsal(), SliceSource.random("rehearsal", 0));
  }

  /// Whether this is a part in the `Rehearsal` of a world, not in a world itself.
  public boolean rehearses() {
    return epoch < 0;
  }

  /// 0 for a world, 1 for a rehearsal, without a branch.
  public static int kind(long epoch) {
    return (int) (epoch >>> 63);
  }

  /// Epoch of the rehearsal of a world.
  public static long rehearsalOf(long epoch) {
    return -epoch;
  }
}
