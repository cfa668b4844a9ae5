package dllama.cluster;

import akka.actor.Address;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.ChildFailed;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.PostStop;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import dllama.cluster.loop.ExchangeDispatcher;
import dllama.cluster.membership.NodeNames;
import dllama.cluster.membership.RootListener;
import dllama.cluster.membership.WorkerMembership;
import dllama.cluster.rank.LayerShard;
import dllama.cluster.rank.RankHost;
import dllama.cluster.root.ClusterGate;
import dllama.cluster.root.RootCoordinator;
import dllama.cluster.root.RootModel;
import dllama.cluster.wire.FramePool;
import dllama.cluster.wire.Node;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.Secret;
import dllama.model.ModelSource;
import dllama.settings.ClusterSettings;
import dllama.step.PagePool;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Starts the actors of a node according to its role, and ends the node's actor system when an
/// actor ends without which the node is of no use.
///
/// Paths that other nodes rely on: `/user/root/members` on the root.
final class NodeGuardian {
  /// How long connections may take to end by themselves when a node ends.
  private static final Duration FAREWELL = Duration.ofSeconds(2);

  private NodeGuardian() {}

  /// What a guardian can be told.
  enum Command {
    /// This worker ends of its own accord; it says goodbye first.
    END
  }

  static Behavior<Command> root(
      RootSystem ground,
      ExchangeDispatcher exchange,
      RankHost host,
      RootModel model,
      ClusterGate gate,
      ClusterSettings settings,
      RootListener listener,
      AtomicReference<PagePool> pool,
      Consumer<ActorRef<RootMessage>> started) {
    return Behaviors.setup(
        context -> {
          ActorSystem<?> system = context.getSystem();
          var shard = spawnShard(context, exchange, host, ground.frames(system), model.source());
          ground.open(system);
          long key = Secret.next();
          shard.tell(new RankMessage.Serve(key));
          var self =
              new Node(ground.address(system), shard, List.of(), List.of(), host.memory(), key);
          var root =
              context.spawn(
                  RootCoordinator.create(
                      model,
                      gate,
                      settings,
                      coordinator -> ground.members(coordinator, listener, settings),
                      listener,
                      host,
                      pool,
                      self),
                  NodeNames.ROOT,
                  DispatcherSelector.fromConfig(ExchangeDispatcher.ID));
          context.watch(shard);
          context.watch(root);
          started.accept(root);
          return stopWith(system, () -> {}, () -> {});
        });
  }

  static Behavior<Command> worker(
      ExchangeDispatcher exchange,
      RankHost host,
      List<Address> seeds,
      Consumer<WorkerMembership.End> ended) {
    return Behaviors.setup(
        context -> {
          var frames = NodeSystem.frames(context.getSystem());
          var shard = spawnShard(context, exchange, host, frames, null);
          var membership =
              context.spawn(WorkerMembership.create(shard, host, seeds, ended), NodeNames.WORKER);
          context.watch(membership);
          return stopWith(
              context.getSystem(),
              () -> membership.tell(new WorkerMembership.Ending()),
              () ->
                  ended.accept(new WorkerMembership.End("an error ended it, see the log", false)));
        });
  }

  private static ActorRef<RankMessage> spawnShard(
      ActorContext<Command> context,
      ExchangeDispatcher exchange,
      RankHost host,
      FramePool frames,
      @Nullable ModelSource source) {
    return context.spawn(
        LayerShard.create(host, exchange.computeWait(context.getSystem()), frames, source),
        "shard",
        DispatcherSelector.fromConfig(ExchangeDispatcher.ID));
  }

  /// @param onError before the actor system ends because an actor without which there is no node
  ///     has failed
  private static Behavior<Command> stopWith(
      ActorSystem<?> system, Runnable onEnd, Runnable onError) {
    return Behaviors.receive(Command.class)
        .onMessage(
            Command.class,
            _ -> {
              onEnd.run();
              return Behaviors.same();
            })
        .onSignal(
            ChildFailed.class,
            _ -> {
              onError.run();
              return Behaviors.stopped();
            })
        .onSignal(Terminated.class, _ -> Behaviors.stopped())
        .onSignal(
            PostStop.class,
            _ -> {
              Runnable hangUp = () -> ExchangeDispatcher.hangUp(system);
              system.scheduler().scheduleOnce(FAREWELL, hangUp, system.executionContext());
              return Behaviors.same();
            })
        .build();
  }
}
