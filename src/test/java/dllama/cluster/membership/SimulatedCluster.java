package dllama.cluster.membership;

import akka.actor.Address;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.ClusterEvent.ClusterDomainEvent;
import akka.cluster.ClusterEvent.MemberDowned;
import akka.cluster.ClusterEvent.MemberEvent;
import akka.cluster.ClusterEvent.MemberJoined;
import akka.cluster.ClusterEvent.MemberRemoved;
import akka.cluster.ClusterEvent.MemberUp;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.UniqueAddress;
import akka.testkit.ExplicitlyTriggeredScheduler;
import akka.util.Version;
import dllama.cluster.LossyChannel;
import dllama.cluster.LossyChannel.Fate;
import dllama.cluster.rank.NodeMachine;
import dllama.cluster.rank.WorkerListener;
import dllama.cluster.wire.MembersMessage;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.WorkerMessage;
import dllama.settings.Settings;
import dllama.slice.SliceCache;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import scala.concurrent.ExecutionContext;
import scala.jdk.javaapi.CollectionConverters;

/// A root's and a worker's side of membership, as they are, with a simulated Akka cluster, clock
/// and network between them. Everything runs on the thread of the test, so a run can be repeated.
///
/// The worker does as its process does: when its membership ends it begins anew, as another member
/// at the same address. Whether Akka has taken it out of the cluster nobody tells it, as where it
/// was cut off.
final class SimulatedCluster implements AutoCloseable {
  static final Duration SILENCE = Duration.ofSeconds(2);
  private static final Duration RETRY = Duration.ofMillis(500);
  private static final Duration UP = Duration.ofMillis(100);
  private static final Duration GRAIN = Duration.ofMillis(25);
  private static final Duration DETECTED = Duration.ofMillis(50);
  private static final ExecutionContext SAME_THREAD = ExecutionContext.fromExecutor(Runnable::run);
  private static final DispatcherSelector HERE =
      DispatcherSelector.fromConfig("akka.test.calling-thread-dispatcher");

  final ActorRef<MembersMessage> root;

  /// What the coordinator was told of workers: `joined`, or `gone: ` and why.
  final List<String> told = new ArrayList<>();

  /// Why memberships of the worker ended.
  final List<String> ends = new ArrayList<>();

  /// Keys by which the worker's shard takes orders, and which the root has.
  long shardKey;

  long rootKey;

  /// The worker's present membership; null while there is none.
  @Nullable ActorRef<WorkerMessage> worker;

  /// Whether the worker begins anew when its membership has ended.
  boolean restarts = true;

  /// Whether the end of the worker's process closes its connections.
  boolean closesLines = true;

  private final ActorTestKit testKit = ActorTestKit.create("dllama", ManualTime.config());
  private final ExplicitlyTriggeredScheduler scheduler =
      (ExplicitlyTriggeredScheduler) testKit.system().classicSystem().scheduler();
  private final NodeMachine machine =
      new NodeMachine(settings().cluster(), SliceCache.off(), WorkerListener.silent());
  private final Address address = testKit.system().address();
  private final Member rootMember = member(NodeNames.ROOT, MemberStatus.up());
  private final List<Member> members = new ArrayList<>(List.of(rootMember));
  private final Map<ActorRef<ClusterDomainEvent>, Class<?>> subscribers = new LinkedHashMap<>();
  private final Function<Object, Fate> fates;
  private @Nullable Runnable lineEnd;
  private long now;
  private long millis;
  private long uid;

  /// @param fates of messages between the two, in the order in which they are sent
  SimulatedCluster(Function<Object, Fate> fates) {
    this.fates = fates;
    testKit
        .system()
        .scheduler()
        .scheduleWithFixedDelay(GRAIN, GRAIN, () -> now += GRAIN.toNanos(), SAME_THREAD);
    ActorRef<RootMessage> coordinator = spawn(Behaviors.receiveMessage(this::onTold));
    var around = new Around(rootMember);
    root = spawn(RootMembership.create(coordinator, new QuietListener(), SILENCE, around));
    begin();
  }

  private static Settings settings() {
    return Settings.load(Optional.empty(), new Properties(), List.of());
  }

  private <T> ActorRef<T> spawn(Behavior<T> behavior) {
    return testKit.spawn(behavior, HERE);
  }

  private Member member(String role, MemberStatus status) {
    Set<String> roles = Set.of(role, "dc-default");
    scala.collection.immutable.Set<String> all = CollectionConverters.asScala(roles).toSet();
    return new Member(new UniqueAddress(address, ++uid), 1, status, all, new Version("1"));
  }

  private Behavior<RootMessage> onTold(RootMessage message) {
    switch (message) {
      case RootMessage.Joined(var node) -> {
        rootKey = node.key();
        told.add("joined");
      }
      case RootMessage.Gone(var _, String why) -> told.add("gone: " + why);
      default -> {}
    }
    return Behaviors.same();
  }

  /// Lets time pass.
  void pass(Duration time) {
    millis += time.toMillis();
    scheduler.executeTasks(millis);
  }

  private void after(Duration delay, Runnable what) {
    testKit.system().scheduler().scheduleOnce(delay, what, SAME_THREAD);
  }

  /// A membership of the worker, as a member of its own.
  private void begin() {
    Member self = member(NodeNames.WORKER, MemberStatus.joining());
    var around = new Around(self);
    ActorRef<RankMessage> shard =
        spawn(
            Behaviors.receiveMessage(
                message -> {
                  if (message instanceof RankMessage.Serve(long key)) {
                    shardKey = key;
                  }
                  return Behaviors.same();
                }));
    var membership =
        spawn(
            WorkerMembership.create(
                shard, machine.host(), List.of(address), end -> onEnd(self, end), around));
    worker = membership;
    around.down = spawn(LossyChannel.to(membership, fates::apply));
    around.found.run();
  }

  private void onEnd(Member self, WorkerMembership.End end) {
    ends.add(end.why());
    worker = null;
    subscribers.keySet().removeIf(to -> subscribers.get(to) == MemberEvent.class);
    Runnable closed = lineEnd;
    if (closesLines && closed != null && members.stream().anyMatch(self::equals)) {
      after(DETECTED, closed);
    }
    if (restarts) {
      after(RETRY, this::begin);
    }
  }

  private void join(Member arrival) {
    members.stream().filter(m -> m.hasRole(NodeNames.WORKER)).toList().forEach(this::remove);
    members.add(arrival);
    publish(new MemberJoined(arrival));
    after(
        UP,
        () -> {
          if (members.remove(arrival)) {
            Member up = arrival.copy(MemberStatus.up());
            members.add(up);
            publish(new MemberUp(up));
            publish(new MemberUp(rootMember)); // which the worker sees by now
          }
        });
  }

  private void remove(Member member) {
    if (members.remove(member)) {
      Member down = member.copy(MemberStatus.down());
      publish(new MemberDowned(down));
      publish(new MemberRemoved(down.copy(MemberStatus.removed()), MemberStatus.down()));
    }
  }

  private void publish(ClusterDomainEvent event) {
    List.copyOf(subscribers.keySet()).stream()
        .filter(to -> subscribers.get(to).isInstance(event))
        .forEach(to -> to.tell(event));
  }

  /// Where both are.
  Address address() {
    return address;
  }

  /// Whether the root has the worker, the worker knows that, and both have the same secret.
  boolean isMember() {
    return !told.isEmpty()
        && told.getLast().equals("joined")
        && worker != null
        && rootKey == shardKey;
  }

  @Override
  public void close() {
    restarts = false;
    testKit.shutdownTestKit();
    machine.close();
  }

  /// What one of the two nodes has around it.
  private final class Around implements Neighbours {
    private final Member self;
    private ActorRef<WorkerMessage> down;
    private Runnable found = () -> {};

    Around(Member self) {
      this.self = self;
    }

    @Override
    public long now() {
      return now;
    }

    @Override
    public Member self() {
      return self;
    }

    @Override
    public Iterable<Member> members() {
      return members;
    }

    @Override
    @SuppressWarnings("unchecked")
    public <E extends ClusterDomainEvent> void subscribe(ActorRef<E> to, Class<E> kind) {
      subscribers.put((ActorRef<ClusterDomainEvent>) (ActorRef<?>) to, kind);
    }

    @Override
    public void join(List<Address> seeds) {
      SimulatedCluster.this.join(self);
    }

    @Override
    public void expel(Member member) {
      remove(member);
    }

    @Override
    public ActorRef<MembersMessage> members(Address of) {
      return spawn(LossyChannel.to(root, fates::apply, (_, message) -> throughTheChannel(message)));
    }

    /// The root answers over the channel, too.
    private MembersMessage throughTheChannel(MembersMessage message) {
      return switch (message) {
        case MembersMessage.Hello hello ->
            new MembersMessage.Hello(
                hello.address(),
                hello.nonce(),
                hello.key(),
                down,
                hello.shard(),
                hello.held(),
                hello.cached(),
                hello.memory());
        case MembersMessage.Alive alive ->
            new MembersMessage.Alive(
                alive.address(), alive.key(), down, alive.figures(), alive.waits());
        default -> message;
      };
    }

    /// Only the root's matters: of a root that ends there is no other one.
    @Override
    public Line line(Address to, Runnable onEnd) {
      if (self == rootMember) {
        lineEnd = onEnd;
      }
      return () -> {};
    }

    @Override
    public Line search(List<Address> seeds, Runnable onFound) {
      found = onFound;
      return () -> {};
    }
  }
}
