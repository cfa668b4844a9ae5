package dllama.prediction;

import dllama.engine.EngineSettings;
import dllama.engine.LocalForwardPass;
import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.Rope;
import dllama.settings.Device;
import dllama.settings.Memory;
import dllama.slice.ShardPlan;
import dllama.slice.SliceLayout;
import dllama.step.OneSequence;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Times this machine: whole steps of some layers like those of Llama 3.2 1B, with random weights
/// that are larger than the caches, so that norms, attention and barriers count as they do in use.
///
/// What an exchange costs can not be measured on one machine and is assumed.
public final class DeviceMeasurement {
  /// The name of what was measured.
  public static final String NAME = "this-machine";

  /// What a wired exchange may take beside the wire on a machine with free cores: the event loop's
  /// 40 us (docs/BENCHMARK-NOTES.md, "One exchange"), and as much as nodes may be apart.
  static final Duration EXCHANGE = Duration.ofNanos(200_000);

  static final Duration MESSAGE = Duration.ofNanos(50_000);

  private static final int DIM = 2048;
  private static final int BATCH = 32;
  private static final int CONTEXT = 64;

  /// Larger than the last cache of any home computer.
  private static final long WEIGHT_BYTES = 256L << 20;

  private static final int MAX_LAYERS = 16;

  /// Steps are measured in rounds, until so many in a row were no quicker than the one before them:
  /// how long C2 takes for all of a step differs a lot from machine to machine.
  private static final int STEADY_ROUNDS = 4;

  private static final int MAX_ROUNDS = 20;
  private static final Duration ROUND = Duration.ofSeconds(1);
  private static final int MIN_STEPS = 3;

  private final OneSequence sequence;

  private DeviceMeasurement(LocalForwardPass forwardPass) {
    sequence = new OneSequence(forwardPass);
  }

  /// Measures for ten seconds, or for up to a minute where the compiler takes long.
  ///
  /// @param weightType of the weights that are read
  /// @param threads at work
  /// @param progress told what is done next
  public static Device run(DType weightType, int threads, Consumer<String> progress) {
    ShardPlan plan = new ShardPlan(spec(weightType), DType.Q8_0, 1);
    EngineSettings engine = new EngineSettings(DType.F16, CONTEXT, BATCH);
    var source = new ModelSource.Random(plan.spec(), 1);
    progress.accept("measuring this machine: making weights");
    try (WorkerPool pool = new WorkerPool(threads);
        LocalForwardPass forwardPass =
            new LocalForwardPass(source, plan, engine, Kernels.choose(true), pool)) {
      RankWork work = RankWork.of(new SliceLayout(plan, 0));
      var measurement = new DeviceMeasurement(forwardPass);
      progress.accept("measuring this machine: single tokens");
      double readRate = work.layerBytes(1) / measurement.seconds(1);
      progress.accept("measuring this machine: batches of " + BATCH);
      double productRate = BATCH * work.layerProducts() / measurement.seconds(BATCH);
      return new Device(
          NAME, Memory.total(), threads, readRate, productRate, EXCHANGE, MESSAGE, true);
    }
  }

  private static ModelSpec spec(DType weightType) {
    long one =
        RankWork.of(new SliceLayout(new ShardPlan(spec(weightType, 1), DType.Q8_0, 1), 0))
            .commonBytes();
    return spec(weightType, (int) Math.min(MAX_LAYERS, Math.ceilDiv(WEIGHT_BYTES, one)));
  }

  private static ModelSpec spec(DType weightType, int layers) {
    return new ModelSpec(
        Architecture.LLAMA,
        weightType,
        DIM,
        4 * DIM,
        0,
        0,
        layers,
        32,
        8,
        DIM / 32,
        32,
        CONTEXT,
        1e-5f,
        ModelSpec.Activation.SILU,
        Rope.unscaled(500_000));
  }

  /// What a step without logits takes, once it gets no quicker.
  private double seconds(int tokens) {
    int[] batch = new int[tokens];
    List<Long> rounds = new ArrayList<>();
    int quickest = 0;
    while (rounds.size() - quickest <= STEADY_ROUNDS && rounds.size() < MAX_ROUNDS) {
      rounds.add(round(batch));
      quickest = rounds.getLast() < rounds.get(quickest) ? rounds.size() - 1 : quickest;
    }
    return median(rounds.subList(quickest, rounds.size())) / 1e9;
  }

  /// The median of steps for a while, in nanoseconds.
  private long round(int[] batch) {
    List<Long> nanos = new ArrayList<>();
    long end = System.nanoTime() + ROUND.toNanos();
    for (long from = System.nanoTime(); from < end || nanos.size() < MIN_STEPS; ) {
      sequence.feed(batch, 0);
      long now = System.nanoTime();
      nanos.add(now - from);
      from = now;
    }
    return median(nanos);
  }

  private static long median(List<Long> nanos) {
    return nanos.stream().sorted().skip(nanos.size() / 2).findFirst().orElseThrow();
  }
}
