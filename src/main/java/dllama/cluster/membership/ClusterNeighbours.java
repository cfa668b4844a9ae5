package dllama.cluster.membership;

import akka.actor.Address;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.ActorSystem;
import akka.cluster.ClusterEvent.ClusterDomainEvent;
import akka.cluster.Member;
import akka.cluster.UniqueAddress;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Down;
import akka.cluster.typed.JoinSeedNodes;
import akka.cluster.typed.Subscribe;
import akka.remote.artery.QuarantinedEvent;
import dllama.cluster.wire.MembersMessage;
import java.net.InetSocketAddress;
import java.util.List;

/// The other nodes of an actor system that is a node of a cluster.
final class ClusterNeighbours implements Neighbours {
  private final ActorSystem<?> system;
  private final Cluster cluster;

  ClusterNeighbours(ActorSystem<?> system) {
    this.system = system;
    cluster = Cluster.get(system);
  }

  @Override
  public long now() {
    return System.nanoTime();
  }

  @Override
  public Member self() {
    return cluster.selfMember();
  }

  @Override
  public Iterable<Member> members() {
    return cluster.state().getMembers();
  }

  @Override
  public <E extends ClusterDomainEvent> void subscribe(ActorRef<E> to, Class<E> kind) {
    cluster.subscriptions().tell(Subscribe.create(to, kind));
  }

  @Override
  public void join(List<Address> seeds) {
    cluster.manager().tell(new JoinSeedNodes(seeds));
  }

  @Override
  public void expel(Member member) {
    pronounceDead(member.uniqueAddress());
    cluster.manager().tell(new Down(member.address()));
  }

  /// A member that is down stays until the failure detector gives it up, which takes minutes.
  /// Meanwhile nobody else joins from the same address and port. To the cluster, a quarantined one
  /// has ended.
  private void pronounceDead(UniqueAddress member) {
    var address = new akka.remote.UniqueAddress(member.address(), member.longUid());
    system.classicSystem().eventStream().publish(new QuarantinedEvent(address));
  }

  @Override
  public ActorRef<MembersMessage> members(Address root) {
    return ActorRefResolver.get(system)
        .resolveActorRef("%s/user/%s".formatted(root, NodeNames.MEMBERS_PATH));
  }

  @Override
  public Line line(Address to, Runnable onEnd) {
    return Lifeline.to(socketAddress(to), onEnd)::close;
  }

  @Override
  public Line search(List<Address> seeds, Runnable onFound) {
    var addresses = seeds.stream().map(ClusterNeighbours::socketAddress).toList();
    return SeedSearch.start(addresses, onFound)::close;
  }

  private static InetSocketAddress socketAddress(Address address) {
    return new InetSocketAddress(address.getHost().orElseThrow(), address.getPort().orElseThrow());
  }
}
