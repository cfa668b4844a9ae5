package dllama.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.AbstractOnMessageBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import dllama.cluster.TensorFrame.Logits;
import dllama.cluster.World.Node;
import dllama.model.Batch;
import dllama.model.ForwardException;
import dllama.model.Step;
import dllama.settings.ClusterSettings;
import dllama.shard.ShardLayout;
import dllama.shard.ShardPlan;
import dllama.shard.SliceReader;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Owns the model and lets the sampler choose; forms worlds of the nodes that [RootMembership]
/// brings, has them loaded, and drives their steps. One per root node.
///
/// States: gathering (no world), loading (a world whose ranks are not all ready), ready. Whatever
/// goes wrong with a rank ends the world: its step fails, all its shards are told, and gathering
/// starts anew under the next epoch.
final class RootCoordinator extends AbstractOnMessageBehavior<RootCoordinator.Command> {
  /// What the coordinator can be told.
  sealed interface Command
      permits Joined,
          Gone,
          SliceWanted,
          Loading,
          ShardReady,
          ShardRefused,
          ShardFailed,
          Forward,
          Stepped,
          Strayed,
          Logits,
          Ending,
          Tick {}

  /// A worker can be used from now on.
  record Joined(Node worker) implements Command {}

  /// A worker left, was lost or was removed; `why` completes "the worker at … ".
  record Gone(String address, String why) implements Command {}

  /// A rank has memory for its slice and holds none.
  record SliceWanted(int epoch, int rank) implements Command, ControlMessage {}

  /// Bytes of a rank's slice that are in place.
  record Loading(int epoch, int rank, long bytes, long total) implements Command, ControlMessage {}

  /// A rank can compute.
  record ShardReady(int epoch, int rank, SliceOrigin origin) implements Command, ControlMessage {}

  /// A rank can not be what it was assigned; `why` completes "the worker at … ".
  record ShardRefused(int epoch, int rank, String why) implements Command, ControlMessage {}

  /// The world can not go on because of `rank`; `why` completes "the worker at … ".
  record ShardFailed(int epoch, int rank, String why) implements Command, ControlMessage {}

  /// Compute a step; rows of `input` are those of the batch's tokens.
  record Forward(Batch batch, FrameBuffer input, CompletableFuture<Step> answer)
      implements Command {
    void fail(String why) {
      answer.completeExceptionally(new ForwardException(why));
    }
  }

  /// A rank has computed a step, of whose logits nothing is wanted; rank 0 always says so.
  record Stepped(int epoch, int rank, long step, long waitedNanos)
      implements Command, ControlMessage {}

  /// From this node's own rank: a step has come to what is no number, see [NotFinite#at].
  record Strayed(int epoch, long step, String where) implements Command {}

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
  private final ActorRef<RootMembership.Command> members;
  private final Map<String, Node> workers = new LinkedHashMap<>();

  private int epoch;
  private @Nullable World world;
  private final TreeSet<Integer> unready = new TreeSet<>();
  private int cached;
  private long formedAt;
  private long[] heardAt = {};
  private String waiting = "";
  private boolean ending;

  /// This node itself could not be a rank; the same nodes once more would not change that.
  private boolean unfit;

  /// @param host this node's, whose memory decides what can be formed
  /// @param cachedPositions kept at the number of positions, from 0 on, that the present world has
  ///     been fed
  static Behavior<Command> create(
      RootModel model,
      ClusterGate gate,
      ClusterSettings settings,
      RootListener listener,
      ShardHost host,
      AtomicInteger cachedPositions,
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
                        listener,
                        host,
                        cachedPositions,
                        self)));
  }

  private RootCoordinator(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      RootModel model,
      ClusterGate gate,
      ClusterSettings settings,
      RootListener listener,
      ShardHost host,
      AtomicInteger cachedPositions,
      Node self) {
    super(context);
    this.model = model;
    this.gate = gate;
    this.settings = settings;
    this.listener = listener;
    this.host = host;
    this.self = self;
    maxBatchTokens = model.maxBatchTokens(settings.sync().maxFrameBytes());
    steps = new RootSteps(Traffic.of(context.getSystem()), cachedPositions);
    members =
        context.spawn(
            RootMembership.create(context.getSelf(), listener, settings.sync().timeout()),
            RootMembership.NAME);
    timers.startTimerWithFixedDelay(Tick.TICK, TICK);
    gather();
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    if (ending) {
      return this;
    }
    switch (command) {
      case Joined(Node worker) -> onJoined(worker);
      case Gone(String address, String why) -> onGone(address, why);
      case SliceWanted(int of, int rank) when isCurrent(of, rank) -> sendSlice(rank);
      case Loading(int of, int rank, long bytes, long total) when isCurrent(of, rank) ->
          listener.loading(rank, ranks().get(rank).address(), bytes, total);
      case ShardReady(int of, int rank, var from) when isCurrent(of, rank) -> onReady(rank, from);
      case ShardRefused(int of, int rank, String why) when isCurrent(of, rank) ->
          leaveOut(rank, why);
      case ShardFailed(int of, int rank, String why) when isCurrent(of, rank) ->
          onFailed(rank, why);
      case Forward forward -> onForward(forward);
      case Stepped(int of, int rank, long step, long nanos) when isCurrent(of, rank) -> {
        heard(rank);
        steps.computed(rank, step, nanos);
      }
      case Strayed(int of, long step, String where) when isCurrent(of, 0) ->
          steps.strayed(step, where);
      case Logits logits when isCurrent(logits.epoch(), logits.rank()) -> {
        heard(logits.rank());
        steps.put(logits);
      }
      case Ending(var done) -> onEnding(done);
      case Tick _ -> onTick();
      default -> getContext().getLog().debug("dropped {} of an earlier epoch", command);
    }
    return this;
  }

  private boolean isCurrent(int of, int rank) {
    return world != null && of == epoch && rank >= 0 && rank < world.size();
  }

  /// Whoever computes is alive, even if its heartbeats are late. Told on as often as they come.
  private void heard(int rank) {
    long now = System.nanoTime();
    if (rank > 0 && now - heardAt[rank] > RootMembership.TICK.toNanos()) {
      heardAt[rank] = now;
      members.tell(new RootMembership.Heard(ranks().get(rank).address()));
    }
  }

  private List<Node> ranks() {
    return world == null ? List.of() : world.ranks();
  }

  // ---- gathering

  private void onJoined(Node worker) {
    workers.put(worker.address(), worker);
    onNodesChanged();
    gather();
  }

  private void onGone(String address, String why) {
    if (workers.remove(address) == null) {
      return;
    }
    onNodesChanged();
    if (world != null && world.has(address)) {
      lose("the worker at %s %s".formatted(address, why));
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
    switch (gate.decide(workers.size() + 1, System.nanoTime())) {
      case ClusterGate.Decision.Wait(String what) -> await(what);
      case ClusterGate.Decision.Form(int nodes) -> {
        Assignment assignment = model.assignment(epoch + 1, nodes, maxBatchTokens, settings.sync());
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
    heardAt = new long[nodes];
    Arrays.fill(heardAt, formedAt);
    steps.reset(assignment);
    waiting = "the cluster is loading the model";
    World formed =
        World.form(
            epoch, nodes, self, workers.values(), rank -> assignment.forRank(rank).sliceKey());
    world = formed;
    listener.forming(nodes);
    CollectiveRule.of(assignment).notice().ifPresent(listener::notice);
    for (int rank = 0; rank < nodes; rank++) {
      unready.add(rank);
      Assignment part = assignment.forRank(rank);
      var assign = new LayerShard.Assign(part, formed.shards(), getContext().getSelf());
      formed.ranks().get(rank).shard().tell(assign);
    }
  }

  // ---- loading

  private void sendSlice(int rank) {
    String name = "weights-%d-%d".formatted(epoch, rank);
    if (!unready.contains(rank) || getContext().getChild(name).isPresent()) {
      getContext().getLog().debug("rank {} asks for its weights again", rank);
      return;
    }
    ShardPlan plan = new ShardPlan(model.spec(), model.exchange(), ranks().size());
    ShardLayout layout = new ShardLayout(plan, rank);
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
      Set<String> others = ranks().stream().skip(1).map(Node::address).collect(Collectors.toSet());
      members.tell(new RootMembership.Computing(others));
      long millis = Duration.ofNanos(System.nanoTime() - formedAt).toMillis();
      listener.ready(ranks().size(), cached, millis);
    }
  }

  // ---- steps

  private void onForward(Forward forward) {
    if (world == null || !unready.isEmpty()) {
      forward.fail("not ready: " + waiting);
      return;
    }
    steps.start(world, forward);
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
    lose("%s %s".formatted(failed.name(rank), why));
    gather();
  }

  private void lose(String why) {
    World lost = world;
    if (lost == null) {
      return;
    }
    world = null;
    unready.clear();
    waiting = why;
    listener.lost(why); // before the step fails: the next question must wait for the nodes
    steps.fail(why);
    members.tell(new RootMembership.Computing(Set.of()));
    lost.tellAll(new LayerShard.Dissolve(lost.epoch(), why));
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
    }
    gather();
  }
}
