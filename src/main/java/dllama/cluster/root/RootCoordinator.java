package dllama.cluster.root;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.ChildFailed;
import akka.actor.typed.Signal;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import dllama.cluster.membership.NodeNames;
import dllama.cluster.membership.RootListener;
import dllama.cluster.rank.RankHost;
import dllama.cluster.wire.FrameBuffer;
import dllama.cluster.wire.MembersMessage;
import dllama.cluster.wire.NetworkActor;
import dllama.cluster.wire.Node;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.RootMessage.Coming;
import dllama.cluster.wire.RootMessage.Fetched;
import dllama.cluster.wire.RootMessage.Figures;
import dllama.cluster.wire.RootMessage.Gone;
import dllama.cluster.wire.RootMessage.Joined;
import dllama.cluster.wire.RootMessage.Loading;
import dllama.cluster.wire.RootMessage.Measured;
import dllama.cluster.wire.RootMessage.ShardFailed;
import dllama.cluster.wire.RootMessage.ShardReady;
import dllama.cluster.wire.RootMessage.ShardRefused;
import dllama.cluster.wire.RootMessage.SliceWanted;
import dllama.cluster.wire.RootMessage.Stepped;
import dllama.cluster.wire.RootMessage.Strayed;
import dllama.cluster.wire.TensorFrame.Logits;
import dllama.cluster.wire.Traffic;
import dllama.error.UserException;
import dllama.logits.LogitsPart;
import dllama.logits.LogitsQuestion;
import dllama.settings.ClusterSettings;
import dllama.step.ForwardException;
import dllama.step.PagePool;
import dllama.step.Step;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/// The root's actor: has worlds formed of the nodes that its members' actor brings
/// ([WorldFormation]), and their steps done ([RootSteps]). One per root node.
public final class RootCoordinator extends NetworkActor<RootMessage> {
  /// Compute a step; rows of `input` are those of its runs' tokens.
  record Forward(Step step, FrameBuffer input, CompletableFuture<PendingStep.Told> answer)
      implements RootMessage.Internal {
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
      implements RootMessage.Internal {
    void fail(String why) {
      answer.completeExceptionally(new ForwardException(why));
    }
  }

  /// This root ends: everybody is told, and nothing is news any more.
  public record Ending(CompletableFuture<Boolean> done) implements RootMessage.Internal {}

  /// Somebody is going to be answered: until the [Release] nothing but a loss ends the world.
  public record Claim(CompletableFuture<Boolean> done) implements RootMessage.Internal {}

  /// Nobody is answered any more: a larger world, or one that was asked for, may be formed.
  public record Release() implements RootMessage.Internal {}

  /// Asks which nodes there are.
  ///
  /// @param wanted nodes wanted from now on, 0 for as many as there are; empty to change nothing
  /// @param answer fails with a `UserException` if so many can not be
  public record AskNodes(OptionalInt wanted, CompletableFuture<NodesHere> answer)
      implements RootMessage.Internal {}

  private enum Tick implements RootMessage.Internal {
    TICK
  }

  private static final Duration TICK = Duration.ofMillis(250);

  private final RankHost host;
  private final Node self;
  private final Duration stall;
  private final RootSteps steps;
  private final NodeStates nodes;
  private final ActorRef<MembersMessage> members;
  private final WorldFormation formation;
  private final SlicesAhead ahead;
  private final SlowWatch slow;
  private final Answering answering = new Answering(System.nanoTime());
  private boolean ending;

  /// The coordinator of a root without a world.
  ///
  /// @param membership makes the actor that tells who belongs to the cluster
  /// @param host this node's, whose memory decides what can be formed
  /// @param pool kept at that of the present world
  public static Behavior<RootMessage> create(
      RootModel model,
      ClusterGate gate,
      ClusterSettings settings,
      Function<ActorRef<RootMessage>, Behavior<MembersMessage>> membership,
      RootListener listener,
      RankHost host,
      AtomicReference<PagePool> pool,
      Node self) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers ->
                    new RootCoordinator(
                        context,
                        timers,
                        model,
                        gate,
                        settings,
                        membership,
                        listener,
                        host,
                        pool,
                        self)));
  }

  private RootCoordinator(
      ActorContext<RootMessage> context,
      TimerScheduler<RootMessage> timers,
      RootModel model,
      ClusterGate gate,
      ClusterSettings settings,
      Function<ActorRef<RootMessage>, Behavior<MembersMessage>> membership,
      RootListener listener,
      RankHost host,
      AtomicReference<PagePool> pool,
      Node self) {
    super(context, RootMessage.class);
    this.host = host;
    this.self = self;
    stall = settings.sync().stallTimeout();
    steps = new RootSteps(Traffic.of(context.getSystem()), pool);
    nodes = new NodeStates(steps.waits());
    members = context.spawn(membership.apply(context.getSelf()), NodeNames.MEMBERS);
    context.watch(members);
    formation =
        new WorldFormation(
            context,
            model,
            gate,
            settings,
            listener,
            host,
            self,
            members,
            steps,
            answering::isClaimed);
    ahead = new SlicesAhead(context, model.source(), settings.weights());
    slow = new SlowWatch(steps, formation, listener, settings.slowRetry());
    timers.startTimerWithFixedDelay(Tick.TICK, TICK);
    formation.gather();
  }

  @Override
  protected Behavior<RootMessage> onMessage(RootMessage command) {
    if (ending) {
      return this;
    }
    switch (command) {
      case Coming(String address) -> formation.coming(address);
      case Joined(Node worker) -> formation.joined(worker);
      case Measured(long key, long speed) -> formation.measured(key, speed);
      case Gone(String address, String why) -> {
        nodes.gone(address);
        slow.gone(address);
        formation.gone(address, why);
      }
      case Figures figures -> nodes.told(figures, formation.world(), System.nanoTime());
      case SliceWanted(long of, int rank) when formation.isCurrent(of, rank) ->
          formation.sendSlice(rank);
      case SliceWanted(long of, _) when ahead.isCurrent(of) -> ahead.send();
      case Fetched(long of, _, boolean kept) when ahead.isCurrent(of) ->
          ahead.settled(kept).ifPresent(formation::replace);
      case ShardFailed(long of, _, _) when ahead.isCurrent(of) -> ahead.settled(false);
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
      case Strayed(long of, long step, String where, int sender) when formation.isCurrent(of, 0) ->
          steps.strayed(step, where, sender);
      case Logits logits when formation.isCurrent(logits.epoch(), logits.rank()) -> {
        formation.heard(logits.rank());
        steps.put(logits);
      }
      case Claim(var done) -> {
        answering.claim();
        ahead.pause();
        formation.gather(); // after a loss whoever asks waits for no more nodes
        done.complete(true);
      }
      case Release() -> answering.release();
      case AskNodes ask -> onAskNodes(ask);
      case Ending(var done) -> onEnding(done);
      case Tick _ -> onTick();
      default -> getContext().getLog().debug("dropped {} of an earlier epoch", command);
    }
    return this;
  }

  /// Without the members' actor this root takes in nobody, nor notices who is lost: it ends.
  /// Without the stream of its weights a rank can not load.
  @Override
  protected Behavior<RootMessage> onSignal(Signal signal) {
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
    answering.stepped(System.nanoTime());
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

  /// Who asks for a number of nodes waits for them: there is no pause.
  private void onAskNodes(AskNodes ask) {
    try {
      ask.wanted().ifPresent(formation::want);
      ask.answer()
          .complete(
              formation
                  .nodes()
                  .with(self.address(), nodes.of(formation.known(), formation.world())));
    } catch (UserException e) {
      ask.answer().completeExceptionally(e);
      return;
    }
    if (ask.wanted().isPresent() && !answering.isClaimed() && !steps.isBusy()) {
      formation.adapt();
    }
  }

  private void onEnding(CompletableFuture<Boolean> done) {
    ending = true;
    members.tell(new MembersMessage.Ending(done));
  }

  private void onTick() {
    steps.waits().told(0, host.waits(), System.nanoTime());
    int overdue = steps.overdueRank(System.nanoTime() - stall.toNanos());
    if (overdue >= 0) {
      formation.expel(overdue, "sent no logits for %d s".formatted(stall.toSeconds()));
    } else if (steps.isLost(System.nanoTime(), host.isComputing())) {
      formation.expel(0, "does not compute the step that it was given");
    }
    formation.remind(TICK);
    formation.gather();
    formation.ready().ifPresent(world -> slow.look(world, TICK, System.nanoTime()));
    boolean idle = answering.isOver(System.nanoTime()) && !steps.isBusy();
    if (idle) {
      formation.adapt();
      formation.ready().ifPresent(world -> slow.adapt(world, System.nanoTime()));
    }
    formation.ready().ifPresentOrElse(world -> lookAhead(world, idle), ahead::end);
  }

  private void lookAhead(World world, boolean idle) {
    ahead.look(world, formation.known(), formation.oneLess(), formation::draft, idle);
  }
}
