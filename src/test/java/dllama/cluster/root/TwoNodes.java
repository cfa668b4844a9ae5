package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.testkit.ExplicitlyTriggeredScheduler;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dllama.Conformance;
import dllama.cluster.LossyChannel;
import dllama.cluster.LossyChannel.Fate;
import dllama.cluster.loop.ExchangeDispatcher;
import dllama.cluster.membership.QuietListener;
import dllama.cluster.rank.LayerShard;
import dllama.cluster.rank.NodeMachine;
import dllama.cluster.rank.WorkerListener;
import dllama.cluster.wire.FramePool;
import dllama.cluster.wire.MembersMessage;
import dllama.cluster.wire.Node;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RankMessage.Assign;
import dllama.cluster.wire.RankMessage.Dissolve;
import dllama.cluster.wire.RankMessage.SendTo;
import dllama.cluster.wire.RankMessage.Serve;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.RootMessage.Joined;
import dllama.cluster.wire.RootMessage.ShardFailed;
import dllama.cluster.wire.Secret;
import dllama.cluster.wire.TensorFrame.Partial;
import dllama.format.dllama.DllamaFile;
import dllama.logits.LogitsPart;
import dllama.logits.LogitsPart.Rows;
import dllama.logits.LogitsWanted;
import dllama.model.ModelSource;
import dllama.settings.Settings;
import dllama.settings.Settings.Option;
import dllama.settings.SharesSetting;
import dllama.slice.SliceCache;
import dllama.step.PagePool;
import dllama.step.Run;
import dllama.step.Step;
import dllama.tensor.DType;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A root and a worker, both as they are, and between them a way on which messages fare as a test
/// has it. Membership is left out: a worker that the root expels comes again, as a new one on the
/// same machine.
///
/// Deadlines of loading are timers, and pass as [#pass] has it; those of steps are waited for by
/// threads that compute, and pass by themselves.
final class TwoNodes implements AutoCloseable {
  /// Who still does nothing then keeps a step waiting for too long.
  private static final String STALL = "1s";

  private static final Duration TICK = Duration.ofMillis(250);
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final long LIMIT_NANOS = Duration.ofSeconds(20).toNanos();
  private static final String WORKER = "worker:1";

  /// Looks, a millisecond apart, at whether something still happens.
  private static final int SETTLING = 40;

  /// So many in a row at which nothing did.
  private static final int QUIET = 3;

  /// Of actors, so that whoever comes last to it knows that all before have had their turn.
  private static final Config ONE_THREAD =
      ConfigFactory.parseString(
          """
          akka.actor.default-dispatcher {
            executor = thread-pool-executor
            thread-pool-executor.fixed-pool-size = 1
          }
          """);

  private final ExchangeDispatcher exchange = ExchangeDispatcher.choose(false, Duration.ZERO);
  private final ActorTestKit testKit =
      ActorTestKit.create(
          ONE_THREAD.withFallback(ManualTime.config()).withFallback(exchange.config()));
  private final ExplicitlyTriggeredScheduler scheduler =
      (ExplicitlyTriggeredScheduler) testKit.system().classicSystem().scheduler();
  private final DllamaFile file = DllamaFile.open(Conformance.file("llama_gqa_f32", "model.m"));
  private final ModelSource source = new ModelSource.Weights(file.spec(), file.weights());
  private final StepInput input = new StepInput(source, 1);
  private final AtomicInteger messages = new AtomicInteger();
  private final List<ActorRef<?>> actors = new ArrayList<>();
  private final Settings settings;
  private final Duration alone;
  private final NodeMachine rootMachine;
  private final NodeMachine workerMachine;
  private volatile Function<Object, Fate> fates = _ -> Fate.ARRIVES;
  private AtomicReference<PagePool> pool = new AtomicReference<>(PagePool.NONE);
  private ActorRef<RankMessage> own;
  private ActorRef<RankMessage> shard;
  private volatile boolean expelled;
  private int runs;
  private int looks;
  private long millis;

  /// Of the present run: sizes of worlds that became ready, why they were lost, and why rehearsals
  /// ended.
  final List<Integer> ready = new CopyOnWriteArrayList<>();

  final List<String> lost = new CopyOnWriteArrayList<>();
  final List<String> rehearsed = new CopyOnWriteArrayList<>();

  ActorRef<RootMessage> coordinator;

  /// @param rehearsal how long to rehearse after loading
  /// @param workerMemory what the worker's slice may take
  /// @param alone how long the root waits for a worker
  TwoNodes(String rehearsal, String workerMemory, Duration alone) {
    this.alone = alone;
    settings = settings(rehearsal, "1 GiB");
    rootMachine = machine(settings);
    workerMachine = machine(settings(rehearsal, workerMemory));
  }

  private static Settings settings(String rehearsal, String memory) {
    return Settings.load(
        Optional.empty(),
        new Properties(),
        List.of(
            new Option("-D", "threads", "1"),
            new Option("-D", "vector-kernels", "off"),
            new Option("-D", "weights.warm-up", "off"),
            new Option("-D", "weights.memory-limit", memory),
            new Option("-D", "weights.chunk-bytes", "4096"),
            new Option("-D", "weights.window", "5"),
            new Option("-D", "sync.rehearsal", rehearsal),
            new Option("-D", "sync.stall-timeout", STALL)));
  }

  private static NodeMachine machine(Settings settings) {
    return new NodeMachine(settings.cluster(), SliceCache.off(), WorkerListener.silent());
  }

  /// Both begin anew, with another model, or its slice would be there.
  ///
  /// @param newFates of messages between the two, in the order in which they are sent
  void start(Function<Object, Fate> newFates) {
    fates = newFates;
    expelled = false;
    List.of(ready, lost, rehearsed).forEach(List::clear);
    pool = new AtomicReference<>(PagePool.NONE);
    var model =
        new RootModel(
            source,
            "run " + runs++,
            false,
            SharesSetting.EQUAL,
            DType.F32,
            DType.F32,
            64,
            1,
            OptionalLong.empty(),
            8);
    var gate = new ClusterGate(0, List.of(1, 2), Duration.ofMillis(1), alone, System.nanoTime());
    long key = Secret.next();
    own = shard(rootMachine, source);
    own.tell(new Serve(key));
    Function<Object, Fate> partials = m -> m instanceof Partial ? fate(m) : Fate.ARRIVES;
    ActorRef<RankMessage> in = spawn(LossyChannel.to(own, partials::apply));
    coordinator =
        spawn(
            RootCoordinator.create(
                model,
                gate,
                settings.cluster(),
                _ -> members(),
                new Listener(),
                rootMachine.host(),
                pool,
                new Node("root", in, List.of(), List.of(), 1L << 40, key)));
    coordinator.tell(new RootCoordinator.Release());
    join();
  }

  /// Ends what [#start] started: nothing of it comes to the next run.
  void end() {
    fates = _ -> Fate.LOST;
    if (actors.isEmpty()) {
      return;
    }
    for (ActorRef<RankMessage> each : List.of(own, shard)) {
      each.tell(new Dissolve(epoch(), "the test is over"));
    }
    actors.reversed().forEach(testKit::stop);
    actors.clear();
    await("compute threads are idle", () -> !isComputing());
  }

  private <T> ActorRef<T> spawn(Behavior<T> behavior) {
    ActorRef<T> actor = testKit.spawn(behavior);
    actors.add(actor);
    return actor;
  }

  private ActorRef<RankMessage> shard(NodeMachine machine, @Nullable ModelSource model) {
    var wait = exchange.computeWait(testKit.system());
    return spawn(LayerShard.create(machine.host(), wait, new FramePool(8), model));
  }

  /// A worker comes.
  private void join() {
    long key = Secret.next();
    shard = shard(workerMachine, null);
    ActorRef<RankMessage> down = spawn(LossyChannel.to(shard, this::fate, this::answered));
    down.tell(new Serve(key));
    coordinator.tell(new Joined(new Node(WORKER, down, List.of(), List.of(), 1L << 40, key)));
  }

  private Fate fate(Object message) {
    messages.incrementAndGet();
    return fates.apply(message);
  }

  /// What is answered goes the same way.
  private RankMessage answered(ActorContext<RankMessage> channel, RankMessage message) {
    return switch (message) {
      case Assign(long key, var assignment, var ranks, var root) ->
          new Assign(key, assignment, ranks, lossy(channel, root));
      case SendTo(long epoch, var stream, int every) ->
          new SendTo(epoch, lossy(channel, stream), every);
      default -> message;
    };
  }

  private <T> ActorRef<T> lossy(ActorContext<?> channel, ActorRef<T> to) {
    return channel.spawnAnonymous(LossyChannel.to(to, this::fate));
  }

  private Behavior<MembersMessage> members() {
    return Behaviors.receiveMessage(
        message -> {
          expelled |= message instanceof MembersMessage.Expel;
          return Behaviors.same();
        });
  }

  /// Lets time pass, and what is to happen in it happen.
  void pass(Duration duration) {
    Duration step = duration.compareTo(SECOND) > 0 ? SECOND : TICK;
    for (Duration left = duration; left.isPositive(); left = left.minus(step)) {
      advance(step);
      if (expelled) {
        expelled = false;
        testKit.stop(shard);
        join();
      }
      settle();
    }
  }

  /// `ManualTime` would sleep for a tenth of a second each time; here [#settle] waits.
  private void advance(Duration step) {
    millis += step.toMillis();
    scheduler.executeTasks(millis);
  }

  /// Waits until nothing happens any more, but not for a rehearsal, nor for a step.
  private void settle() {
    int before = messages.get();
    int quiet = 0;
    for (int i = 0; i < SETTLING && quiet < QUIET; i++) {
      LockSupport.parkNanos(1_000_000);
      turns(DispatcherSelector.defaultDispatcher());
      turns(DispatcherSelector.fromConfig(ExchangeDispatcher.ID));
      quiet = before == messages.get() && !isComputing() ? quiet + 1 : 0;
      before = messages.get();
    }
  }

  /// Waits until all actors of a dispatcher have had their turn, however busy the machine is.
  private void turns(DispatcherSelector selector) {
    Executor dispatcher = testKit.system().dispatchers().lookup(selector);
    CompletableFuture.runAsync(() -> {}, dispatcher).orTimeout(1, TimeUnit.MINUTES).join();
  }

  private boolean isComputing() {
    return rootMachine.host().isComputing() || workerMachine.host().isComputing();
  }

  /// Lets up to a minute pass until something has happened.
  void until(String what, BooleanSupplier happened) {
    for (int i = 0; i < 240 && !happened.getAsBoolean(); i++) {
      pass(TICK);
    }
    assertTrue(happened.getAsBoolean(), () -> what + ": " + this);
  }

  /// Deadlines of steps are looked at with timers.
  private void look() {
    LockSupport.parkNanos(1_000_000);
    if (++looks % 100 == 0) {
      advance(TICK);
    }
  }

  /// Waits for what takes the time of this machine.
  void await(String what, BooleanSupplier happened) {
    long deadline = System.nanoTime() + LIMIT_NANOS;
    while (!happened.getAsBoolean() && System.nanoTime() - deadline < 0) {
      look();
    }
    assertTrue(happened.getAsBoolean(), () -> what + ": " + this);
  }

  /// Of the latest world; 0 while there was none.
  long epoch() {
    return pool.get().epoch();
  }

  /// A rank of the present world can not go on, as one says.
  void fail(int rank, String why) {
    coordinator.tell(new ShardFailed(epoch(), rank, why));
  }

  /// A step of the present world; its logits, or empty ones if it failed.
  float[] step(int token) {
    input.clear();
    input.add(token);
    var run = new Run(new int[1], 0, new int[] {token}, new LogitsWanted.All());
    var answer = new CompletableFuture<PendingStep.Told>();
    coordinator.tell(new RootCoordinator.Forward(new Step(epoch(), run), input.frame(), answer));
    long deadline = System.nanoTime() + LIMIT_NANOS;
    while (!answer.isDone() && System.nanoTime() - deadline < 0) {
      look();
    }
    assertTrue(answer.isDone(), () -> "a step without end: " + this);
    return answer.isCompletedExceptionally() ? new float[0] : logits(answer.join());
  }

  private static float[] logits(PendingStep.Told told) {
    var all = FloatBuffer.allocate(1 << 20);
    for (LogitsPart part : told.parts().getFirst()) {
      all.put(((Rows) part).values());
    }
    return Arrays.copyOf(all.array(), all.position());
  }

  @Override
  public String toString() {
    return "ready %s, lost %s, rehearsed %s".formatted(ready, lost, rehearsed);
  }

  @Override
  public void close() {
    testKit.shutdownTestKit();
    rootMachine.close();
    workerMachine.close();
    file.close();
  }

  private final class Listener extends QuietListener {
    @Override
    public void ready(int nodes, int cached, long loadMillis) {
      ready.add(nodes);
    }

    @Override
    public void lost(String why) {
      lost.add(why);
    }

    @Override
    public void rehearsed(String why) {
      rehearsed.add(why);
    }
  }
}
