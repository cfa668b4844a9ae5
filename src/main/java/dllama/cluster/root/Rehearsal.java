package dllama.cluster.root;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import dllama.cluster.root.PendingStep.Told;
import dllama.cluster.root.RootCoordinator.Ask;
import dllama.cluster.root.RootCoordinator.Forward;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.NetworkActor;
import dllama.cluster.wire.Node;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.RootMessage.ShardFailed;
import dllama.cluster.wire.RootMessage.ShardReady;
import dllama.cluster.wire.RootMessage.ShardRefused;
import dllama.cluster.wire.RootMessage.Stepped;
import dllama.cluster.wire.TensorFrame.Logits;
import dllama.cluster.wire.Traffic;
import dllama.engine.EngineSettings;
import dllama.logits.LogitsPart;
import dllama.logits.LogitsQuestion;
import dllama.step.PagePool;
import dllama.step.Run;
import dllama.step.Step;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Rehearses what a world that has just been formed will do, while its ranks load: steps of a tiny
/// random model, over the way that real steps take, so that the JVMs of all nodes have compiled
/// that way before the first answer. It is the root of that little world, whose ranks are the same
/// shards and whose epoch is the negative one.
///
/// Ends when steps get no quicker, or some time after the weights are loaded, or when it is
/// stopped, because a step is asked for or the world is lost. If anything goes wrong it just ends:
/// whether a node is lost is for others to say.
final class Rehearsal extends NetworkActor<RootMessage> {
  /// All weights are loaded; steps may be asked for from now on.
  record Loaded() implements RootMessage.Internal {}

  enum Tick implements RootMessage.Internal {
    TICK
  }

  private static final Duration TICK = Duration.ofMillis(250);

  private final Assignment assignment;
  private final World world;
  private final Duration limit;
  private final long stallNanos;
  private final Consumer<String> ended;
  private final RootSteps steps;
  private final RehearsalScript script;
  private final RehearsalPace pace = new RehearsalPace();
  private final TreeSet<Integer> unready = new TreeSet<>();
  private final StepInput input;
  private CompletableFuture<Told> told = new CompletableFuture<>();
  private CompletableFuture<?> answer = told;
  private @Nullable LogitsQuestion question;
  private long roundFrom;
  private long end = Long.MAX_VALUE;

  /// @param assignment to the world that is being loaded
  /// @param world that one
  /// @param limit of the time after it is loaded
  /// @param stall how long a rank that is alive may keep a step waiting
  /// @param ended called when it ends by itself
  static Behavior<RootMessage> create(
      Assignment assignment, World world, Duration limit, Duration stall, Consumer<String> ended) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers ->
                    new Rehearsal(
                        context,
                        timers,
                        assignment.rehearsal(),
                        world.ranks(),
                        limit,
                        stall,
                        ended)));
  }

  private Rehearsal(
      ActorContext<RootMessage> context,
      TimerScheduler<RootMessage> timers,
      Assignment assignment,
      List<Node> ranks,
      Duration limit,
      Duration stall,
      Consumer<String> ended) {
    super(context, RootMessage.class);
    this.assignment = assignment;
    this.limit = limit;
    this.ended = ended;
    stallNanos = stall.toNanos();
    world = new World(assignment.epoch(), assignment.world().plan(), ranks);
    steps = new RootSteps(Traffic.of(context.getSystem()), new AtomicReference<>(PagePool.NONE));
    steps.reset(assignment);
    EngineSettings engine = assignment.world().engine();
    script = new RehearsalScript(engine.maxBatchTokens(), engine.contextLength());
    input = new StepInput(assignment.randomSource(), engine.maxBatchTokens());
    for (int rank = 0; rank < world.size(); rank++) {
      unready.add(rank);
      world.tell(
          rank,
          new RankMessage.Assign(
              ranks.get(rank).key(), assignment.forRank(rank), world.shards(), context.getSelf()));
    }
    timers.startTimerWithFixedDelay(Tick.TICK, TICK);
  }

  @Override
  protected Behavior<RootMessage> onMessage(RootMessage command) {
    switch (command) {
      case ShardReady ready when unready.remove(ready.rank()) && unready.isEmpty() -> {
        roundFrom = System.nanoTime();
        next();
      }
      case Stepped stepped -> steps.computed(stepped.rank(), stepped.step(), stepped.waitedNanos());
      case Logits logits -> steps.put(logits);
      case Loaded _ -> end = System.nanoTime() + limit.toNanos();
      case ShardFailed(long _, int _, String why) -> {
        return end(why);
      }
      case ShardRefused(long _, int _, String why) -> {
        return end(why);
      }
      case Tick _ when steps.overdueRank(System.nanoTime() - stallNanos) >= 0 -> {
        return end("a rank sent no logits");
      }
      default -> {}
    }
    return goOn();
  }

  /// The next step if the last one is done; or the end.
  private Behavior<RootMessage> goOn() {
    long now = System.nanoTime();
    if (end - now <= 0) {
      return end("weights are loaded");
    }
    if (answer.isCompletedExceptionally()) {
      return end("a step failed");
    }
    if (answer.isDone() && question != null) {
      ask(question);
    } else if (answer.isDone()) {
      if (script.isRoundOver()) {
        pace.measured(now - roundFrom, now);
        roundFrom = now;
        if (pace.isSettled(now)) {
          return end("steps get no quicker");
        }
      }
      next();
    }
    return this;
  }

  private void next() {
    Run run = script.next();
    input.clear();
    for (int token : run.tokens()) {
      input.add(token);
    }
    told = new CompletableFuture<>();
    answer = told;
    question = script.question();
    steps.start(world, new Forward(new Step(assignment.epoch(), run), input.frame(), told));
  }

  private void ask(LogitsQuestion next) {
    question = null;
    var parts = new CompletableFuture<List<LogitsPart>>();
    answer = parts;
    steps.ask(world, new Ask(assignment.epoch(), told.join().number(), 0, next, parts));
  }

  private Behavior<RootMessage> end(String why) {
    getContext().getLog().debug("the rehearsal ends: {}; {}", why, pace);
    world.tellAll(new RankMessage.Dissolve(assignment.epoch(), why));
    ended.accept(why);
    return Behaviors.stopped();
  }
}
