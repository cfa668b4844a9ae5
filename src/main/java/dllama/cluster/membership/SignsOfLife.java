package dllama.cluster.membership;

import akka.actor.typed.ActorRef;
import dllama.cluster.wire.MembersMessage;
import dllama.cluster.wire.Node;
import java.util.Arrays;
import java.util.List;

/// Tells membership that workers that compute are alive, even if their heartbeats are late, as
/// often as those come.
public final class SignsOfLife {
  private final ActorRef<MembersMessage> members;
  private final List<Node> ranks;
  private final long[] heardAt;

  /// Signs of the ranks of a world, told to who counts members.
  public SignsOfLife(ActorRef<MembersMessage> members, List<Node> ranks) {
    this.members = members;
    this.ranks = ranks;
    heardAt = new long[ranks.size()];
    Arrays.fill(heardAt, System.nanoTime());
  }

  /// Something of this rank has arrived.
  public void heard(int rank) {
    long now = System.nanoTime();
    if (rank > 0 && now - heardAt[rank] > RootMembership.TICK.toNanos()) {
      heardAt[rank] = now;
      members.tell(new MembersMessage.Heard(ranks.get(rank).address()));
    }
  }
}
