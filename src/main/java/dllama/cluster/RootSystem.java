package dllama.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import dllama.cluster.loop.ExchangeDispatcher;
import dllama.cluster.membership.RootListener;
import dllama.cluster.wire.FramePool;
import dllama.cluster.wire.MembersMessage;
import dllama.cluster.wire.RootMessage;
import dllama.settings.ClusterSettings;

/// What a root stands on: an actor system that others can reach and join ([ClusteredRoot]), or one
/// of this process alone ([LoneRoot]). The actors on it are the same.
interface RootSystem {
  /// Starts the actor system.
  ///
  /// @throws dllama.error.UserException if its address can not be bound
  <T> ActorSystem<T> start(Behavior<T> guardian, ExchangeDispatcher exchange);

  /// From now on others can join. Called once, by the guardian.
  void open(ActorSystem<?> system);

  /// What this node is called: `host:port` where others can join it.
  String address(ActorSystem<?> system);

  /// Where the buffers of frames come from.
  FramePool frames(ActorSystem<?> system);

  /// Who belongs to the cluster of this root.
  Behavior<MembersMessage> members(
      ActorRef<RootMessage> coordinator, RootListener listener, ClusterSettings settings);
}
