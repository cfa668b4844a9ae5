package dllama.shard;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dllama.model.Architecture;
import dllama.model.Batch;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
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
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
        forwardPass.forward(new Batch(Arrays.copyOfRange(tokens, position, to), position, false));
        position = to;
      }
      for (int i = 0; i < 8; i++, position++) {
        int[] one = {tokens[position]};
        float[] logits = forwardPass.forward(new Batch(one, position, true)).logits();
        System.arraycopy(logits, 0, all, i * logits.length, logits.length);
      }
      return all;
    }
  }

  @ParameterizedTest
  @CsvSource({"F32,F32", "F16,F32", "Q40,Q80", "Q40,F32", "Q80,Q80"})
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
    "qwen3, Q40",
    "qwen3moe, F32",
    "qwen3moe, F16",
    "qwen3moe, Q40",
    "qwen3moe, Q80",
    "mixtral, Q40",
    "mixtral, F32",
    "grok1, Q40",
    "grok1, Q80"
  })
  void shouldNotDependOnBatchesOrThreadsInAnyArchitecture(String name, DType weights) {
    ModelSpec spec = Specs.small(weights, Architecture.named(name));
    DType exchange = weights.quantized() ? DType.Q80 : DType.F32;
    float[] expected = run(spec, exchange, 2, 1, 1, 50);
    for (int[] batchAndThreads : new int[][] {{1, 3}, {5, 2}, {42, 4}}) {
      float[] actual = run(spec, exchange, 2, batchAndThreads[0], batchAndThreads[1], 50);
      assertArrayEquals(expected, actual, 0, Arrays.toString(batchAndThreads));
    }
  }

  @ParameterizedTest
  @CsvSource({"qwen3", "qwen3moe", "mixtral", "grok1"})
  void shouldChooseTheSameTokensOnAnyNumberOfNodesInAnyArchitecture(String name) {
    shouldChooseTheSameTokens(Specs.small(DType.F32, Architecture.named(name)));
  }

  @ParameterizedTest
  @CsvSource({"F32", "F16", "Q40", "Q80"})
  void shouldChooseTheSameTokensOnAnyNumberOfNodes(DType weights) {
    shouldChooseTheSameTokens(Specs.small(weights));
  }

  private static void shouldChooseTheSameTokens(ModelSpec spec) {
    int[] tokens = prompt(spec, 20);
    try (var pool = new WorkerPool(1)) {
      int[] expected = null;
      for (int nodes : ShardPlan.usableWorldSizes(spec, DType.F32)) {
        try (var forwardPass = forwardPass(spec, DType.F32, nodes, 32, pool)) {
          int[] actual = Goldens.greedy(forwardPass, tokens, 40);
          expected = expected == null ? actual : expected;
          assertArrayEquals(expected, actual, nodes + " nodes");
        }
      }
    }
  }

  @Test
  void shouldForgetWhatIsFedAgainAtAPosition() {
    ModelSpec spec = Specs.small(DType.F32);
    try (var pool = new WorkerPool(1);
        var forwardPass = forwardPass(spec, DType.F32, 1, 32, pool)) {
      int[] tokens = prompt(spec, 12);
      int[] others = prompt(spec, 24);
      float[] expected = forwardPass.forward(new Batch(tokens, 0, true)).logits().clone();
      forwardPass.forward(new Batch(Arrays.copyOfRange(others, 4, 24), 4, false));
      int[] rest = Arrays.copyOfRange(tokens, 4, 12);
      float[] actual = forwardPass.forward(new Batch(rest, 4, true)).logits();
      assertArrayEquals(expected, actual, 0);
    }
  }

  @Test
  void shouldRefuseStepsOutsideTheContext() {
    ModelSpec spec = Specs.small(DType.F32);
    try (var pool = new WorkerPool(1);
        var forwardPass = forwardPass(spec, DType.F32, 1, 4, pool)) {
      for (Batch batch :
          new Batch[] {
            new Batch(new int[0], 0, false),
            new Batch(new int[5], 0, false),
            new Batch(new int[1], 96, false),
            new Batch(new int[2], 95, false),
            new Batch(new int[1], -1, false),
            new Batch(new int[1], Integer.MAX_VALUE, false),
            new Batch(new int[] {301}, 0, false),
            new Batch(new int[] {-1}, 0, false)
          }) {
        assertThrows(IllegalArgumentException.class, () -> forwardPass.forward(batch));
      }
    }
  }

  @Test
  void shouldInsistOnTheOrderOfCalls() {
    try (var arena = Arena.ofConfined();
        var pool = new WorkerPool(1)) {
      ShardEngine engine = engine(arena, pool, 1, Kernels.choose(true));
      assertThrows(IllegalStateException.class, engine::advance);
      engine.begin(1, 0, false);
      MemorySegment partial = arena.allocate(engine.partialBytes());
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
      engine.begin(1, 0, false);
      assertTrue(engine.advance());
      MemorySegment[] cut = {arena.allocate(engine.partialBytes() - 1)};
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
      engine.begin(1, 0, true);
      MemorySegment[] partials = {arena.allocate(engine.partialBytes())};
      int count = 0;
      while (engine.advance()) {
        assertEquals(count++, engine.exchange());
        engine.writePartial(partials[0]);
        engine.reduce(partials);
      }
      assertEquals(engine.exchanges(), count);
    }
  }

  @ParameterizedTest
  @CsvSource({"llama", "qwen3moe", "grok1"})
  void shouldNotAllocateOnceWarm(String name) {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (var arena = Arena.ofConfined();
        var pool = new WorkerPool(1)) {
      ShardEngine engine = engine(arena, pool, 8, new NoKernels(), Architecture.named(name));
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
    engine.begin(tokens, position, true);
    while (engine.advance()) {
      engine.writePartial(partials[0]);
      engine.reduce(partials);
    }
  }

  private static ShardEngine engine(
      Arena arena, WorkerPool pool, int maxBatchTokens, Kernels kernels) {
    return engine(arena, pool, maxBatchTokens, kernels, Architecture.LLAMA);
  }

  private static ShardEngine engine(
      Arena arena,
      WorkerPool pool,
      int maxBatchTokens,
      Kernels kernels,
      Architecture architecture) {
    ModelSpec spec = Specs.small(DType.Q40, architecture);
    ShardPlan plan = new ShardPlan(spec, DType.Q80, 1);
    ShardLayout layout = new ShardLayout(plan, 0);
    EngineSettings settings = new EngineSettings(DType.F16, 64, maxBatchTokens);
    MemorySegment slice = arena.allocate(layout.totalBytes(), ShardLayout.ALIGNMENT);
    new SliceReader(layout, new ModelSource.Random(spec, SEED)).fill(slice, pool, _ -> {});
    MemorySegment cache =
        arena.allocate(ShardEngine.cacheBytes(plan, settings), ShardLayout.ALIGNMENT);
    return new ShardEngine(layout, slice, cache, settings, kernels, pool);
  }

  /// Computes nothing, so that what is allocated is the engine's own.
  private static final class NoKernels implements Kernels {
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
    public void add(float[] sum, int sumAt, float[] x, int xAt, int size) {}

    @Override
    public void append(
        KvHead cache, int position, float[] key, int keyAt, float[] value, int valueAt) {}

    @Override
    public void attend(
        float[] query,
        int queryAt,
        KvHead cache,
        int length,
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
