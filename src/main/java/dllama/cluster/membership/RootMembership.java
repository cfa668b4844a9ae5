package dllama.cluster.membership;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.ClusterEvent.ClusterDomainEvent;
import akka.cluster.ClusterEvent.MemberDowned;
import akka.cluster.ClusterEvent.MemberExited;
import akka.cluster.ClusterEvent.MemberJoined;
import akka.cluster.ClusterEvent.MemberLeft;
import akka.cluster.ClusterEvent.MemberRemoved;
import akka.cluster.ClusterEvent.UnreachableMember;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import dllama.cluster.port.Refusals;
import dllama.cluster.wire.MembersMessage;
import dllama.cluster.wire.MembersMessage.Alive;
import dllama.cluster.wire.MembersMessage.Computing;
import dllama.cluster.wire.MembersMessage.Ending;
import dllama.cluster.wire.MembersMessage.Expel;
import dllama.cluster.wire.MembersMessage.Goodbye;
import dllama.cluster.wire.MembersMessage.Heard;
import dllama.cluster.wire.MembersMessage.Hello;
import dllama.cluster.wire.MembersMessage.Pong;
import dllama.cluster.wire.NetworkActor;
import dllama.cluster.wire.Node;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.Secret;
import dllama.cluster.wire.WorkerMessage;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/// Which workers the root can use: those that are up in the Akka cluster, run the same version,
/// have said hello, and keep giving signs of life.
///
/// Heartbeats of our own find a dead worker sooner than the cluster's failure detector, which has
/// to be patient with a node that starts up.
public final class RootMembership extends NetworkActor<MembersMessage> {
  /// The process behind this line has ended.
  private record LineEnded(String address, long line) implements MembersMessage.Internal {}

  private record Changed(ClusterDomainEvent event) implements MembersMessage.Internal {}

  private enum Tick implements MembersMessage.Internal {
    TICK
  }

  /// A worker that was taken in, and the [Secret] that it shares with this root.
  private record Worker(ActorRef<WorkerMessage> ref, long key, RoundTrips trips) {}

  /// A lifeline, and which one of all.
  private record Line(long number, Neighbours.Line held) {}

  /// Of members that are not on their way out.
  private static final Set<MemberStatus> ALIVE =
      Set.of(MemberStatus.joining(), MemberStatus.weaklyUp(), MemberStatus.up());

  static final Duration TICK = Duration.ofMillis(250);

  /// Silence that is borne of a node that nobody waits for: machines that start up, or share a core
  /// with others that do, are slow to speak.
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final Neighbours neighbours;
  private final ActorRef<RootMessage> coordinator;
  private final RootListener listener;
  private final Duration silence;
  private final SilenceWatch watch;
  private final Map<String, Worker> workers = new HashMap<>();

  /// What was answered to a node at some address that said hello.
  private final Map<String, Long> keys = new HashMap<>();

  private final Map<String, Line> lines = new HashMap<>();
  private Computing computing = new Computing(0, Set.of());
  private long lastLine;
  private final Set<String> refused = new HashSet<>();

  /// The members of the cluster whose root this node is.
  public static Behavior<MembersMessage> create(
      ActorRef<RootMessage> coordinator, RootListener listener, Duration silence) {
    return Behaviors.setup(
        context ->
            create(coordinator, listener, silence, new ClusterNeighbours(context.getSystem())));
  }

  static Behavior<MembersMessage> create(
      ActorRef<RootMessage> coordinator,
      RootListener listener,
      Duration silence,
      Neighbours neighbours) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers ->
                    new RootMembership(
                        context, timers, coordinator, listener, silence, neighbours)));
  }

  private RootMembership(
      ActorContext<MembersMessage> context,
      TimerScheduler<MembersMessage> timers,
      ActorRef<RootMessage> coordinator,
      RootListener listener,
      Duration silence,
      Neighbours neighbours) {
    super(context, MembersMessage.class);
    this.coordinator = coordinator;
    this.listener = listener;
    this.silence = silence;
    this.neighbours = neighbours;
    watch = new SilenceWatch(TICK.toNanos(), neighbours.now());
    ActorRef<ClusterDomainEvent> adapter =
        context.messageAdapter(ClusterDomainEvent.class, Changed::new);
    neighbours.subscribe(adapter, ClusterDomainEvent.class);
    timers.startTimerWithFixedDelay(Tick.TICK, TICK);
  }

  @Override
  protected Behavior<MembersMessage> onMessage(MembersMessage command) {
    switch (command) {
      case Hello hello -> onHello(hello);
      case Alive alive -> onAlive(alive);
      case Pong(String address, long key, long ping) -> {
        Worker worker = worker(address, key);
        if (worker != null) {
          worker.trips().back(ping, neighbours.now());
        }
      }
      case Heard(String address) -> {
        if (workers.containsKey(address)) {
          watch.heard(address, neighbours.now());
        }
      }
      case Computing now -> onComputing(now);
      case Goodbye(String address, long key) when knows(address, key) ->
          member(address).ifPresent(member -> lose(member, "has ended"));
      case Goodbye(String address, _) when workers.containsKey(address) ->
          refused(address, "goodbye");
      case Goodbye _ -> {} // it is gone already
      case LineEnded(String address, long number) -> {
        Line line = lines.get(address);
        if (line != null && line.number == number) { // not of an earlier one at this address
          member(address).ifPresent(member -> lose(member, "has ended"));
        }
      }
      case Ending(var done) -> {
        workers
            .values()
            .forEach(worker -> worker.ref().tell(new WorkerMessage.RootEnded(worker.key())));
        workers.clear();
        lines.values().forEach(line -> line.held.close());
        lines.clear();
        done.complete(true);
      }
      case Expel(String address) -> member(address).ifPresent(this::expel);
      case Changed(MemberJoined joined) when joined.member().hasRole(NodeNames.WORKER) ->
          onArrival(joined.member());
      case Changed(MemberJoined joined) when !joined.member().equals(neighbours.self()) -> {
        refused(NodeNames.address(joined.member().address()), "that it is a root");
        expel(joined.member());
      }
      case Changed(MemberLeft left) -> gone(left.member(), "left");
      case Changed(MemberExited exited) -> gone(exited.member(), "left");
      case Changed(MemberDowned downed) -> gone(downed.member(), "was removed");
      case Changed(MemberRemoved removed) -> gone(removed.member(), "was removed");
      case Changed(UnreachableMember lost) -> lose(lost.member(), "can not be reached");
      case Changed _ -> {}
      case Tick _ -> onTick();
      case MembersMessage.Internal other -> throw new IllegalArgumentException("message=" + other);
    }
    return this;
  }

  /// It is on its way into the cluster. From here on it is watched: one that dies on that way would
  /// keep everybody else from joining.
  private void onArrival(Member member) {
    if (!isUsable(member)) {
      return;
    }
    String address = NodeNames.address(member.address());
    watch.heard(address, neighbours.now());
    long number = ++lastLine;
    var self = getContext().getSelf();
    Neighbours.Line held =
        neighbours.line(member.address(), () -> self.tell(new LineEnded(address, number)));
    Line before = lines.put(address, new Line(number, held));
    if (before != null) {
      before.held.close();
    }
    coordinator.tell(new RootMessage.Coming(address));
  }

  private void onHello(Hello hello) {
    Optional<Member> member = member(hello.address());
    if (member.isEmpty() || !member.get().status().equals(MemberStatus.up())) {
      return; // not up yet; it will ask again
    }
    if (!isUsable(member.get())) {
      return; // it finds out by itself
    }
    String address = hello.address();
    if (!isAt(address, hello.worker()) || !isAt(address, hello.shard())) {
      refused(address, "hello");
      return;
    }
    long key = keys.computeIfAbsent(address, _ -> Secret.next());
    if (hello.key() != key) {
      hello.worker().tell(new WorkerMessage.Key(hello.nonce(), key));
      return;
    }
    hello.worker().tell(new WorkerMessage.Welcome(key));
    watch.heard(address, neighbours.now());
    if (workers.put(address, new Worker(hello.worker(), key, new RoundTrips())) == null) {
      listener.joined(address);
      coordinator.tell(
          new RootMessage.Joined(
              new Node(address, hello.shard(), hello.held(), hello.cached(), hello.memory(), key)));
    }
  }

  private void onAlive(Alive alive) {
    String address = alive.address();
    Worker worker = worker(address, alive.key());
    if (worker != null) {
      watch.heard(address, neighbours.now());
      coordinator.tell(
          new RootMessage.Figures(
              address, alive.figures(), alive.waits(), worker.trips().shortestNanos()));
    } else if (!workers.containsKey(address) && isAt(address, alive.worker())) {
      alive.worker().tell(new WorkerMessage.Stranger(alive.key())); // only it knows its key
    }
  }

  /// Whether this is said by the worker at `address`.
  private boolean knows(String address, long key) {
    return worker(address, key) != null;
  }

  private @Nullable Worker worker(String address, long key) {
    Worker worker = workers.get(address);
    return worker != null && worker.key() == key ? worker : null;
  }

  private static boolean isAt(String address, ActorRef<?> ref) {
    return NodeNames.address(ref.path().address()).equals(address);
  }

  private static void refused(String address, String what) {
    Refusals.ofProcess().refused("somebody", "said %s in the name of %s".formatted(what, address));
  }

  /// Whether the worker runs this root's version; the user is told once if not.
  private boolean isUsable(Member worker) {
    Optional<String> objection = NodeVersion.objection(neighbours.self(), worker);
    String address = NodeNames.address(worker.address());
    if (objection.isPresent() && refused.add(address)) {
      listener.refused(address, objection.get());
    }
    return objection.isEmpty();
  }

  private Optional<Member> member(String address) {
    return StreamSupport.stream(neighbours.members().spliterator(), false)
        .filter(member -> NodeNames.address(member.address()).equals(address))
        .filter(member -> ALIVE.contains(member.status()))
        .filter(member -> member.hasRole(NodeNames.WORKER))
        .findFirst();
  }

  private void onComputing(Computing present) {
    computing = present;
    long now = neighbours.now();
    present.addresses().stream()
        .filter(workers::containsKey)
        .forEach(address -> watch.heard(address, now)); // the shorter limit counts from here
  }

  private Duration limit(String address) {
    return computing.addresses().contains(address) ? silence : patience(silence);
  }

  /// How long somebody may be silent whom nobody waits for.
  ///
  /// @param silence what is borne of those that are waited for
  static Duration patience(Duration silence) {
    return silence.compareTo(PATIENCE) > 0 ? silence : PATIENCE;
  }

  private void onTick() {
    watch
        .tick(neighbours.now(), address -> limit(address).toNanos())
        .ifPresent(
            address ->
                member(address)
                    .ifPresentOrElse(
                        member -> lose(member, silentFor(limit(address))),
                        () -> watch.forget(address))); // it is on its way out already
    workers.forEach(
        (address, worker) ->
            worker
                .ref()
                .tell(
                    new WorkerMessage.RootAlive(
                        worker.key(),
                        computing.nodes(),
                        computing.addresses().contains(address),
                        worker.trips().begin(neighbours.now()))));
  }

  private static String silentFor(Duration limit) {
    return "has been silent for %.1f s".formatted(limit.toMillis() / 1e3);
  }

  private void gone(Member member, String why) {
    String address = NodeNames.address(member.address());
    watch.forget(address);
    refused.remove(address);
    keys.remove(address);
    cutLine(address);
    workers.remove(address);
    coordinator.tell(new RootMessage.Gone(address, why));
  }

  private void cutLine(String address) {
    Line line = lines.remove(address);
    if (line != null) {
      line.held.close();
    }
  }

  private void lose(Member member, String why) {
    gone(member, why);
    expel(member);
  }

  /// Takes a worker out of the cluster for good; if it is alive after all, it starts a new actor
  /// system and joins again.
  private void expel(Member member) {
    String address = NodeNames.address(member.address());
    watch.forget(address);
    workers.remove(address);
    keys.remove(address);
    cutLine(address);
    neighbours.expel(member);
  }
}
