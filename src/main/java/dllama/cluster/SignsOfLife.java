package dllama.cluster;

import akka.actor.typed.ActorRef;
import java.util.Arrays;
import java.util.List;

/// Tells membership that workers that compute are alive, even if their heartbeats are late, as
/// often as those come.
final class SignsOfLife {
  private final ActorRef<RootMembership.Command> members;
  private final List<World.Node> ranks;
  private final long[] heardAt;

  SignsOfLife(ActorRef<RootMembership.Command> members, List<World.Node> ranks) {
    this.members = members;
    this.ranks = ranks;
    heardAt = new long[ranks.size()];
    Arrays.fill(heardAt, System.nanoTime());
  }

  /// Something of this rank has arrived.
  void heard(int rank) {
    long now = System.nanoTime();
    if (rank > 0 && now - heardAt[rank] > RootMembership.TICK.toNanos()) {
      heardAt[rank] = now;
      members.tell(new RootMembership.Heard(ranks.get(rank).address()));
    }
  }
}
