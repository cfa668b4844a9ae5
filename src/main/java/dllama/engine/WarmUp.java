package dllama.engine;

import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.Sliding;
import dllama.model.TensorRole;
import dllama.slice.ShardPlan;
import dllama.slice.TinyModel;
import dllama.step.OneSequence;
import dllama.tensor.DType;
import dllama.tensor.KernelGuard;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;

/// Has the kernels of a model compiled while its weights are still on their way: computes steps of
/// a very small random model of the same architecture and types, through the same code, on a thread
/// of its own. Then [KernelGuard] chooses among their forms.
///
/// It is the compiler's time that counts, several seconds of it where there is one core for it, and
/// a first token would have to wait for that. With a single core it would only be in the way.
public final class WarmUp implements AutoCloseable {
  /// Enough for all kernels to be compiled; a round takes a millisecond from then on.
  private static final int ROUNDS = 300;

  /// A full bundle of tokens and one more, which makes for both ways through prefill.
  private static final int PROMPT = 9;

  private static final int DECODED = 7;
  private static final int CONTEXT = 64;

  /// Of rows and columns, where blocks of weights are not longer: four groups of rows. A round of
  /// four times that has as many calls of kernels, which is what counts, and takes ten times as
  /// long.
  private static final int WIDTH = 128;

  /// How long a node that starts, or has begun to compute, is left alone; then what is left to do
  /// takes this much of a core's time: half a millisecond in ten.
  private static final Duration FIRST_TOKENS = Duration.ofSeconds(4);

  private static final long PAUSE_MILLIS = 10;

  private final Thread thread;
  private final CountDownLatch compiled = new CountDownLatch(1);
  private final CountDownLatch decided = new CountDownLatch(1);
  private volatile long leftAloneUntil;
  private volatile boolean givesWay;
  private volatile boolean awaited;
  private volatile boolean ended;

  private WarmUp(ModelSpec spec, DType exchange, DType kv, Kernels kernels, IntConsumer narrower) {
    leftAloneUntil = System.nanoTime() + FIRST_TOKENS.toNanos();
    thread = new Thread(() -> run(spec, exchange, kv, kernels, narrower), "warm-up");
    thread.setDaemon(true);
  }

  /// Starts for a model of this description; does nothing where only one core is left to this
  /// process.
  ///
  /// @param narrower is told how many bits vectors should have in the next process, if those of
  ///     this one are no good
  public static WarmUp start(
      ModelSpec spec, DType exchange, DType kv, Kernels kernels, IntConsumer narrower) {
    WarmUp warmUp = new WarmUp(spec, exchange, kv, kernels, narrower);
    if (Runtime.getRuntime().availableProcessors() > 1) {
      warmUp.thread.start();
    } else {
      warmUp.compiled.countDown();
      warmUp.decided.countDown();
    }
    return warmUp;
  }

  /// Waits until the kernels are compiled, but not much longer than this. Who called them before
  /// would work with vectors that are objects, and have the compiler make code for that.
  public void awaitCompiled(Duration limit) throws InterruptedException {
    compiled.await(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  /// An engine is there, and needs the cores: compiling ahead ends, and the choice among forms
  /// waits a while and then takes its time.
  public void giveWay() {
    leftAloneUntil = System.nanoTime() + FIRST_TOKENS.toNanos();
    givesWay = true;
  }

  /// Waits until the forms of kernels are chosen, but not much longer than this: for who measures.
  public void awaitChoice(Duration limit) throws InterruptedException {
    awaited = true;
    decided.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    awaited = false;
  }

  /// Ends soon; does not wait for it.
  @Override
  public void close() {
    ended = true;
    compiled.countDown();
    decided.countDown();
  }

  private void run(
      ModelSpec model, DType exchange, DType kv, Kernels kernels, IntConsumer narrower) {
    try {
      KernelGuard.compile(kernels, model.weightTypes(), kv, () -> !ended);
      compiled.countDown();
      compute(model, exchange, kv, kernels);
      int bits = KernelGuard.run(kernels, model.weightTypes(), kv, this::mayGoOn);
      if (bits > 0) {
        narrower.accept(bits);
      }
    } finally {
      compiled.countDown();
      decided.countDown();
    }
  }

  private void compute(ModelSpec model, DType exchange, DType kv, Kernels kernels) {
    ModelSpec spec = small(model);
    EngineSettings settings = new EngineSettings(kv, CONTEXT, PROMPT);
    ShardPlan plan = new ShardPlan(spec, exchange, 1);
    try (var pool = new WorkerPool(1);
        var pass =
            new LocalForwardPass(new ModelSource.Random(spec, 1), plan, settings, kernels, pool)) {
      OneSequence sequence = new OneSequence(pass);
      for (int round = 0; round < ROUNDS && !isOver(); round++) {
        round(sequence);
      }
    }
  }

  private boolean isOver() {
    return ended || givesWay;
  }

  /// Between two pieces of the guard's work: waits while that would be in the way.
  private boolean mayGoOn() {
    try {
      do {
        if (!awaited) {
          Thread.sleep(PAUSE_MILLIS);
        }
      } while (!awaited && !ended && System.nanoTime() - leftAloneUntil < 0);
    } catch (InterruptedException e) {
      return false;
    }
    return !ended;
  }

  /// A prompt and some tokens after it.
  private void round(OneSequence sequence) {
    sequence.logits(new int[PROMPT], 0);
    for (int token = 0; token < DECODED && !isOver(); token++) {
      sequence.logits(new int[1], PROMPT + token);
    }
  }

  /// As `model` in everything that decides what code runs, and small in the rest.
  static ModelSpec small(ModelSpec model) {
    int group = model.heads() / model.kvHeads();
    int kvHeads = 1;
    while (!TinyModel.areBlocks(model, kvHeads * group)) {
      kvHeads++;
    }
    boolean mixed = model.mixture().denseLayers() > 0 || model.deltaNet().exists();
    int layers = Math.max(model.types().kinds().size(), mixed ? 2 : 1);
    int width = Math.max(WIDTH, longestBlock(model));
    Sliding sliding = model.sliding().resized(layers).scaled(kvHeads, model.kvHeads());
    return new ModelSpec(
        model.architecture(),
        model.types().shortened(layers),
        Math.min(model.dim(), width),
        Math.min(model.ffnDim(), width),
        Math.min(model.experts(), Math.max(model.activeExperts(), PROMPT)),
        model.activeExperts(),
        layers,
        kvHeads * group,
        kvHeads,
        model.headDim(),
        width,
        CONTEXT,
        model.rmsEpsilon(),
        model.activation(),
        model.rope(),
        sliding,
        model.scales(),
        TinyModel.mixture(model.mixture(), width),
        model.layering().resized(layers, sliding),
        model
            .deltaNet()
            .resized(layers)
            .narrowed(1, TinyModel.block(model, TensorRole.DELTA_OUTPUT)));
  }

  private static int longestBlock(ModelSpec model) {
    return model.weightTypes().stream().mapToInt(DType::blockSize).max().orElseThrow();
  }
}
