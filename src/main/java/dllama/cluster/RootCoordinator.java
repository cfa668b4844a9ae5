package dllama.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.ChildFailed;
import akka.actor.typed.Signal;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import dllama.cluster.TensorFrame.Logits;
import dllama.cluster.World.Node;
import dllama.logits.LogitsPart;
import dllama.logits.LogitsQuestion;
import dllama.settings.ClusterSettings;
import dllama.step.ForwardException;
import dllama.step.Step;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/// The root's actor: has worlds formed of the nodes that [RootMembership] brings
/// ([WorldFormation]), and their steps done ([RootSteps]). One per root node.
final class RootCoordinator extends NetworkActor<RootCoordinator.Command> {
  /// What the coordinator can be told.
  sealed interface Command
      permits Coming,
          Joined,
          Gone,
          SliceWanted,
          Loading,
          ShardReady,
          ShardRefused,
          ShardFailed,
          Forward,
          Ask,
          Stepped,
          Strayed,
          Logits,
          Ending,
          Rehearsal.Loaded,
          Rehearsal.Tick,
          Tick {}

  /// A worker is on its way.
  record Coming(String address) implements Command {}

  /// A worker can be used from now on.
  record Joined(Node worker) implements Command {}

  /// A worker left, was lost or was removed; `why` completes "the worker at … ".
  record Gone(String address, String why) implements Command {}

  /// A rank has memory for its slice and holds none.
  record SliceWanted(long epoch, int rank) implements Command, ControlMessage {}

  /// Bytes of a rank's slice that are in place.
  record Loading(long epoch, int rank, long bytes, long total) implements Command, ControlMessage {
    Loading {
      Checks.range("total", total, 1, Long.MAX_VALUE);
      Checks.range("bytes", bytes, 0, total);
    }
  }

  /// A rank can compute.
  record ShardReady(long epoch, int rank, SliceOrigin origin) implements Command, ControlMessage {
    ShardReady {
      Checks.present(origin, "origin");
    }
  }

  /// A rank can not be what it was assigned; `why` completes "the worker at … ".
  record ShardRefused(long epoch, int rank, String why) implements Command, ControlMessage {
    ShardRefused {
      why = Checks.line("why", why);
    }
  }

  /// The world can not go on because of `rank`; `why` completes "the worker at … ".
  record ShardFailed(long epoch, int rank, String why) implements Command, ControlMessage {
    ShardFailed {
      why = Checks.line("why", why);
    }
  }

  /// Compute a step; rows of `input` are those of its runs' tokens.
  record Forward(Step step, FrameBuffer input, CompletableFuture<PendingStep.Told> answer)
      implements Command {
    void fail(String why) {
      answer.completeExceptionally(new ForwardException(why));
    }
  }

  /// Ask ranks about the logits of a run of the latest step.
  record Ask(
      long epoch,
      long step,
      int run,
      LogitsQuestion question,
      CompletableFuture<List<LogitsPart>> answer)
      implements Command {
    void fail(String why) {
      answer.completeExceptionally(new ForwardException(why));
    }
  }

  /// A rank has computed a step, of whose logits nothing is wanted; rank 0 always says so.
  record Stepped(long epoch, int rank, long step, long waitedNanos)
      implements Command, ControlMessage {
    Stepped {
      Checks.range("waitedNanos", waitedNanos, 0, Long.MAX_VALUE);
    }
  }

  /// From this node's own rank: a step has come to what is no number, see [NotFinite#at].
  record Strayed(long epoch, long step, String where) implements Command {}

  /// This root ends: everybody is told, and nothing is news any more.
  record Ending(CompletableFuture<Boolean> done) implements Command {}

  private enum Tick implements Command {
    TICK
  }

  private static final Duration TICK = Duration.ofMillis(250);

  private final ShardHost host;
  private final Duration stall;
  private final RootSteps steps;
  private final ActorRef<RootMembership.Command> members;
  private final WorldFormation formation;
  private boolean ending;

  /// @param host this node's, whose memory decides what can be formed
  /// @param worldEpoch kept at that of the present world
  static Behavior<Command> create(
      RootModel model,
      ClusterGate gate,
      ClusterSettings settings,
      RootListener listener,
      ShardHost host,
      AtomicLong worldEpoch,
      Node self) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers ->
                    new RootCoordinator(
                        context, timers, model, gate, settings, listener, host, worldEpoch, self)));
  }

  private RootCoordinator(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      RootModel model,
      ClusterGate gate,
      ClusterSettings settings,
      RootListener listener,
      ShardHost host,
      AtomicLong worldEpoch,
      Node self) {
    super(context, Command.class);
    this.host = host;
    stall = settings.sync().stallTimeout();
    steps = new RootSteps(Traffic.of(context.getSystem()), worldEpoch);
    members =
        context.spawn(
            RootMembership.create(context.getSelf(), listener, settings.sync().timeout()),
            RootMembership.NAME);
    context.watch(members);
    formation =
        new WorldFormation(context, model, gate, settings, listener, host, self, members, steps);
    timers.startTimerWithFixedDelay(Tick.TICK, TICK);
    formation.gather();
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    if (ending) {
      return this;
    }
    switch (command) {
      case Coming(String address) -> formation.coming(address);
      case Joined(Node worker) -> formation.joined(worker);
      case Gone(String address, String why) -> formation.gone(address, why);
      case SliceWanted(long of, int rank) when formation.isCurrent(of, rank) ->
          formation.sendSlice(rank);
      case Loading(long of, int rank, long bytes, long total) when formation.isCurrent(of, rank) ->
          formation.loading(rank, bytes, total);
      case ShardReady(long of, int rank, var origin) when formation.isCurrent(of, rank) ->
          formation.loaded(rank, origin);
      case ShardRefused(long of, int rank, String why) when formation.isCurrent(of, rank) ->
          formation.leaveOut(rank, why);
      case ShardFailed(long of, int rank, String why) when formation.isCurrent(of, rank) ->
          formation.expel(rank, why);
      case Forward forward -> onForward(forward);
      case Ask ask -> onAsk(ask);
      case Stepped(long of, int rank, long step, long nanos) when formation.isCurrent(of, rank) -> {
        formation.heard(rank);
        steps.computed(rank, step, nanos);
      }
      case Strayed(long of, long step, String where) when formation.isCurrent(of, 0) ->
          steps.strayed(step, where);
      case Logits logits when formation.isCurrent(logits.epoch(), logits.rank()) -> {
        formation.heard(logits.rank());
        steps.put(logits);
      }
      case Ending(var done) -> onEnding(done);
      case Tick _ -> onTick();
      default -> getContext().getLog().debug("dropped {} of an earlier epoch", command);
    }
    return this;
  }

  /// Without the members' actor this root takes in nobody, nor notices who is lost: it ends.
  /// Without the stream of its weights a rank can not load.
  @Override
  Behavior<Command> onSignal(Signal signal) {
    switch (signal) {
      case Terminated ended when ended.getRef().path().equals(members.path()) -> {
        return Behaviors.stopped();
      }
      case ChildFailed failed -> formation.failed(failed);
      default -> {}
    }
    return this;
  }

  private void onForward(Forward forward) {
    Optional<World> world = formation.ready();
    if (world.isEmpty()) {
      forward.fail("not ready: " + formation.obstacle());
      return;
    }
    formation.endRehearsal();
    steps.start(world.get(), forward);
  }

  private void onAsk(Ask ask) {
    World world = formation.world();
    if (world == null || ask.epoch() != world.epoch()) {
      ask.fail("not ready: " + formation.waiting());
      return;
    }
    steps.ask(world, ask);
  }

  private void onEnding(CompletableFuture<Boolean> done) {
    ending = true;
    members.tell(new RootMembership.Ending(done));
  }

  private void onTick() {
    int overdue = steps.overdueRank(System.nanoTime() - stall.toNanos());
    if (overdue >= 0) {
      formation.expel(overdue, "sent no logits for %d s".formatted(stall.toSeconds()));
    } else if (steps.isLost(System.nanoTime(), host.isComputing())) {
      formation.expel(0, "does not compute the step that it was given");
    }
    formation.gather();
  }
}
