package dllama.cluster.rank;

import akka.actor.typed.ActorRef;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.FramePool;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RankMessage.Assign;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.SliceOrigin;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// What a shard is in a world, or in its rehearsal. Owned by [LayerShard], but for the exchange,
/// which the compute thread uses, too.
final class WorldPart {
  final Assignment assignment;
  final List<ActorRef<RankMessage>> ranks;
  final ActorRef<RootMessage> root;
  final Exchange exchange;
  final PeerWaits waits;
  final RankHost host;
  final SliceReceiver slice;

  /// Steps that the compute thread has not come to the end of.
  final AtomicInteger due = new AtomicInteger();

  /// Questions likewise. Anybody who has seen a frame of the epoch can ask, so it is not for these
  /// to end a world.
  final AtomicInteger asked = new AtomicInteger();

  private long nextStep;

  @Nullable RankSteps steps;

  /// Where the slice of its engine is from; null while there is none.
  @Nullable SliceOrigin origin;

  WorldPart(Assign assign, FramePool frames, RankHost host) {
    this.host = host;
    assignment = assign.assignment();
    ranks = assign.ranks();
    root = assign.root();
    int size = assignment.world().size();
    exchange = new Exchange(assignment.epoch(), assignment.rank(), size, frames);
    waits = new PeerWaits(assignment.epoch(), size);
    slice = new SliceReceiver(assignment, host, root, frames);
  }

  long epoch() {
    return assignment.epoch();
  }

  /// Whether a step has not come yet: one that is done twice would be summed up with the next one
  /// of other ranks.
  boolean isNext(long step) {
    boolean next = step >= nextStep;
    nextStep = next ? step + 1 : nextStep;
    return next;
  }

  /// Whether the root only repeats what it has assigned.
  boolean is(Assign assign) {
    return assignment.equals(assign.assignment()) && ranks.equals(assign.ranks());
  }

  /// Tells the root how far this is, again, because it seems not to know.
  void tellAgain() {
    String failure = exchange.failure();
    SliceOrigin from = origin;
    if (failure != null) {
      root.tell(new RootMessage.ShardFailed(epoch(), assignment.rank(), failure));
    } else if (from != null) {
      root.tell(new RootMessage.ShardReady(epoch(), assignment.rank(), from));
    } else {
      slice.requestAgain();
    }
  }
}
