package dllama.cluster.rank;

import dllama.cluster.wire.Assignment;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;

/// What a shard is in the present world and, meanwhile, in its rehearsal, by kind of epoch. Code
/// that branches there would be compiled for the one and thrown away with the other. Owned by
/// [LayerShard].
final class WorldParts {
  static final int REAL = Assignment.kind(1);
  static final int REHEARSED = Assignment.kind(Assignment.rehearsalOf(1));

  /// What is older than so many worlds is not on its way any more.
  private static final int MOST_OVER = 32;

  /// The last one is nobody's.
  private final @Nullable WorldPart[] parts = new WorldPart[Assignment.KINDS + 1];

  /// Where what is over once there is a step stands, by kind: the rehearsal of a world, and
  /// nobody's of a rehearsal.
  private final int[] rehearsal = new int[Assignment.KINDS];

  /// Epochs that have ended lately: an order for one of these that comes late must not take this
  /// node out of the world that it is in.
  private final SequencedSet<Long> over = new LinkedHashSet<>();

  WorldParts() {
    rehearsal[REAL] = REHEARSED;
    rehearsal[REHEARSED] = Assignment.KINDS;
  }

  /// Null if there is none.
  @Nullable WorldPart get(int kind) {
    return parts[kind];
  }

  /// Null if this shard has no part in that, or no longer.
  @Nullable WorldPart ofEpoch(long epoch) {
    WorldPart now = parts[Assignment.kind(epoch)];
    return now != null && now.epoch() == epoch ? now : null;
  }

  /// Whether there is a rehearsal of this part.
  boolean isRehearsed(WorldPart part) {
    return parts[rehearsal[Assignment.kind(part.epoch())]] != null;
  }

  /// Not if it has ended meanwhile.
  boolean has(WorldPart part) {
    return parts[Assignment.kind(part.epoch())] == part;
  }

  /// Takes the place of what has ended.
  void begin(WorldPart part) {
    over.remove(part.epoch());
    parts[Assignment.kind(part.epoch())] = part;
  }

  /// Whether there was anything to end.
  boolean end(int kind, String why) {
    WorldPart ended = parts[kind];
    if (ended == null) {
      return false;
    }
    ended.exchange.fail(why);
    parts[kind] = null;
    over(ended.epoch());
    return true;
  }

  /// An epoch is over, whether or not this shard has heard of it.
  void over(long epoch) {
    over.addLast(epoch);
    if (over.size() > MOST_OVER) {
      over.removeFirst();
    }
  }

  boolean isOver(long epoch) {
    return over.contains(epoch);
  }
}
