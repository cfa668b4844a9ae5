package dllama.shard;

import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.step.OneSequence;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;

/// Has the kernels of a model compiled while its weights are still on their way: computes steps of
/// a very small random model of the same architecture and types, through the same code, on a thread
/// of its own.
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

  /// Of rows and columns: some chunks of blocks, some groups of rows.
  private static final int WIDTH = 512;

  private final Thread thread;
  private volatile boolean ended;

  private WarmUp(ModelSpec spec, DType exchange, DType kv, Kernels kernels) {
    thread = new Thread(() -> compute(spec, exchange, kv, kernels), "warm-up");
    thread.setDaemon(true);
  }

  /// Starts for a model of this description; does nothing where only one core is left to this
  /// process.
  public static WarmUp start(ModelSpec spec, DType exchange, DType kv, Kernels kernels) {
    WarmUp warmUp = new WarmUp(spec, exchange, kv, kernels);
    if (Runtime.getRuntime().availableProcessors() > 1) {
      warmUp.thread.start();
    }
    return warmUp;
  }

  /// Ends soon; does not wait for it.
  @Override
  public void close() {
    ended = true;
  }

  private void compute(ModelSpec model, DType exchange, DType kv, Kernels kernels) {
    ModelSpec spec = small(model);
    EngineSettings settings = new EngineSettings(kv, CONTEXT, PROMPT);
    ShardPlan plan = new ShardPlan(spec, exchange, 1);
    try (var pool = new WorkerPool(1);
        var pass =
            new LocalForwardPass(new ModelSource.Random(spec, 1), plan, settings, kernels, pool)) {
      OneSequence sequence = new OneSequence(pass);
      for (int round = 0; round < ROUNDS && !ended; round++) {
        round(sequence);
      }
    }
  }

  /// A prompt and some tokens after it.
  private void round(OneSequence sequence) {
    sequence.logits(new int[PROMPT], 0);
    for (int token = 0; token < DECODED && !ended; token++) {
      sequence.logits(new int[1], PROMPT + token);
    }
  }

  /// As `model` in everything that decides what code runs, and small in the rest.
  static ModelSpec small(ModelSpec model) {
    int group = model.heads() / model.kvHeads();
    int kvHeads = 1;
    while (kvHeads * group * model.headDim() % DType.BLOCK != 0) {
      kvHeads++;
    }
    return new ModelSpec(
        model.architecture(),
        model.weightType(),
        Math.min(model.dim(), WIDTH),
        Math.min(model.ffnDim(), WIDTH),
        Math.min(model.experts(), Math.max(model.activeExperts(), PROMPT)),
        model.activeExperts(),
        1,
        kvHeads * group,
        kvHeads,
        model.headDim(),
        WIDTH,
        CONTEXT,
        model.rmsEpsilon(),
        model.activation(),
        model.rope());
  }
}
