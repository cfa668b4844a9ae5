package dllama.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.ChildFailed;
import akka.actor.typed.DispatcherSelector;
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
import dllama.shard.ShardLayout;
import dllama.shard.SliceReader;
import dllama.step.ForwardException;
import dllama.step.Step;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Owns the model; forms worlds of the nodes that [RootMembership]
/// brings, has them loaded, and drives their steps. One per root node.
///
/// States: gathering (no world), loading (a world whose ranks are not all ready), ready. Whatever
/// goes wrong with a rank ends the world: its step fails, all its shards are told, and gathering
/// starts anew, under another epoch.
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

  private final RootModel model;
  private final RootListener listener;
  private final ClusterGate gate;
  private final ShardHost host;
  private final Node self;
  private final ClusterSettings settings;
  private final int maxBatchTokens;
  private final RootSteps steps;
  private final Rehearsals rehearsals;
  private final ActorRef<RootMembership.Command> members;
  private final Map<String, Node> workers = new LinkedHashMap<>();
  private final Set<String> coming = new HashSet<>();

  private long epoch;
  private @Nullable World world;
  private final TreeSet<Integer> unready = new TreeSet<>();

  /// Who sends which rank its weights.
  private final Map<ActorRef<?>, Integer> streams = new HashMap<>();

  private int cached;
  private long formedAt;
  private SignsOfLife signsOfLife;
  private String waiting = "";

  /// Why there has been no world since the last one; empty if there was none, or one is ready.
  private String lost = "";
  private boolean ending;

  /// This node itself could not be a rank; the same nodes once more would not change that.
  private boolean unfit;

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
    this.model = model;
    this.gate = gate;
    this.settings = settings;
    this.listener = listener;
    this.host = host;
    this.self = self;
    maxBatchTokens = model.maxBatchTokens(settings.sync().maxFrameBytes());
    steps = new RootSteps(Traffic.of(context.getSystem()), worldEpoch);
    rehearsals = new Rehearsals(context, settings.sync(), listener);
    members =
        context.spawn(
            RootMembership.create(context.getSelf(), listener, settings.sync().timeout()),
            RootMembership.NAME);
    context.watch(members);
    signsOfLife = new SignsOfLife(members, List.of());
    timers.startTimerWithFixedDelay(Tick.TICK, TICK);
    gate.changed(System.nanoTime()); // from now on workers can come
    gather();
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    if (ending) {
      return this;
    }
    switch (command) {
      case Coming(String address) -> {
        coming.add(address);
        onNodesChanged();
      }
      case Joined(Node worker) -> onJoined(worker);
      case Gone(String address, String why) -> onGone(address, why);
      case SliceWanted(long of, int rank) when isCurrent(of, rank) -> sendSlice(rank);
      case Loading(long of, int rank, long bytes, long total) when isCurrent(of, rank) ->
          listener.loading(rank, ranks().get(rank).address(), bytes, total);
      case ShardReady(long of, int rank, var from) when isCurrent(of, rank) -> onReady(rank, from);
      case ShardRefused(long of, int rank, String why) when isCurrent(of, rank) ->
          leaveOut(rank, why);
      case ShardFailed(long of, int rank, String why) when isCurrent(of, rank) ->
          onFailed(rank, why);
      case Forward forward -> onForward(forward);
      case Ask ask -> onAsk(ask);
      case Stepped(long of, int rank, long step, long nanos) when isCurrent(of, rank) -> {
        signsOfLife.heard(rank);
        steps.computed(rank, step, nanos);
      }
      case Strayed(long of, long step, String where) when isCurrent(of, 0) ->
          steps.strayed(step, where);
      case Logits logits when isCurrent(logits.epoch(), logits.rank()) -> {
        signsOfLife.heard(logits.rank());
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
      case ChildFailed failed -> onStreamFailed(failed);
      default -> {}
    }
    return this;
  }

  private void onStreamFailed(ChildFailed failed) {
    Integer rank = streams.get(failed.getRef());
    if (rank != null && world != null) {
      lose(
          0,
          "could not read the weights for %s: %s"
              .formatted(world.name(rank), failed.cause().getMessage()));
      unfit = true; // the same file once more would not be another one
    }
  }

  private boolean isCurrent(long of, int rank) {
    return world != null && of == epoch && rank >= 0 && rank < world.size();
  }

  private List<Node> ranks() {
    return world == null ? List.of() : world.ranks();
  }

  // ---- gathering

  private void onJoined(Node worker) {
    coming.remove(worker.address());
    workers.put(worker.address(), worker);
    onNodesChanged();
    if (world != null) {
      listener.spare(worker.address(), world.size(), gate.largestUsable(workers.size() + 1));
    }
    gather();
  }

  private void onGone(String address, String why) {
    coming.remove(address);
    if (workers.remove(address) == null) {
      return;
    }
    onNodesChanged();
    if (world != null && world.has(address)) {
      lose(world.rankOf(address), why);
    } else {
      listener.left(address, why);
    }
    gather();
  }

  private void onNodesChanged() {
    gate.changed(System.nanoTime());
    unfit = false;
  }

  /// Forms a world if there is none and the gate opens.
  private void gather() {
    if (world != null || unfit) {
      return;
    }
    switch (gate.decide(workers.size() + 1, coming.size(), System.nanoTime())) {
      case ClusterGate.Decision.Wait(String what) -> await(what);
      case ClusterGate.Decision.Form(int nodes) -> {
        Assignment assignment =
            model.assignment(Secret.next(), nodes, maxBatchTokens, settings.sync());
        Optional<String> objection = host.objection(assignment);
        if (objection.isPresent()) {
          await(
              "with %d node%s the root %s"
                  .formatted(nodes, nodes == 1 ? "" : "s", objection.get()));
        } else {
          form(assignment);
        }
      }
    }
  }

  private void await(String what) {
    if (!what.equals(waiting)) {
      waiting = what;
      listener.waiting(what);
    }
  }

  private void form(Assignment assignment) {
    epoch = assignment.epoch();
    int nodes = assignment.worldSize();
    cached = 0;
    formedAt = System.nanoTime();
    steps.reset(assignment);
    waiting = "the cluster is loading the model";
    World formed =
        World.form(
            epoch,
            assignment.plan(),
            self,
            workers.values(),
            rank -> assignment.forRank(rank).sliceKey());
    world = formed;
    signsOfLife = new SignsOfLife(members, formed.ranks());
    listener.forming(nodes);
    CollectiveRule.of(assignment).notice().ifPresent(listener::notice);
    for (int rank = 0; rank < nodes; rank++) {
      unready.add(rank);
      Assignment part = assignment.forRank(rank);
      Node node = formed.ranks().get(rank);
      var assign = new LayerShard.Assign(node.key(), part, formed.shards(), getContext().getSelf());
      node.shard().tell(assign);
    }
    rehearsals.begin(assignment, formed);
  }

  // ---- loading

  private void sendSlice(int rank) {
    World current = Objects.requireNonNull(world);
    String name = "weights-%x-%d".formatted(epoch, rank);
    if (!unready.contains(rank) || getContext().getChild(name).isPresent()) {
      getContext().getLog().debug("rank {} asks for its weights again", rank);
      return;
    }
    ShardLayout layout = new ShardLayout(current.plan(), rank);
    ActorRef<?> stream =
        getContext()
            .spawn(
                WeightStream.create(
                    new SliceReader(layout, model.source()),
                    layout,
                    epoch,
                    settings.weights(),
                    ranks().get(rank).shard(),
                    getContext().getSelf()),
                name,
                DispatcherSelector.blocking());
    streams.put(stream, rank);
    getContext().watch(stream);
  }

  private void onReady(int rank, SliceOrigin origin) {
    if (!unready.remove(rank)) {
      return;
    }
    Node node = ranks().get(rank);
    workers.replace(node.address(), node); // it holds its slice now
    cached += origin == SliceOrigin.CACHE ? 1 : 0;
    if (unready.isEmpty()) {
      waiting = "";
      lost = "";
      Set<String> others = ranks().stream().skip(1).map(Node::address).collect(Collectors.toSet());
      members.tell(new RootMembership.Computing(ranks().size(), others));
      long millis = Duration.ofNanos(System.nanoTime() - formedAt).toMillis();
      listener.ready(ranks().size(), cached, millis);
      rehearsals.loaded();
    }
  }

  // ---- steps

  private void onForward(Forward forward) {
    if (world == null || !unready.isEmpty()) {
      forward.fail("not ready: " + (lost.isEmpty() ? waiting : lost));
      return;
    }
    rehearsals.end("a step is asked for");
    steps.start(world, forward);
  }

  private void onAsk(Ask ask) {
    if (world == null || ask.epoch() != epoch) {
      ask.fail("not ready: " + waiting);
      return;
    }
    steps.ask(world, ask);
  }

  // ---- losing

  /// The rank's node is taken out of the cluster; it starts anew and may join again.
  private void onFailed(int rank, String why) {
    if (rank != 0) {
      members.tell(new RootMembership.Expel(ranks().get(rank).address()));
    }
    leaveOut(rank, why);
  }

  /// Ends the world; the rank's node is not used again until it joins again.
  private void leaveOut(int rank, String why) {
    World failed = world;
    if (failed == null) {
      return;
    }
    if (rank != 0) {
      workers.remove(failed.ranks().get(rank).address());
      onNodesChanged();
    } else {
      unfit = !unready.isEmpty();
    }
    lose(rank, why);
    gather();
  }

  /// @param culprit rank that the world ends for
  /// @param reason completes its name
  private void lose(int culprit, String reason) {
    World former = world;
    if (former == null) {
      return;
    }
    String why = "%s %s".formatted(former.name(culprit), reason);
    world = null;
    rehearsals.end(why);
    unready.clear();
    streams.clear();
    waiting = why;
    lost = why;
    listener.lost(why); // before the step fails: the next question must wait for the nodes
    steps.fail(why);
    members.tell(new RootMembership.Computing(0, Set.of()));
    for (int rank = 0; rank < former.size(); rank++) {
      String told = rank == culprit && rank != 0 ? "this worker " + reason : why;
      former.tell(rank, new LayerShard.Dissolve(former.epoch(), told));
    }
  }

  private void onEnding(CompletableFuture<Boolean> done) {
    ending = true;
    members.tell(new RootMembership.Ending(done));
  }

  private void onTick() {
    Duration stall = settings.sync().stallTimeout();
    int overdue = steps.overdueRank(System.nanoTime() - stall.toNanos());
    if (overdue >= 0) {
      onFailed(overdue, "sent no logits for %d s".formatted(stall.toSeconds()));
    } else if (steps.isLost(System.nanoTime(), host.isComputing())) {
      onFailed(0, "does not compute the step that it was given");
    }
    gather();
  }
}
