package dllama.cluster.membership;

import akka.actor.Address;
import akka.actor.typed.ActorRef;
import akka.cluster.ClusterEvent.ClusterDomainEvent;
import akka.cluster.Member;
import dllama.cluster.wire.MembersMessage;
import java.util.List;

/// What membership sees of other nodes, and does about them, outside of its own messages: the Akka
/// cluster, connections, and the clock.
interface Neighbours {
  /// On the clock of `System.nanoTime`.
  long now();

  /// This node.
  Member self();

  /// All that the cluster knows.
  Iterable<Member> members();

  /// Has `to` told what changes in the cluster, and at first what there is.
  <E extends ClusterDomainEvent> void subscribe(ActorRef<E> to, Class<E> kind);

  /// Joins the cluster of one of these.
  void join(List<Address> seeds);

  /// Takes a worker out of the cluster for good; if it is alive after all, it starts a new actor
  /// system and joins again.
  void expel(Member member);

  /// The members' actor of a root.
  ActorRef<MembersMessage> members(Address root);

  /// Holds a [Lifeline] to a node; closing the result lets go of it.
  Line line(Address to, Runnable onEnd);

  /// Looks for one of `seeds` that listens, see [SeedSearch]; closing the result ends that.
  Line search(List<Address> seeds, Runnable onFound);

  /// What is held until it is closed.
  interface Line extends AutoCloseable {
    @Override
    void close();
  }
}
