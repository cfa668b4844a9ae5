package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.management.ThreadMXBean;
import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.settings.SharesSetting;
import dllama.slice.ShardPlan;
import dllama.slice.Shares;
import dllama.slice.SliceLayout;
import dllama.slice.SliceReader;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// All ranks in one thread, their bytes carried as a network would.
class CollectiveTest {
  private static final int SEED = 20261125;
  private static final int MAX_TOKENS = 12;
  private static final int MOST_BRANCHES = 4;

  private static List<float[]> run(
      ShardPlan plan, int threads, Function<ShardEngine, Collective> kind) {
    return run(plan, threads, kind, false);
  }

  /// Residual streams of all ranks after steps of several sizes, one after another.
  ///
  /// @param halves whether steps are done in halves
  private static List<float[]> run(
      ShardPlan plan, int threads, Function<ShardEngine, Collective> kind, boolean halves) {
    try (var arena = Arena.ofShared();
        var pool = new WorkerPool(threads, 0)) {
      List<ShardEngine> engines = new ArrayList<>();
      List<float[]> streams = new ArrayList<>();
      for (int rank = 0; rank < plan.worldSize(); rank++) {
        engines.add(engine(arena, pool, plan, rank));
        streams.add(new float[0]);
      }
      List<ShardEngine> leading =
          engines.stream().map(engine -> engine.leading(MAX_TOKENS / 2)).toList();
      int position = 0;
      for (int tokens : new int[] {MAX_TOKENS, 1, 5, 2, 1}) {
        int first = halves ? Halves.first(tokens) : 0;
        List<World> worlds = new ArrayList<>();
        if (first > 0) {
          worlds.add(new World(leading, kind, plan.spec(), first, position));
        }
        worlds.add(new World(engines, kind, plan.spec(), tokens - first, position + first));
        step(worlds);
        position += tokens;
        for (World world : worlds) {
          world.addStreams(streams);
        }
      }
      return streams;
    }
  }

  /// Every half computes up to an exchange while that of the other one is on its way.
  private static void step(List<World> worlds) {
    boolean more = true;
    for (World world : worlds) {
      more = world.advance();
    }
    while (more) {
      for (World world : worlds) {
        world.exchange();
        more = world.advance();
      }
    }
  }

  /// All ranks with the same tokens.
  private record World(
      List<ShardEngine> engines, List<Collective> collectives, ModelSpec spec, int tokens) {
    World(
        List<ShardEngine> engines,
        Function<ShardEngine, Collective> kind,
        ModelSpec spec,
        int tokens,
        int position) {
      this(engines, engines.stream().map(kind).toList(), spec, tokens);
      for (ShardEngine engine : engines) {
        for (int token = 0; token < tokens; token++) {
          Random random = new Random(SEED + position + token);
          for (int i = 0; i < spec.dim(); i++) {
            engine.input()[token * spec.dim() + i] = random.nextFloat() - 0.5f;
          }
        }
        Steps.begin(engine, tokens, position, 0);
      }
    }

    boolean advance() {
      return engines.stream().map(ShardEngine::advance).toList().getFirst();
    }

    void exchange() {
      for (int round = 0; round < collectives.getFirst().rounds(); round++) {
        round(collectives, round, tokens * spec.dim() * MOST_BRANCHES);
      }
    }

    void addStreams(List<float[]> streams) {
      for (int rank = 0; rank < engines.size(); rank++) {
        float[] before = streams.get(rank);
        int size = tokens * spec.dim();
        float[] all = Arrays.copyOf(before, before.length + size);
        System.arraycopy(engines.get(rank).input(), 0, all, before.length, size);
        streams.set(rank, all);
      }
    }
  }

  private static void round(List<Collective> collectives, int round, int values) {
    List<byte[]> written = new ArrayList<>();
    for (Collective collective : collectives) {
      byte[] bytes = new byte[values * Float.BYTES];
      collective.write(round, MemorySegment.ofArray(bytes));
      written.add(bytes);
    }
    for (int rank = 0; rank < collectives.size(); rank++) {
      MemorySegment[] all = new MemorySegment[collectives.size()];
      for (int peer = 0; peer < all.length; peer++) {
        Collective sender = collectives.get(peer);
        int from = sender.sentFrom(round, rank);
        int size = sender.sentBytes(round, rank);
        if (peer != rank) {
          assertEquals(collectives.get(rank).receivedBytes(round, peer), size);
        }
        byte[] sent = Arrays.copyOfRange(written.get(peer), from, from + size);
        all[peer] = MemorySegment.ofArray(peer == rank ? written.get(rank) : sent);
      }
      collectives.get(rank).read(round, all);
    }
  }

  private static ShardEngine engine(Arena arena, WorkerPool pool, ShardPlan plan, int rank) {
    return engine(arena, pool, plan, rank, Kernels.choose(true));
  }

  private static ShardEngine engine(
      Arena arena, WorkerPool pool, ShardPlan plan, int rank, Kernels kernels) {
    SliceLayout layout = new SliceLayout(plan, rank);
    EngineSettings settings = new EngineSettings(DType.F32, 64, MAX_TOKENS);
    MemorySegment slice = arena.allocate(layout.totalBytes(), SliceLayout.ALIGNMENT);
    new SliceReader(layout, new ModelSource.Random(plan.spec(), SEED)).fill(slice, pool, _ -> {});
    MemorySegment cache =
        arena.allocate(ShardEngine.cacheBytes(plan, rank, settings), SliceLayout.ALIGNMENT);
    return new ShardEngine(layout, slice, cache, settings, kernels, pool);
  }

  @Tag("without-agent")
  @ParameterizedTest
  @CsvSource({"Q8_0, F32", "Q8_0, Q8_0", "F32, F32"})
  void shouldNotAllocateOnceWarm(DType exchange, DType sums) {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (var arena = Arena.ofConfined();
        var pool = new WorkerPool(1)) {
      ShardPlan plan = new ShardPlan(spec(DType.Q4_0, 64), exchange, 2);
      ShardEngine engine = engine(arena, pool, plan, 0, new ShardEngineTest.NoKernels());
      ShardEngine leading = engine.leading(MAX_TOKENS);
      Collective[] halves = {
        Collective.reduceScatter(leading, sums), Collective.reduceScatter(engine, sums)
      };
      MemorySegment mine = arena.allocate(1 << 16);
      MemorySegment[] all = {mine, arena.allocate(1 << 16)};
      long least = Long.MAX_VALUE;
      for (int i = 0; i < 3000 && least > 0; i++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        Steps.begin(leading, MAX_TOKENS, 0, 0);
        Steps.begin(engine, MAX_TOKENS, MAX_TOKENS, 0);
        while (leading.advance() & engine.advance()) {
          for (Collective half : halves) {
            for (int round = 0; round < half.rounds(); round++) {
              half.write(round, mine);
              all[0] = mine;
              half.read(round, all);
            }
          }
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertEquals(0, least);
    }
  }

  /// A dim of 96 is three blocks: some ranks own more than others, some nothing at all.
  @ParameterizedTest
  @CsvSource({
    "Q8_0, 2, 64", "Q8_0, 4, 64", "Q8_0, 8, 64", "Q8_0, 2, 96", "Q8_0, 4, 96", "Q8_0, 8, 96",
    "F32, 2, 64", "F32, 4, 64", "F32, 8, 64", "F32, 2, 96", "F32, 4, 96", "F32, 8, 96"
  })
  void shouldGiveTheBitsOfDirectSums(DType exchange, int nodes, int dim) {
    shouldBeEqual(new ShardPlan(spec(DType.Q4_0, dim), exchange, nodes));
  }

  @ParameterizedTest
  @CsvSource({"2, 70", "4, 70", "8, 50"})
  void shouldGiveTheBitsOfDirectSumsOfAnySizeWithF32Exchange(int nodes, int dim) {
    shouldBeEqual(new ShardPlan(spec(DType.F32, dim), DType.F32, nodes));
  }

  @ParameterizedTest
  @CsvSource({"qwen3, Q8_0", "qwen3moe, F32", "mixtral, Q8_0", "grok1, Q8_0", "grok1, F32"})
  void shouldGiveTheBitsOfDirectSumsInAnyArchitecture(String name, DType exchange) {
    ModelSpec spec = Specs.small(DType.Q4_0, Architecture.named(name));
    shouldBeEqual(new ShardPlan(spec, exchange, 4));
  }

  /// With F32 exchange some ranks send the sums of several branches.
  @ParameterizedTest
  @CsvSource({
    "Q8_0, 3:1, 64",
    "Q8_0, 1:1:1, 96",
    "Q8_0, 3:2:2:1, 96",
    "Q8_0, 1:1:1:1:4, 64",
    "F32, 3:1, 64",
    "F32, 1:1:1, 96",
    "F32, 3:2:2:1, 96",
    "F32, 1:1:1:1:3, 64",
    "F32, 5:3, 64"
  })
  void shouldGiveTheBitsOfDirectSumsWithAnyShares(DType exchange, String shares, int dim) {
    shouldBeEqual(new ShardPlan(spec(DType.Q4_0, dim), exchange, shares(shares)));
  }

  /// Large enough that threads share the sums.
  @ParameterizedTest
  @CsvSource({"Q8_0", "F32"})
  void shouldGiveTheBitsOfDirectSumsOnSeveralThreads(DType exchange) {
    ShardPlan plan = new ShardPlan(spec(DType.Q4_0, 4096), exchange, 2);
    List<float[]> expected = run(plan, 1, Collective::direct);
    List<float[]> actual = run(plan, 3, engine -> Collective.reduceScatter(engine, DType.F32));
    assertSame(expected, actual);
  }

  @ParameterizedTest
  @CsvSource({"2, 64", "4, 96", "8, 64", "8, 96"})
  void shouldGiveAllRanksTheSameBitsWithRoundedSums(int nodes, int dim) {
    ShardPlan plan = new ShardPlan(spec(DType.Q4_0, dim), DType.Q8_0, nodes);
    List<float[]> direct = run(plan, 1, Collective::direct);
    List<float[]> rounded = run(plan, 1, engine -> Collective.reduceScatter(engine, DType.Q8_0));
    for (float[] stream : rounded) {
      assertArrayEquals(rounded.getFirst(), stream, 0);
    }
    assertFalse(Arrays.equals(direct.getFirst(), rounded.getFirst()), "sums are rounded");
    assertArrayEquals(direct.getFirst(), rounded.getFirst(), 0.3f);
  }

  private static void shouldBeEqual(ShardPlan plan) {
    Function<ShardEngine, Collective> scattered =
        engine -> Collective.reduceScatter(engine, DType.F32);
    List<float[]> expected = run(plan, 1, Collective::direct);
    assertSame(expected, run(plan, 1, scattered));
    assertSame(expected, run(plan, 1, Collective::direct, true));
    assertSame(expected, run(plan, 2, scattered, true));
  }

  @Test
  void shouldComputeFirstHalvesWithoutLogits() {
    try (var arena = Arena.ofShared();
        var pool = new WorkerPool(1)) {
      ShardPlan plan = new ShardPlan(spec(DType.Q4_0, 64), DType.Q8_0, 2);
      ShardEngine leading = engine(arena, pool, plan, 0).leading(3);
      Steps.begin(leading, 3, 0, 0);
      assertThrows(IllegalArgumentException.class, () -> Steps.begin(leading, 3, 0, 1));
      assertThrows(IllegalArgumentException.class, () -> Steps.begin(leading, 4, 0, 0));
    }
  }

  @Test
  void shouldCutStepsInHalvesOfWholeBundles() {
    int[][] tokensAndFirst = {
      {1, 0}, {2, 1}, {3, 1}, {9, 4}, {15, 7}, {16, 8}, {23, 8}, {24, 16}, {31, 16}, {32, 16},
      {40, 24}, {47, 24}, {64, 32}
    };
    for (int[] each : tokensAndFirst) {
      assertEquals(each[1], Halves.first(each[0]), "of " + each[0]);
    }
  }

  private static void assertSame(List<float[]> expected, List<float[]> actual) {
    for (int rank = 0; rank < expected.size(); rank++) {
      assertArrayEquals(expected.getFirst(), expected.get(rank), 0, "direct, rank " + rank);
      assertArrayEquals(expected.getFirst(), actual.get(rank), 0, "scattered, rank " + rank);
    }
  }

  private static ModelSpec spec(DType weights, int dim) {
    return Specs.of(weights, dim, 256, 16, 8, 16, 301);
  }

  /// Of the llama3.2-1b shape with 8 nodes, as a share of the direct bytes.
  @Test
  void shouldMoveFewerBytesWithEightNodes() {
    ShardPlan plan = new ShardPlan(spec(DType.Q4_0, 2048), DType.Q8_0, 8);
    long direct = Collective.directBytes(plan, 2048);
    assertEquals(7 * 2176, direct);
    assertEquals(7 * (272 + 1024), Collective.scatteredBytes(plan, 2048, DType.F32));
    assertEquals(direct / 4, Collective.scatteredBytes(plan, 2048, DType.Q8_0));
  }

  private static Shares shares(String text) {
    return new Shares(SharesSetting.parse(text).parts());
  }
}
