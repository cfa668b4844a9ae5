package dllama.cluster;

import akka.actor.Address;
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
import akka.cluster.UniqueAddress;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Down;
import akka.cluster.typed.Subscribe;
import akka.remote.artery.QuarantinedEvent;
import dllama.cluster.port.Refusals;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.StreamSupport;

/// Which workers the root can use: those that are up in the Akka cluster, run the same version,
/// have said hello, and keep giving signs of life.
///
/// Heartbeats of our own find a dead worker sooner than the cluster's failure detector, which has
/// to be patient with a node that starts up.
final class RootMembership extends NetworkActor<RootMembership.Command> {
  static final String NAME = "members";
  static final String PATH = NodeGuardian.ROOT + "/" + NAME;

  sealed interface Command
      permits Hello, Alive, Heard, Goodbye, Computing, Expel, Ending, LineEnded, Changed, Tick {}

  /// A worker asks to be taken in; repeated until it is answered. Anybody can say this in the name
  /// of another node, so the answer goes to the address that is claimed, and only who has had it
  /// there knows the key.
  ///
  /// @param address `host:port` of the worker's actor system
  /// @param nonce a [Secret] of the worker, which tells it that the answer is the root's
  /// @param key of the root's answer; [Secret#NONE] before
  /// @param held keys of slices that it has in memory
  /// @param cached keys of slices that it has in its cache folder
  record Hello(
      String address,
      long nonce,
      long key,
      ActorRef<WorkerMembership.Command> worker,
      ActorRef<LayerShard.Command> shard,
      List<String> held,
      List<String> cached)
      implements Command, ControlMessage {
    /// Keys of slices that are worth telling.
    static final int MOST_KEYS = 256;

    Hello {
      address = Checks.name("address", address);
      Checks.present(worker, "worker");
      Checks.present(shard, "shard");
      held = Checks.names("held", held, MOST_KEYS);
      cached = Checks.names("cached", cached, MOST_KEYS);
    }
  }

  /// A worker's sign of life.
  record Alive(String address, long key, ActorRef<WorkerMembership.Command> worker)
      implements Command, ControlMessage {
    Alive {
      address = Checks.name("address", address);
      Checks.present(worker, "worker");
    }
  }

  /// From the coordinator: frames of this worker arrive.
  record Heard(String address) implements Command {}

  /// A worker ends.
  record Goodbye(String address, long key) implements Command, ControlMessage {
    Goodbye {
      address = Checks.name("address", address);
    }
  }

  /// From the coordinator: this root ends; workers are told.
  record Ending(CompletableFuture<Boolean> done) implements Command {}

  /// From the coordinator: these workers compute now, so nobody should wait for a dead one of them.
  ///
  /// @param nodes of the world that computes, the root included; 0 if there is none
  record Computing(int nodes, Set<String> addresses) implements Command {}

  /// From the coordinator, which knows the reason already: take this worker out.
  record Expel(String address) implements Command {}

  /// The process behind this line has ended.
  private record LineEnded(String address, long line) implements Command {}

  private record Changed(ClusterDomainEvent event) implements Command {}

  private enum Tick implements Command {
    TICK
  }

  /// A worker that was taken in, and the [Secret] that it shares with this root.
  private record Worker(ActorRef<WorkerMembership.Command> ref, long key) {}

  /// A lifeline, and which one of all.
  private record Line(long number, Lifeline held) {}

  /// Of members that are not on their way out.
  private static final Set<MemberStatus> ALIVE =
      Set.of(MemberStatus.joining(), MemberStatus.weaklyUp(), MemberStatus.up());

  static final Duration TICK = Duration.ofMillis(250);

  /// Silence that is borne of a node that nobody waits for: machines that start up, or share a core
  /// with others that do, are slow to speak.
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final Cluster cluster;
  private final ActorRef<RootCoordinator.Command> coordinator;
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

  static Behavior<Command> create(
      ActorRef<RootCoordinator.Command> coordinator, RootListener listener, Duration silence) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new RootMembership(context, timers, coordinator, listener, silence)));
  }

  private RootMembership(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      ActorRef<RootCoordinator.Command> coordinator,
      RootListener listener,
      Duration silence) {
    super(context, Command.class);
    this.coordinator = coordinator;
    this.listener = listener;
    this.silence = silence;
    cluster = Cluster.get(context.getSystem());
    watch = new SilenceWatch(TICK.toNanos(), System.nanoTime());
    ActorRef<ClusterDomainEvent> adapter =
        context.messageAdapter(ClusterDomainEvent.class, Changed::new);
    cluster.subscriptions().tell(Subscribe.create(adapter, ClusterDomainEvent.class));
    timers.startTimerWithFixedDelay(Tick.TICK, TICK);
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    switch (command) {
      case Hello hello -> onHello(hello);
      case Alive alive -> onAlive(alive);
      case Heard(String address) -> {
        if (workers.containsKey(address)) {
          watch.heard(address, System.nanoTime());
        }
      }
      case Computing now -> onComputing(now);
      case Goodbye(String address, long key) when knows(address, key) ->
          member(address).ifPresent(member -> lose(member, "has ended"));
      case Goodbye(String address, _) -> refused(address, "goodbye");
      case LineEnded(String address, long number) -> {
        Line line = lines.get(address);
        if (line != null && line.number == number) { // not of an earlier one at this address
          member(address).ifPresent(member -> lose(member, "has ended"));
        }
      }
      case Ending(var done) -> {
        workers
            .values()
            .forEach(worker -> worker.ref().tell(new WorkerMembership.RootEnded(worker.key())));
        workers.clear();
        lines.values().forEach(line -> line.held.close());
        lines.clear();
        done.complete(true);
      }
      case Expel(String address) -> member(address).ifPresent(this::expel);
      case Changed(MemberJoined joined) when joined.member().hasRole(NodeGuardian.WORKER) ->
          onArrival(joined.member());
      case Changed(MemberJoined joined) when !joined.member().equals(cluster.selfMember()) -> {
        refused(name(joined.member().address()), "that it is a root");
        expel(joined.member());
      }
      case Changed(MemberLeft left) -> gone(left.member(), "left");
      case Changed(MemberExited exited) -> gone(exited.member(), "left");
      case Changed(MemberDowned downed) -> gone(downed.member(), "was removed");
      case Changed(MemberRemoved removed) -> gone(removed.member(), "was removed");
      case Changed(UnreachableMember lost) -> lose(lost.member(), "can not be reached");
      case Changed _ -> {}
      case Tick _ -> onTick();
    }
    return this;
  }

  /// It is on its way into the cluster. From here on it is watched: one that dies on that way would
  /// keep everybody else from joining.
  private void onArrival(Member member) {
    if (!isUsable(member)) {
      return;
    }
    String address = name(member.address());
    watch.heard(address, System.nanoTime());
    long number = ++lastLine;
    var self = getContext().getSelf();
    var peer =
        new InetSocketAddress(
            member.address().getHost().orElseThrow(), member.address().getPort().orElseThrow());
    Lifeline held = Lifeline.to(peer, () -> self.tell(new LineEnded(address, number)));
    Line before = lines.put(address, new Line(number, held));
    if (before != null) {
      before.held.close();
    }
    coordinator.tell(new RootCoordinator.Coming(address));
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
      hello.worker().tell(new WorkerMembership.Key(hello.nonce(), key));
      return;
    }
    hello.worker().tell(new WorkerMembership.Welcome(key));
    watch.heard(address, System.nanoTime());
    if (workers.put(address, new Worker(hello.worker(), key)) == null) {
      listener.joined(address);
      coordinator.tell(
          new RootCoordinator.Joined(
              new World.Node(address, hello.shard(), hello.held(), hello.cached(), key)));
    }
  }

  private void onAlive(Alive alive) {
    String address = alive.address();
    if (knows(address, alive.key())) {
      watch.heard(address, System.nanoTime());
    } else if (!workers.containsKey(address) && isAt(address, alive.worker())) {
      alive.worker().tell(new WorkerMembership.Stranger(alive.key())); // only it knows its key
    }
  }

  /// Whether this is said by the worker at `address`.
  private boolean knows(String address, long key) {
    Worker worker = workers.get(address);
    return worker != null && worker.key() == key;
  }

  private static boolean isAt(String address, ActorRef<?> ref) {
    return name(ref.path().address()).equals(address);
  }

  private static void refused(String address, String what) {
    Refusals.ofProcess().refused("somebody", "said %s in the name of %s".formatted(what, address));
  }

  /// Whether the worker runs this root's version; the user is told once if not.
  private boolean isUsable(Member worker) {
    Optional<String> objection = NodeVersion.objection(cluster.selfMember(), worker);
    String address = name(worker.address());
    if (objection.isPresent() && refused.add(address)) {
      listener.refused(address, objection.get());
    }
    return objection.isEmpty();
  }

  private Optional<Member> member(String address) {
    return StreamSupport.stream(cluster.state().getMembers().spliterator(), false)
        .filter(member -> name(member.address()).equals(address))
        .filter(member -> ALIVE.contains(member.status()))
        .filter(member -> member.hasRole(NodeGuardian.WORKER))
        .findFirst();
  }

  private void onComputing(Computing present) {
    computing = present;
    long now = System.nanoTime();
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
        .tick(System.nanoTime(), address -> limit(address).toNanos())
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
                    new WorkerMembership.RootAlive(
                        worker.key(), computing.nodes(), computing.addresses().contains(address))));
  }

  private static String silentFor(Duration limit) {
    return "has been silent for %.1f s".formatted(limit.toMillis() / 1e3);
  }

  private void gone(Member member, String why) {
    String address = name(member.address());
    watch.forget(address);
    refused.remove(address);
    keys.remove(address);
    cutLine(address);
    workers.remove(address);
    coordinator.tell(new RootCoordinator.Gone(address, why));
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
    String address = name(member.address());
    watch.forget(address);
    workers.remove(address);
    keys.remove(address);
    cutLine(address);
    pronounceDead(member.uniqueAddress());
    cluster.manager().tell(new Down(member.address()));
  }

  /// A member that is down stays until the failure detector gives it up, which takes minutes.
  /// Meanwhile nobody else joins from the same address and port. To the cluster, a quarantined one
  /// has ended.
  private void pronounceDead(UniqueAddress member) {
    var address = new akka.remote.UniqueAddress(member.address(), member.longUid());
    getContext().getSystem().classicSystem().eventStream().publish(new QuarantinedEvent(address));
  }

  static String name(Address address) {
    String text = "%s:%d".formatted(address.getHost().orElse("?"), address.getPort().orElse(0));
    return Checks.line("address", text); // peers say what they are called
  }
}
