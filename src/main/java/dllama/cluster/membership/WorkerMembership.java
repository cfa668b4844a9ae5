package dllama.cluster.membership;

import akka.actor.Address;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.Signal;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.ClusterEvent.MemberEvent;
import akka.cluster.ClusterEvent.MemberExited;
import akka.cluster.ClusterEvent.MemberRemoved;
import akka.cluster.ClusterEvent.MemberUp;
import akka.cluster.Member;
import dllama.cluster.port.Refusals;
import dllama.cluster.rank.RankHost;
import dllama.cluster.rank.SliceStore;
import dllama.cluster.rank.WorkerListener;
import dllama.cluster.wire.MembersMessage;
import dllama.cluster.wire.NetworkActor;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.Secret;
import dllama.cluster.wire.WorkerMessage;
import dllama.cluster.wire.WorkerMessage.RootAlive;
import dllama.cluster.wire.WorkerMessage.RootEnded;
import dllama.cluster.wire.WorkerMessage.Stranger;
import dllama.cluster.wire.WorkerMessage.Welcome;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A worker's side of membership: finds the root among the cluster's members, says hello until it
/// is welcomed, exchanges signs of life with it, and ends when the root is gone.
public final class WorkerMembership extends NetworkActor<WorkerMessage> {
  /// This worker ends; the root is told.
  public record Ending() implements WorkerMessage.Internal {}

  /// Somebody listens where a root is expected.
  private record Found() implements WorkerMessage.Internal {}

  /// The root's process has ended.
  private record LineEnded() implements WorkerMessage.Internal {}

  private record Changed(MemberEvent event) implements WorkerMessage.Internal {}

  private enum Tick implements WorkerMessage.Internal {
    TICK
  }

  /// How a worker's membership ended.
  ///
  /// @param refused whether it makes no sense to join again
  public record End(String why, boolean refused) {}

  private static final String ROOT = "root";

  /// From the moment at which somebody listens where a root is expected until this node knows that
  /// root for a member. Longer than Akka's patience with machines that start many nodes.
  static final Duration JOINING = Duration.ofMinutes(3);

  private final ActorContext<WorkerMessage> context;
  private final Neighbours neighbours;
  private final ActorRef<RankMessage> shard;
  private final RankHost host;
  private final SliceStore store;
  private final long memory;
  private final WorkerListener listener;
  private final Consumer<End> ended;
  private final SilenceWatch watch;
  private final List<Address> seeds;
  private final Neighbours.Line search;
  private final Duration silence;
  private Duration patience;
  private Neighbours.@Nullable Line line;
  private boolean standsBy;
  private @Nullable ActorRef<MembersMessage> root;
  private String rootAddress = "";
  private boolean welcome;

  /// Whether somebody listens where a root is expected, and since when.
  private boolean found;

  private long foundAt;

  /// Whether all is said.
  private boolean left;

  /// Tells the root's answer to this worker's hello from those of others.
  private final long nonce = Secret.next();

  /// What only the root and this worker know.
  private long key = Secret.NONE;

  /// A worker's side of membership, which begins to look for its root.
  ///
  /// @param seeds where a root may be
  /// @param ended told once, before this actor stops
  public static Behavior<WorkerMessage> create(
      ActorRef<RankMessage> shard, RankHost host, List<Address> seeds, Consumer<End> ended) {
    return Behaviors.setup(
        context -> create(shard, host, seeds, ended, new ClusterNeighbours(context.getSystem())));
  }

  static Behavior<WorkerMessage> create(
      ActorRef<RankMessage> shard,
      RankHost host,
      List<Address> seeds,
      Consumer<End> ended,
      Neighbours neighbours) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers ->
                    new WorkerMembership(context, timers, shard, host, seeds, ended, neighbours)));
  }

  private WorkerMembership(
      ActorContext<WorkerMessage> context,
      TimerScheduler<WorkerMessage> timers,
      ActorRef<RankMessage> shard,
      RankHost host,
      List<Address> seeds,
      Consumer<End> ended,
      Neighbours neighbours) {
    super(context, WorkerMessage.class);
    this.context = context;
    this.seeds = seeds;
    this.shard = shard;
    this.host = host;
    store = host.store();
    memory = host.memory();
    listener = host.listener();
    silence = host.silence();
    patience = RootMembership.patience(silence);
    this.ended = ended;
    this.neighbours = neighbours;
    watch = new SilenceWatch(RootMembership.TICK.toNanos(), neighbours.now());
    ActorRef<MemberEvent> adapter = context.messageAdapter(MemberEvent.class, Changed::new);
    neighbours.subscribe(adapter, MemberEvent.class);
    timers.startTimerWithFixedDelay(Tick.TICK, RootMembership.TICK);
    context.watch(shard);
    ActorRef<WorkerMessage> self = context.getSelf();
    search = neighbours.search(seeds, () -> self.tell(new Found()));
  }

  @Override
  protected Behavior<WorkerMessage> onMessage(WorkerMessage command) {
    return switch (command) {
      case Changed(MemberUp up) when isRoot(up.member()) -> onRoot(up.member());
      case Changed(MemberExited exited) when isRoot(exited.member()) ->
          end("the root ended", false);
      case Changed(MemberRemoved removed) when isRoot(removed.member()) ->
          end("the root is gone", false);
      case Changed _ -> this;
      case WorkerMessage.Key(long of, long ofRoot) when of == nonce -> onKey(ofRoot);
      case Welcome(long of) when isOfRoot(of) -> onWelcome();
      case Stranger(long of) when isOfRoot(of) ->
          end("the root started anew, or gave this worker up", false);
      case RootEnded(long of) when isOfRoot(of) -> end("the root has ended", false);
      case Ending _ -> {
        goodbye();
        yield end("this worker ends", false);
      }
      case RootAlive alive when isOfRoot(alive.key()) -> onRootAlive(alive);
      case Found _ -> {
        found = true;
        foundAt = neighbours.now();
        neighbours.join(seeds);
        yield this;
      }
      case LineEnded _ -> end("the root has ended", false);
      case Tick _ -> onTick();
      case WorkerMessage.Internal other -> throw new IllegalArgumentException("message=" + other);
      case WorkerMessage.Key _, Welcome _, Stranger _, RootEnded _, RootAlive _ -> {
        Refusals.ofProcess().refused("somebody", "said that it is the root");
        yield this;
      }
    };
  }

  /// Where the shard has ended, this node is of no use; where this actor ends by an error, the root
  /// need not wait for signs of life.
  @Override
  protected Behavior<WorkerMessage> onSignal(Signal signal) {
    switch (signal) {
      case Terminated _ -> {
        goodbye();
        return end("this worker's part of the model was ended by an error, see the log", false);
      }
      case PostStop _ -> goodbye();
      default -> {}
    }
    return this;
  }

  private void goodbye() {
    if (root != null && !left) {
      left = true;
      root.tell(new MembersMessage.Goodbye(address(), key));
    }
  }

  private boolean isOfRoot(long of) {
    return key != Secret.NONE && of == key;
  }

  /// The root is where the user said that it is; anybody can join as one.
  private boolean isRoot(Member member) {
    return member.hasRole(NodeNames.ROOT) && seeds.contains(member.address());
  }

  private Behavior<WorkerMessage> onKey(long ofRoot) {
    if (!welcome) {
      key = ofRoot;
      shard.tell(new RankMessage.Serve(key));
    }
    return onTick();
  }

  private Behavior<WorkerMessage> onRoot(Member member) {
    Optional<String> objection = NodeVersion.objection(member, neighbours.self());
    if (objection.isPresent()) {
      return end(objection.get(), true);
    }
    Address address = member.address();
    rootAddress = NodeNames.address(address);
    root = neighbours.members(address);
    watch.heard(ROOT, neighbours.now());
    if (line == null) {
      var self = context.getSelf();
      line = neighbours.line(address, () -> self.tell(new LineEnded()));
    }
    return onTick();
  }

  private Behavior<WorkerMessage> onRootAlive(RootAlive alive) {
    watch.heard(ROOT, neighbours.now());
    if (root != null) {
      root.tell(new MembersMessage.Pong(address(), key, alive.ping()));
    }
    patience = alive.computes() ? silence : RootMembership.patience(silence);
    boolean spare = alive.nodes() > 0 && !alive.computes();
    if (spare && !standsBy) {
      listener.idle(
          "the root computes with %d node%s that were there before this one"
              .formatted(alive.nodes(), alive.nodes() == 1 ? "" : "s"));
    }
    standsBy = spare;
    return this;
  }

  private Behavior<WorkerMessage> onWelcome() {
    watch.heard(ROOT, neighbours.now());
    if (!welcome) {
      welcome = true;
      listener.joined(rootAddress);
    }
    return this;
  }

  private Behavior<WorkerMessage> onTick() {
    if (root == null) {
      return isLeftWaiting()
          ? end("no root has let this worker in for %d s".formatted(JOINING.toSeconds()), false)
          : this;
    }
    if (watch.tick(neighbours.now(), _ -> patience.toNanos()).isPresent()) {
      return end("the root has been silent for %.1f s".formatted(patience.toMillis() / 1e3), false);
    }
    String self = address();
    root.tell(
        welcome
            ? new MembersMessage.Alive(self, key, context.getSelf(), host.figures(), host.waits())
            : new MembersMessage.Hello(
                self, nonce, key, context.getSelf(), shard, store.held(), store.cached(), memory));
    return this;
  }

  /// A root that takes a worker for lost while that joins tells it nothing.
  private boolean isLeftWaiting() {
    return found && neighbours.now() - foundAt > JOINING.toNanos();
  }

  private String address() {
    return NodeNames.address(neighbours.self().address());
  }

  private Behavior<WorkerMessage> end(String why, boolean refused) {
    left = true;
    search.close();
    if (line != null) {
      line.close();
    }
    ended.accept(new End(why, refused));
    return Behaviors.stopped();
  }
}
