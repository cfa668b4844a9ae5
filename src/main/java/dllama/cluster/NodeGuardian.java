package dllama.cluster;

import akka.actor.Address;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.ChildFailed;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.serialization.SerializationExtension;
import dllama.cluster.loop.ExchangeDispatcher;
import dllama.model.ModelSource;
import dllama.settings.ClusterSettings;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Starts the actors of a node according to its role, and ends the node's actor system when the one
/// that matters ends.
///
/// Paths that other nodes rely on: `/user/root/members` on the root.
final class NodeGuardian {
  /// Roles of cluster members.
  static final String ROOT = "root";

  static final String WORKER = "worker";

  private NodeGuardian() {}

  /// What a guardian can be told.
  enum Command {
    /// This worker ends of its own accord; it says goodbye first.
    END
  }

  static Behavior<Command> root(
      ExchangeDispatcher exchange,
      ShardHost host,
      RootModel model,
      ClusterGate gate,
      ClusterSettings settings,
      RootListener listener,
      AtomicLong worldEpoch,
      Consumer<ActorRef<RootCoordinator.Command>> started) {
    return Behaviors.setup(
        context -> {
          var shard = spawnShard(context, exchange, host, model.source());
          var cluster = Cluster.get(context.getSystem());
          Address address = cluster.selfMember().address();
          cluster.manager().tell(Join.create(address)); // the root is where every cluster begins
          long key = Secret.next();
          shard.tell(new LayerShard.Serve(key));
          var self = new World.Node(RootMembership.name(address), shard, List.of(), List.of(), key);
          var root =
              context.spawn(
                  RootCoordinator.create(model, gate, settings, listener, host, worldEpoch, self),
                  ROOT,
                  DispatcherSelector.fromConfig(ExchangeDispatcher.ID));
          context.watch(shard);
          context.watch(root);
          started.accept(root);
          return stopWith(() -> {}, () -> {});
        });
  }

  static Behavior<Command> worker(
      ExchangeDispatcher exchange,
      ShardHost host,
      List<Address> seeds,
      Consumer<WorkerMembership.End> ended) {
    return Behaviors.setup(
        context -> {
          var shard = spawnShard(context, exchange, host, null);
          var membership =
              context.spawn(WorkerMembership.create(shard, host, seeds, ended), WORKER);
          context.watch(membership);
          return stopWith(
              () -> membership.tell(new WorkerMembership.Ending()),
              () ->
                  ended.accept(new WorkerMembership.End("an error ended it, see the log", false)));
        });
  }

  private static ActorRef<LayerShard.Command> spawnShard(
      ActorContext<Command> context,
      ExchangeDispatcher exchange,
      ShardHost host,
      @Nullable ModelSource source) {
    ActorSystem<?> system = context.getSystem();
    return context.spawn(
        LayerShard.create(host, exchange.computeWait(system), frames(system), source),
        "shard",
        DispatcherSelector.fromConfig(ExchangeDispatcher.ID));
  }

  private static FramePool frames(ActorSystem<?> system) {
    var serializer =
        (TensorFrameSerializer)
            SerializationExtension.get(system.classicSystem())
                .serializerByIdentity()
                .apply(TensorFrameSerializer.IDENTIFIER);
    return serializer.pool();
  }

  /// @param onError before the actor system ends because an actor without which there is no node
  ///     has failed
  private static Behavior<Command> stopWith(Runnable onEnd, Runnable onError) {
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
        .build();
  }
}
