package dllama.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import com.typesafe.config.Config;
import dllama.cluster.loop.ExchangeDispatcher;
import dllama.cluster.membership.NodeNames;
import dllama.cluster.membership.RootListener;
import dllama.cluster.membership.RootMembership;
import dllama.cluster.wire.FramePool;
import dllama.cluster.wire.MembersMessage;
import dllama.cluster.wire.RootMessage;
import dllama.key.NodeKeys;
import dllama.settings.ClusterSettings;
import dllama.settings.HostAddress;
import java.net.InetSocketAddress;
import java.util.function.BooleanSupplier;

/// A root that is the first member of an Akka cluster, with an open port.
///
/// @param atWork whether this node computes
record ClusteredRoot(ClusterSettings settings, Config akka, NodeKeys keys, BooleanSupplier atWork)
    implements RootSystem {
  @Override
  public <T> ActorSystem<T> start(Behavior<T> guardian, ExchangeDispatcher exchange) {
    return NodeSystem.start(
        guardian,
        settings,
        akka,
        keys,
        exchange,
        NodeNames.ROOT,
        new InetSocketAddress(HostAddress.ofRoot(settings.host()), settings.port()),
        atWork);
  }

  @Override
  public void open(ActorSystem<?> system) {
    var cluster = Cluster.get(system);
    cluster
        .manager()
        .tell(Join.create(cluster.selfMember().address())); // every cluster begins here
  }

  @Override
  public String address(ActorSystem<?> system) {
    return NodeSystem.address(system);
  }

  @Override
  public FramePool frames(ActorSystem<?> system) {
    return NodeSystem.frames(system);
  }

  @Override
  public Behavior<MembersMessage> members(
      ActorRef<RootMessage> coordinator, RootListener listener, ClusterSettings settings) {
    return RootMembership.create(coordinator, listener, settings.sync().timeout());
  }
}
