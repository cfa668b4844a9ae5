package dllama.cluster.rank;

import akka.actor.Address;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.NodeFigures;
import dllama.cluster.wire.RankWaits;
import dllama.cluster.wire.Secret;
import dllama.cluster.wire.WorldSpec;
import dllama.engine.EngineSettings;
import dllama.engine.MachineSpeed;
import dllama.engine.ShardEngine;
import dllama.engine.WarmUp;
import dllama.files.ByteSize;
import dllama.settings.ClusterSettings;
import dllama.slice.ShardPlan;
import dllama.slice.SliceLayout;
import dllama.tensor.DType;
import dllama.tensor.KernelReport;
import dllama.tensor.Kernels;
import dllama.tensor.KvHead;
import dllama.tensor.WeightMemory;
import dllama.tensor.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// What a node lends its shard: memory, threads, and a way to wait. Lives as long as the process;
/// everything that touches memory runs on the compute thread, one task after another, so no memory
/// is freed while a step still reads it.
public final class RankHost {
  /// More than compiling the kernels takes on a slow machine.
  private static final Duration COMPILATION = Duration.ofSeconds(5);

  /// More than there is between two steps of an answer.
  private static final Duration MOMENT = Duration.ofSeconds(1);

  private final SliceStore store;
  private final Kernels kernels;
  private final WorkerPool pool;
  private final Executor compute;
  private final AtomicInteger computing = new AtomicInteger();
  private volatile long computedAt = System.nanoTime();
  private final ClusterSettings settings;
  private final WorkerListener listener;
  private @Nullable Arena cacheArena;
  private long speed;
  private final IntConsumer narrower;
  private final MachineFigures machine = new MachineFigures();
  private volatile PeerWaits waits = new PeerWaits(Secret.NONE, 0);
  private @Nullable WarmUp warmUp;
  private @Nullable Stage stage;

  /// @param compute one thread; also thread 0 of `pool`
  /// @param narrower is told how wide vectors should be in the next process, if these are no good
  RankHost(
      SliceStore store,
      Kernels kernels,
      WorkerPool pool,
      Executor compute,
      ClusterSettings settings,
      WorkerListener listener,
      IntConsumer narrower) {
    this.narrower = narrower;
    this.store = store;
    this.kernels = kernels;
    this.pool = pool;
    this.compute = compute;
    this.settings = settings;
    this.listener = listener;
  }

  /// Where the slice is.
  public SliceStore store() {
    return store;
  }

  WorkerPool pool() {
    return pool;
  }

  /// Has the compute thread do something, after whatever it does now. Any thread.
  void compute(Runnable task) {
    computing.incrementAndGet();
    compute.execute(
        () -> {
          try {
            task.run();
          } finally {
            computedAt = System.nanoTime();
            computing.decrementAndGet();
          }
        });
  }

  /// Whether the compute thread has something to do.
  public boolean isComputing() {
    return computing.get() > 0;
  }

  /// Whether the compute thread has something to do, or had a moment ago: between two tokens of an
  /// answer, too. Any thread.
  public boolean isAtWork() {
    return isComputing() || System.nanoTime() - computedAt < MOMENT.toNanos();
  }

  /// Silence after which a node counts as lost that others wait for.
  public Duration silence() {
    return settings.sync().timeout();
  }

  /// How long a peer that is alive may keep a step waiting.
  Duration stall() {
    return settings.sync().stallTimeout();
  }

  /// What the machine has and does. Any thread.
  public NodeFigures figures() {
    return machine.latest();
  }

  /// Whom this node has waited for in the latest world that it was in. Any thread.
  public RankWaits waits() {
    return waits.now();
  }

  /// It is in another world now.
  void waits(PeerWaits ofWorld) {
    waits = ofWorld;
  }

  /// Who is told what this node does.
  public WorkerListener listener() {
    return listener;
  }

  /// How many ranks are on the machine of node `here`: those at its host, whatever their port, and
  /// the one of this process, whose address has no host.
  static int ranksOn(Address here, List<Address> ranks) {
    return (int)
        ranks.stream()
            .filter(rank -> rank.hasLocalScope() || rank.getHost().equals(here.getHost()))
            .count();
  }

  /// Prepares for sharing this machine's cores with other ranks that compute at the same time.
  ///
  /// @param ranks on this machine, this one among them
  /// @return whether a thread that waits for a peer may spin
  boolean shareCores(int ranks) {
    boolean enough = (long) ranks * pool.threads() <= Runtime.getRuntime().availableProcessors();
    pool.allowSpin(enough);
    return enough || settings.exchange().alwaysSpins();
  }

  /// Times this machine, once: bytes of weights per second. Compute thread only.
  public long measureSpeed() {
    if (speed == 0) {
      speed = MachineSpeed.measure(kernels, pool);
    }
    return speed;
  }

  /// Bytes that weights, keys and values may take.
  public long memory() {
    return settings.weights().memoryLimit();
  }

  /// Why this node can not take its part of a world, as the end of a sentence; empty if it can.
  public Optional<String> objection(Assignment assignment) {
    SliceLayout layout = assignment.layout();
    EngineSettings engine = assignment.world().engine();
    long weights = layout.totalBytes();
    long cache = ShardEngine.cacheBytes(layout.plan(), layout.rank(), engine);
    if (Math.addExact(weights, cache) <= memory()) {
      return working(assignment);
    }
    return Optional.of(
        "needs %s for weights and %s for %d tokens of context, but may take %s: %s"
            .formatted(
                ByteSize.text(weights),
                ByteSize.text(cache),
                holdsMore(engine) ? (long) engine.pages() * KvHead.PAGE : engine.contextLength(),
                ByteSize.text(memory()),
                advice(assignment.world(), weights)));
  }

  /// What is not limited by settings, but by Java's own memory.
  private Optional<String> working(Assignment assignment) {
    long bytes = WorkingMemory.bytes(assignment, pool.threads());
    long most = Runtime.getRuntime().maxMemory();
    EngineSettings engine = assignment.world().engine();
    return bytes <= most
        ? Optional.empty()
        : Optional.of(
            "needs %s for steps of %d tokens and a context of %d, but Java has %s (-Xmx)"
                .formatted(
                    ByteSize.text(bytes),
                    engine.maxBatchTokens(),
                    engine.contextLength(),
                    ByteSize.text(most)));
  }

  /// Whether there are more pages than one context takes: the user's wish, if they do not fit.
  private static boolean holdsMore(EngineSettings engine) {
    return engine.pages() > KvHead.pages(engine.contextLength());
  }

  /// What helps: nodes, as far as the model can use more, and less to remember, if the weights fit.
  private String advice(WorldSpec world, long weights) {
    List<String> ways = new ArrayList<>();
    List<Integer> usable = ShardPlan.usableWorldSizes(world.model(), world.plan().exchange());
    if (!usable.isEmpty() && usable.getLast() > world.size()) {
      ways.add("use more nodes");
    }
    if (weights < memory()) {
      ways.add(holdsMore(world.engine()) ? "a smaller --kv-memory" : "a smaller --max-seq-len");
    }
    ways.add("a larger dllama.weights.memory-limit");
    return String.join(", or ", ways);
  }

  /// Has the kernels for such a model compiled until the first engine is there. Any thread.
  public synchronized void warmUp(WorldSpec world) {
    if (settings.weights().warmUp() && warmUp == null) {
      warmUp =
          WarmUp.start(
              world.model(), world.plan().exchange(), world.engine().kv(), kernels, narrower);
    }
  }

  private synchronized Optional<WarmUp> warmUp() {
    return Optional.ofNullable(warmUp);
  }

  /// What computes, with weights of these types.
  public KernelReport kernels(List<DType> weights) {
    return kernels.report(weights);
  }

  /// Waits until the forms of kernels are chosen and the slice has its pages, for hardly longer
  /// than this. Any thread.
  public void awaitKernels(Duration limit) throws InterruptedException {
    store.awaitPages(limit);
    if (warmUp().isPresent()) {
      warmUp().get().awaitChoice(limit);
    }
  }

  /// The place to rehearse beside this one.
  synchronized Stage stage() {
    if (stage == null) {
      stage = new Stage(kernels, settings, this::awaitCompiled);
    }
    return stage;
  }

  /// Gives the cache of the last engine back, which is not used any more. Compute thread only.
  void freeCache() {
    if (cacheArena != null) {
      cacheArena.close();
      cacheArena = null;
    }
  }

  /// Waits until kernels are compiled, if they are being. Any thread.
  private void awaitCompiled() {
    warmUp()
        .ifPresent(
            present -> {
              try {
                present.awaitCompiled(COMPILATION);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }

  /// Ends what goes on beside computing. Any thread.
  void close() {
    warmUp().ifPresent(WarmUp::close);
  }

  /// An engine over the complete slice in the store, with a new, empty cache in place of the last
  /// engine's. Compute thread only.
  ShardEngine engine(Assignment assignment) {
    SliceLayout layout = assignment.layout();
    freeCache();
    cacheArena = Arena.ofShared();
    warmUp().ifPresent(WarmUp::giveWay);
    awaitCompiled();
    EngineSettings ofEngine = assignment.world().engine();
    MemorySegment cache =
        WeightMemory.allocate(
            ShardEngine.cacheBytes(layout.plan(), layout.rank(), ofEngine), cacheArena);
    return new ShardEngine(layout, store.memory(), cache, ofEngine, kernels, pool);
  }
}
