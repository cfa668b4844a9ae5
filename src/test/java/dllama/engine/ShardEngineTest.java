package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.sun.management.ThreadMXBean;
import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.slice.ShardPlan;
import dllama.slice.SliceLayout;
import dllama.slice.SliceReader;
import dllama.step.OneSequence;
import dllama.tensor.Activations;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.KvHead;
import dllama.tensor.PackedMatrix;
import dllama.tensor.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ShardEngineTest {
  private static final int SEED = 20261124;

  private static int[] prompt(ModelSpec spec, int length) {
    return new Random(SEED).ints(length, 0, spec.vocabSize()).toArray();
  }

  private static LocalForwardPass forwardPass(
      ModelSpec spec, DType exchange, int nodes, int maxBatchTokens, WorkerPool pool) {
    return new LocalForwardPass(
        new ModelSource.Random(spec, SEED),
        new ShardPlan(spec, exchange, nodes),
        new EngineSettings(DType.F16, spec.contextLength(), maxBatchTokens),
        Kernels.choose(true),
        pool);
  }

  /// Logits after a prompt and eight more tokens, all steps together.
  private static float[] run(
      ModelSpec spec, DType exchange, int nodes, int batch, int threads, int length) {
    try (var pool = new WorkerPool(threads, 0);
        var forwardPass = forwardPass(spec, exchange, nodes, batch, pool)) {
      int[] tokens = prompt(spec, length);
      float[] all = new float[8 * spec.vocabSize()];
      int position = 0;
      while (position < length - 8) {
        int to = Math.min(position + batch, length - 8);
        new OneSequence(forwardPass).feed(Arrays.copyOfRange(tokens, position, to), position);
        position = to;
      }
      for (int i = 0; i < 8; i++, position++) {
        int[] one = {tokens[position]};
        float[] logits = new OneSequence(forwardPass).logits(one, position);
        System.arraycopy(logits, 0, all, i * logits.length, logits.length);
      }
      return all;
    }
  }

  @ParameterizedTest
  @CsvSource({"F32,F32", "F16,F32", "Q4_0,Q8_0", "Q4_0,F32", "Q8_0,Q8_0"})
  void shouldNotDependOnBatchesOrThreads(DType weights, DType exchange) {
    ModelSpec spec = Specs.small(weights);
    float[] expected = run(spec, exchange, 2, 1, 1, 50);
    for (int[] batchAndThreads : new int[][] {{1, 3}, {5, 1}, {5, 2}, {32, 3}, {42, 4}}) {
      float[] actual = run(spec, exchange, 2, batchAndThreads[0], batchAndThreads[1], 50);
      assertArrayEquals(expected, actual, 0, Arrays.toString(batchAndThreads));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "qwen3, Q4_0",
    "qwen3moe, F32",
    "qwen3moe, F16",
    "qwen3moe, Q4_0",
    "qwen3moe, Q8_0",
    "mixtral, Q4_0",
    "mixtral, F32",
    "grok1, Q4_0",
    "grok1, Q8_0"
  })
  void shouldNotDependOnBatchesOrThreadsInAnyArchitecture(String name, DType weights) {
    ModelSpec spec = Specs.small(weights, Architecture.named(name));
    DType exchange = weights.quantized() ? DType.Q8_0 : DType.F32;
    float[] expected = run(spec, exchange, 2, 1, 1, 50);
    for (int[] batchAndThreads : new int[][] {{1, 3}, {5, 2}, {42, 4}}) {
      float[] actual = run(spec, exchange, 2, batchAndThreads[0], batchAndThreads[1], 50);
      assertArrayEquals(expected, actual, 0, Arrays.toString(batchAndThreads));
    }
  }

  static Stream<Arguments> architecturesAndWeights() {
    return Specs.ARCHITECTURES.stream()
        .flatMap(
            architecture ->
                Specs.types(architecture).stream().map(w -> arguments(architecture, w)));
  }

  @ParameterizedTest
  @MethodSource("architecturesAndWeights")
  @Tag("slow")
  void shouldGiveTheSameLogitsOnAnyNumberOfNodesWithF32Exchange(
      Architecture architecture, DType weights) {
    ModelSpec spec = Specs.small(weights, architecture);
    assertEquals(List.of(1, 2, 4, 8, 16), ShardPlan.usableWorldSizes(spec, DType.F32));
    float[] expected = run(spec, DType.F32, 1, 1, 1, 30);
    for (int nodes : new int[] {1, 2, 4, 8, 16}) {
      for (int[] batchAndThreads : new int[][] {{1, 1}, {5, 2}, {22, 3}}) {
        float[] actual = run(spec, DType.F32, nodes, batchAndThreads[0], batchAndThreads[1], 30);
        String how = "%d nodes %s".formatted(nodes, Arrays.toString(batchAndThreads));
        assertArrayEquals(expected, actual, 0, how);
      }
    }
  }

  /// Sums in which a small number is lost when it is added to a large one.
  @ParameterizedTest
  @CsvSource({"F32, true", "Q8_0, false"})
  void shouldAddPartialsAsATreeWithF32Exchange(DType exchange, boolean tree) {
    Kernels kernels = Kernels.choose(true);
    ModelSpec spec = Specs.small(DType.Q4_0);
    try (var arena = Arena.ofConfined();
        var pool = new WorkerPool(1)) {
      ShardEngine engine = engine(arena, pool, 1, kernels, new ShardPlan(spec, exchange, 4));
      Steps.begin(engine, 1, 0, 0);
      assertTrue(engine.advance());
      Arrays.fill(engine.input(), 0);
      MemorySegment[] partials = new MemorySegment[4];
      float[] addends = {16383, 0.0003f, -16383, 0.0003f};
      for (int rank = 0; rank < 4; rank++) {
        float[] values = new float[spec.dim()];
        Arrays.fill(values, addends[rank]);
        partials[rank] = arena.allocate(engine.partialBytes(0));
        kernels.encode(values, 0, values.length, exchange, partials[rank], 0);
      }
      engine.reduce(partials);
      assertEquals(tree ? 0 : 0.0003f, engine.input()[0], 1e-5f);
    }
  }

  @Test
  void shouldForgetWhatIsFedAgainAtAPosition() {
    ModelSpec spec = Specs.small(DType.F32);
    try (var pool = new WorkerPool(1);
        var forwardPass = forwardPass(spec, DType.F32, 1, 32, pool)) {
      int[] tokens = prompt(spec, 12);
      int[] others = prompt(spec, 24);
      float[] expected = new OneSequence(forwardPass).logits(tokens, 0);
      new OneSequence(forwardPass).feed(Arrays.copyOfRange(others, 4, 24), 4);
      int[] rest = Arrays.copyOfRange(tokens, 4, 12);
      float[] actual = new OneSequence(forwardPass).logits(rest, 4);
      assertArrayEquals(expected, actual, 0);
    }
  }

  @Test
  void shouldRefuseStepsOutsideTheContext() {
    ModelSpec spec = Specs.small(DType.F32);
    try (var pool = new WorkerPool(1);
        var forwardPass = forwardPass(spec, DType.F32, 1, 4, pool)) {
      var sequence = new OneSequence(forwardPass);
      for (int[][] tokensAndPosition :
          new int[][][] {
            {new int[0], {0}},
            {new int[5], {0}},
            {new int[1], {96}},
            {new int[2], {95}},
            {new int[1], {-1}},
            {new int[1], {Integer.MAX_VALUE}},
            {{301}, {0}},
            {{-1}, {0}}
          }) {
        assertThrows(
            RuntimeException.class,
            () -> sequence.feed(tokensAndPosition[0], tokensAndPosition[1][0]));
      }
    }
  }

  @Test
  void shouldInsistOnTheOrderOfCalls() {
    try (var arena = Arena.ofConfined();
        var pool = new WorkerPool(1)) {
      ShardEngine engine = engine(arena, pool, 1, Kernels.choose(true));
      assertThrows(IllegalStateException.class, engine::advance);
      Steps.begin(engine, 1, 0, 0);
      MemorySegment partial = arena.allocate(engine.partialBytes(0));
      assertThrows(IllegalStateException.class, () -> engine.writePartial(partial));
      assertTrue(engine.advance());
      assertThrows(IllegalStateException.class, engine::advance);
      assertThrows(
          IllegalArgumentException.class,
          () -> engine.reduce(new MemorySegment[] {partial, partial}));
    }
  }

  @Test
  void shouldRefuseShortPartials() {
    try (var arena = Arena.ofConfined();
        var pool = new WorkerPool(1)) {
      ShardEngine engine = engine(arena, pool, 1, Kernels.choose(true));
      Steps.begin(engine, 1, 0, 0);
      assertTrue(engine.advance());
      MemorySegment[] cut = {arena.allocate(engine.partialBytes(0) - 1)};
      assertThrows(IllegalArgumentException.class, () -> engine.reduce(cut));
    }
  }

  @Test
  void shouldTakePartialsFromAnywhere() {
    try (var arena = Arena.ofConfined();
        var pool = new WorkerPool(1)) {
      ShardEngine engine = engine(arena, pool, 8, Kernels.choose(true));
      step(engine, new MemorySegment[] {arena.allocate(1 << 16)}, 8, 0);
      float[] expected = engine.logitsSlice().clone();
      MemorySegment odd = MemorySegment.ofArray(new byte[(1 << 16) + 3]).asSlice(3);
      step(engine, new MemorySegment[] {odd}, 8, 0);
      assertArrayEquals(expected, engine.logitsSlice(), 0);
    }
  }

  @Test
  void shouldNumberTheExchangesOfAStep() {
    try (var arena = Arena.ofConfined();
        var pool = new WorkerPool(1)) {
      ShardEngine engine = engine(arena, pool, 1, Kernels.choose(true));
      Steps.begin(engine, 1, 0, 1);
      MemorySegment[] partials = {arena.allocate(engine.partialBytes(0))};
      int count = 0;
      while (engine.advance()) {
        assertEquals(count++, engine.exchange());
        engine.writePartial(partials[0]);
        engine.reduce(partials);
      }
      assertEquals(engine.exchanges(), count);
    }
  }

  @Tag("without-agent")
  @ParameterizedTest
  @CsvSource({"llama, Q8_0", "llama, F32", "qwen3moe, F32", "grok1, Q8_0", "grok1, F32"})
  void shouldNotAllocateOnceWarm(String name, DType exchange) {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (var arena = Arena.ofConfined();
        var pool = new WorkerPool(1)) {
      ModelSpec spec = Specs.small(DType.Q4_0, Architecture.named(name));
      ShardEngine engine =
          engine(arena, pool, 8, new NoKernels(), new ShardPlan(spec, exchange, 1));
      MemorySegment[] partials = {arena.allocate(1 << 16)};
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 3000 && least > 0; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        step(engine, partials, 8, 0);
        step(engine, partials, 1, 8);
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertEquals(0, least);
    }
  }

  private static void step(ShardEngine engine, MemorySegment[] partials, int tokens, int position) {
    Arrays.fill(engine.input(), 0.5f);
    Steps.begin(engine, tokens, position, 1);
    while (engine.advance()) {
      engine.writePartial(partials[0]);
      engine.reduce(partials);
    }
  }

  private static ShardEngine engine(
      Arena arena, WorkerPool pool, int maxBatchTokens, Kernels kernels) {
    ModelSpec spec = Specs.small(DType.Q4_0);
    return engine(arena, pool, maxBatchTokens, kernels, new ShardPlan(spec, DType.Q8_0, 1));
  }

  private static ShardEngine engine(
      Arena arena, WorkerPool pool, int maxBatchTokens, Kernels kernels, ShardPlan plan) {
    SliceLayout layout = new SliceLayout(plan, 0);
    EngineSettings settings = new EngineSettings(DType.F16, 64, maxBatchTokens);
    MemorySegment slice = arena.allocate(layout.totalBytes(), SliceLayout.ALIGNMENT);
    new SliceReader(layout, new ModelSource.Random(plan.spec(), SEED)).fill(slice, pool, _ -> {});
    MemorySegment cache =
        arena.allocate(ShardEngine.cacheBytes(plan, 0, settings), SliceLayout.ALIGNMENT);
    return new ShardEngine(layout, slice, cache, settings, kernels, pool);
  }

  /// Computes nothing, so that what is allocated is the engine's own.
  static final class NoKernels implements Kernels {
    @Override
    public void load(float[] x, int xAt, Activations into, int token) {}

    @Override
    public void matmul(
        PackedMatrix w,
        int fromGroup,
        int toGroup,
        Activations x,
        int tokens,
        float[] out,
        int outAt,
        int outStride) {}

    @Override
    public void rmsNorm(
        float[] x, int xAt, float[] weight, int size, float epsilon, float[] out, int outAt) {}

    @Override
    public void swiglu(float[] gate, int gateAt, float[] up, int upAt, int size) {}

    @Override
    public void geglu(float[] gate, int gateAt, float[] up, int upAt, int size) {}

    @Override
    public void softcap(float[] x, int xAt, int size, float cap) {}

    @Override
    public void clampedSwiglu(float[] gate, int gateAt, float[] up, int upAt, int size) {}

    @Override
    public void sigmoidGate(float[] x, int xAt, float[] gate, int gateAt, int size) {}

    @Override
    public void convolve(
        float[] x,
        int xAt,
        int stride,
        int tokens,
        float[] filter,
        int filterAt,
        int filterStride,
        int kernel,
        float[] before,
        int size,
        float[] out) {}

    @Override
    public void l2Norm(float[] x, int at, int size, float epsilon) {}

    @Override
    public void deltaRule(
        float[] state,
        int rows,
        int cols,
        int tokens,
        float[] x,
        int queryAt,
        int keyAt,
        int valueAt,
        int stride,
        float[] decay,
        float[] beta,
        int gateAt,
        float[] out) {}

    @Override
    public void add(float[] sum, int sumAt, float[] x, int xAt, int size) {}

    @Override
    public void append(
        KvHead cache, int page, int slot, float[] key, int keyAt, float[] value, int valueAt) {}

    @Override
    public void attend(
        float[] query,
        int queryAt,
        int heads,
        KvHead cache,
        int[] pages,
        int from,
        int length,
        float[] sinks,
        int sinkAt,
        float[] scores,
        float[] out,
        int outAt) {}

    @Override
    public void encode(float[] x, int xAt, int size, DType dtype, MemorySegment to, long toByte) {}

    @Override
    public void decode(
        MemorySegment from,
        long fromByte,
        DType dtype,
        int size,
        boolean accumulate,
        float[] sum,
        int sumAt) {}
  }
}
