package dllama.cluster.rank;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.ExtendedActorSystem;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.serialization.SerializationExtension;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import dllama.cluster.ProbeKit;
import dllama.cluster.loop.ExchangeDispatcher;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.ControlSerializer;
import dllama.cluster.wire.FrameBuffer;
import dllama.cluster.wire.FramePool;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RankMessage.Assign;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.RootMessage.Loading;
import dllama.cluster.wire.RootMessage.ShardFailed;
import dllama.cluster.wire.RootMessage.ShardReady;
import dllama.cluster.wire.RootMessage.ShardRefused;
import dllama.cluster.wire.RootMessage.SliceWanted;
import dllama.cluster.wire.SliceSource;
import dllama.cluster.wire.TensorFrame;
import dllama.cluster.wire.TensorFrame.Input;
import dllama.cluster.wire.TensorFrame.RunRows;
import dllama.cluster.wire.TensorFrame.WeightChunk;
import dllama.cluster.wire.WorldSpec;
import dllama.engine.EngineSettings;
import dllama.logits.Adjustments;
import dllama.logits.LogitsQuestion;
import dllama.logits.LogitsWanted;
import dllama.model.ModelSpec;
import dllama.model.Shapes;
import dllama.settings.CollectiveType;
import dllama.settings.Overlap;
import dllama.settings.Settings;
import dllama.settings.Settings.Option;
import dllama.slice.ShardPlan;
import dllama.slice.SliceCache;
import dllama.step.PageCopy;
import dllama.step.RunState;
import dllama.tensor.DType;
import java.io.NotSerializableException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// What a root, or whoever has its secret, may ask of a worker: nothing that makes no sense, field
/// by field. What is refused leaves the worker as it was: the next world works.
class WorkerPlausibilityTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final long KEY = 5;
  private static final long EPOCH = 7;
  private static final int BATCH = 4;
  private static final int CONTEXT = 600;
  private static final int PAGES = 3;
  private static final ModelSpec SPEC = Shapes.spec("tiny", DType.Q4_0);
  private static final ObjectMapper CBOR = new CBORMapper();
  private static final ObjectMapper JSON = new ObjectMapper();

  private ActorTestKit testKit;
  private NodeMachine machine;
  private TestProbe<RootMessage> root;
  private TestProbe<RankMessage> peer;
  private ActorRef<RankMessage> shard;

  @BeforeEach
  void start() {
    Settings settings =
        Settings.load(
            Optional.empty(),
            new Properties(),
            List.of(
                new Option("-D", "weights.memory-limit", "64 MiB"),
                new Option("-D", "weights.warm-up", "off"),
                new Option("-D", "vector-kernels", "off")));
    var exchange = ExchangeDispatcher.choose(false, Duration.ZERO);
    testKit = ProbeKit.of(exchange, settings);
    machine = new NodeMachine(settings.cluster(), SliceCache.off(), WorkerListener.silent());
    root = testKit.createTestProbe(RootMessage.class);
    peer = testKit.createTestProbe(RankMessage.class);
    shard =
        testKit.spawn(
            LayerShard.create(
                machine.host(), exchange.computeWait(testKit.system()), new FramePool(4), null));
    shard.tell(new RankMessage.Serve(KEY));
  }

  @AfterEach
  void stop() {
    testKit.shutdownTestKit();
    machine.close();
  }

  private static WorldSpec world(int ranks) {
    return new WorldSpec(
        new ShardPlan(SPEC, DType.Q8_0, ranks),
        new EngineSettings(DType.F16, CONTEXT, BATCH, PAGES),
        CollectiveType.AUTO,
        Overlap.AUTO);
  }

  private Assign assign(long epoch, WorldSpec world, SliceSource source) {
    List<ActorRef<RankMessage>> ranks =
        IntStream.range(0, world.size()).mapToObj(r -> r == 0 ? shard : peer.getRef()).toList();
    return new Assign(KEY, new Assignment(epoch, 0, world, source), ranks, root.getRef());
  }

  /// A world of this rank alone, whose weights it makes up: it can do steps.
  private void ready(long epoch) {
    shard.tell(assign(epoch, world(1), SliceSource.random("m", 1)));
    assertEquals(epoch, expect(ShardReady.class).epoch());
  }

  /// The next message but for progress.
  private <T extends RootMessage> T expect(Class<T> type) {
    RootMessage message = root.receiveMessage(LONG);
    while (message instanceof Loading) {
      message = root.receiveMessage(LONG);
    }
    assertEquals(type, message.getClass(), message::toString);
    return type.cast(message);
  }

  /// What becomes of an assignment one of whose fields is another: refused when it is read, or by
  /// the shard, for this reason.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          assignment/epoch | 0 | -
          assignment/epoch | -9223372036854775808 | -
          assignment/rank | -1 | -
          assignment/rank | 2 | -
          assignment/rank | 2147483648 | -
          assignment/world/plan/exchange | "Q4_0" | -
          assignment/world/plan/exchange | "nothing" | -
          assignment/world/plan/exchange | null | -
          assignment/world/plan/shares/parts | [] | -
          assignment/world/plan/shares/parts | [1,0] | -
          assignment/world/plan/shares/parts | [1,-1] | -
          assignment/world/plan/shares/parts | [1,1000001] | -
          assignment/world/plan/shares/parts | [1,1,1,1,1] | -
          assignment/world/plan/spec/dim | 0 | -
          assignment/world/plan/spec/dim | 262145 | -
          assignment/world/plan/spec/dim | 33 | -
          assignment/world/plan/spec/ffnDim | -32 | -
          assignment/world/plan/spec/ffnDim | 1048608 | -
          assignment/world/plan/spec/experts | 4 | -
          assignment/world/plan/spec/activeExperts | 1 | -
          assignment/world/plan/spec/layers | 0 | -
          assignment/world/plan/spec/layers | 1025 | -
          assignment/world/plan/spec/layers | 1024 | for weights
          assignment/world/plan/spec/heads | 4097 | -
          assignment/world/plan/spec/kvHeads | 3 | -
          assignment/world/plan/spec/headDim | 7 | -
          assignment/world/plan/spec/headDim | 4098 | -
          assignment/world/plan/spec/vocabSize | 16777217 | -
          assignment/world/plan/spec/vocabSize | 16777216 | for weights
          assignment/world/plan/spec/vocabSize | 1 | -
          assignment/world/plan/spec/contextLength | 0 | -
          assignment/world/plan/spec/rmsEpsilon | 0 | -
          assignment/world/plan/spec/rmsEpsilon | "NaN" | -
          assignment/world/plan/spec/activation | 7 | -
          assignment/world/plan/spec/activation | null | -
          assignment/world/plan/spec/architecture | "java.lang.Runtime" | -
          assignment/world/plan/spec/rope | null | -
          assignment/world/plan/spec/types | null | -
          assignment/world/plan/spec/types/matrices | "Q9" | -
          assignment/world/plan/spec/types/others | {"WQ":[]} | -
          assignment/world/plan/spec/types/others | {"WQ":["F32","F32","F32","F32","F32"]} | -
          assignment/world/engine/kv | "Q8_0" | -
          assignment/world/engine/contextLength | 268435457 | -
          assignment/world/engine/contextLength | 268435456 | tokens and a context of 268435456
          assignment/world/engine/maxBatchTokens | 0 | -
          assignment/world/engine/maxBatchTokens | 601 | -
          assignment/world/engine/pages | 0 | -
          assignment/world/engine/pages | 16777217 | -
          assignment/world/engine/pages | 16777216 | a smaller --kv-memory
          assignment/world/collective | "NONE" | -
          assignment/world/overlap | 9 | -
          assignment/source | null | -
          assignment/source/fingerprint | null | -
          ranks | [] | -
          ranks | [null,null] | -
          root | null | -
          key | null | -
          unknown | 1 | -
          """)
  void shouldRefuseAnAssignmentThatMakesNoSense(String path, String value, String why)
      throws Exception {
    Assign good = assign(EPOCH, world(2), SliceSource.file("m", false));
    Optional<Assign> read = read(good, path, JSON.readTree(value));
    if (why.equals("-")) {
      assertTrue(read.isEmpty(), () -> path + ": " + read);
    } else {
      shard.tell(read.orElseThrow());
      ShardRefused refused = expect(ShardRefused.class);
      assertEquals(EPOCH, refused.epoch());
      assertTrue(refused.why().contains(why), refused.why());
    }
    ready(EPOCH + 1);
  }

  /// An assignment as it arrives, with another value in one place; empty if it is refused.
  private Optional<Assign> read(Assign good, String path, JsonNode value) throws Exception {
    var system = (ExtendedActorSystem) testKit.system().classicSystem();
    var all = SerializationExtension.get(system);
    ObjectNode tree = (ObjectNode) CBOR.readTree(all.serialize(good).get());
    ObjectNode place = tree;
    String[] names = path.split("/");
    for (int i = 0; i < names.length - 1; i++) {
      place = (ObjectNode) place.get(names[i]);
    }
    String last = names[names.length - 1];
    assertTrue(place.has(last) || last.equals("unknown"), () -> path + " of " + tree);
    place.set(last, value);
    var serializer = new ControlSerializer(system);
    var manifest = serializer.manifest(good);
    var read = all.deserialize(CBOR.writeValueAsBytes(tree), serializer.identifier(), manifest);
    if (read.isFailure()) {
      assertEquals(NotSerializableException.class, read.failed().get().getClass());
      return Optional.empty();
    }
    return Optional.of((Assign) read.get());
  }

  /// Few pages, so that keys and values take little, and steps of more tokens than Java has memory
  /// for.
  @Test
  void shouldRefuseStepsThatDoNotFitIntoMemory() {
    int context = 1 << 24;
    var world =
        new WorldSpec(
            new ShardPlan(SPEC, DType.Q8_0, 1),
            new EngineSettings(DType.F16, context, context, 1),
            CollectiveType.AUTO,
            Overlap.AUTO);
    shard.tell(assign(EPOCH, world, SliceSource.random("m", 1)));
    ShardRefused refused = expect(ShardRefused.class);
    String start = "needs ";
    String middle = " for steps of 16777216 tokens and a context of 16777216, but Java has ";
    assertTrue(refused.why().startsWith(start) && refused.why().contains(middle), refused::why);
    ready(EPOCH + 1);
  }

  @Test
  void shouldNotRoundSumsWhereNothingIsRounded() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new WorldSpec(
                new ShardPlan(SPEC, DType.F32, 2),
                new EngineSettings(DType.F16, CONTEXT, BATCH, PAGES),
                CollectiveType.REDUCE_SCATTER_Q80,
                Overlap.AUTO));
  }

  /// Its memory counts against no limit, so it must be the one that follows from the world.
  @Test
  void shouldRehearseNothingButTheRehearsalOfItsWorld() {
    shard.tell(assign(EPOCH, world(2), SliceSource.file("m", false)));
    assertEquals(EPOCH, expect(SliceWanted.class).epoch());
    shard.tell(assign(-EPOCH, world(2), SliceSource.file("m", false)));
    shard.tell(assign(-EPOCH, world(1), SliceSource.random("rehearsal", 0)));
    shard.tell(assign(-EPOCH - 1, world(1), SliceSource.random("rehearsal", 0)));
    root.expectNoMessage(Duration.ofMillis(300));
    Assignment real = new Assignment(EPOCH, 0, world(2), SliceSource.file("m", false));
    List<ActorRef<RankMessage>> ranks = List.of(shard, peer.getRef());
    shard.tell(new Assign(KEY, real.rehearsal(), ranks, root.getRef()));
    assertEquals(-EPOCH, expect(ShardReady.class).epoch());
  }

  @Test
  void shouldTakeNoPartFromWhoIsNotItsRoot() {
    var assignment = new Assignment(EPOCH, 0, world(1), SliceSource.random("m", 1));
    for (long key : new long[] {0, KEY + 1, -KEY}) {
      shard.tell(new Assign(key, assignment, List.of(shard), root.getRef()));
      shard.tell(new RankMessage.Measure(key, root.getRef()));
    }
    root.expectNoMessage(Duration.ofMillis(300));
    ready(EPOCH);
  }

  /// An engine belongs to the assignment that it was made for, even where the next one has the same
  /// epoch and is larger.
  @Test
  void shouldNotUseTheEngineOfAnEarlierAssignmentOfThatEpoch() {
    for (int i = 0; i < 50; i++) {
      shard.tell(assign(EPOCH, world(1), SliceSource.random("m", i)));
      shard.tell(assign(EPOCH, world(2), SliceSource.file("m" + i, false)));
      expect(SliceWanted.class);
      shard.tell(input(1, row(0, 1)));
      ShardFailed failed = expect(ShardFailed.class);
      assertTrue(failed.why().startsWith("got a step that it can not compute"), failed::why);
    }
  }

  /// What it says, or what it is told, may be lost: the root tells it again.
  @Test
  void shouldSayAgainHowFarItIs() {
    Assign assign = assign(EPOCH, world(2), SliceSource.file("m", false));
    shard.tell(assign);
    expect(SliceWanted.class);
    shard.tell(assign);
    assertEquals(EPOCH, expect(SliceWanted.class).epoch());
    int total = Math.toIntExact(new dllama.slice.SliceLayout(world(2).plan(), 0).totalBytes());
    shard.tell(new WeightChunk(EPOCH, 0, buffer(64)));
    shard.tell(assign); // nothing to say: the next chunk is awaited
    shard.tell(new WeightChunk(EPOCH, 64, buffer(total - 64)));
    ShardReady ready = expect(ShardReady.class);
    shard.tell(assign);
    assertEquals(ready, expect(ShardReady.class));
    shard.tell(new Input(EPOCH, 0, false, List.of(), List.of(), buffer(0)));
    ShardFailed failed = expect(ShardFailed.class);
    shard.tell(assign);
    assertEquals(failed, expect(ShardFailed.class));
  }

  @ParameterizedTest
  @MethodSource("wrongChunks")
  void shouldRefuseWeightsThatItDidNotAskFor(long offset, int bytes) {
    shard.tell(assign(EPOCH, world(2), SliceSource.file("m", false)));
    expect(SliceWanted.class);
    shard.tell(new WeightChunk(EPOCH, offset, buffer(bytes)));
    ShardFailed failed = expect(ShardFailed.class);
    assertEquals("got weights out of turn, at byte " + offset, failed.why());
    ready(EPOCH + 1);
  }

  static Stream<Object[]> wrongChunks() {
    long total = new dllama.slice.SliceLayout(world(2).plan(), 0).totalBytes();
    return Stream.of(
        new Object[] {1L, 64},
        new Object[] {-1L, 64},
        new Object[] {Long.MAX_VALUE, 64},
        new Object[] {Long.MIN_VALUE, 64},
        new Object[] {0L, 0},
        new Object[] {0L, Math.toIntExact(total) + 1});
  }

  /// Not even nothing, which would fit behind the last byte.
  @Test
  void shouldRefuseWeightsAfterTheLastOnes() {
    shard.tell(assign(EPOCH, world(2), SliceSource.file("m", false)));
    expect(SliceWanted.class);
    int total = Math.toIntExact(new dllama.slice.SliceLayout(world(2).plan(), 0).totalBytes());
    shard.tell(new WeightChunk(EPOCH, 0, buffer(total)));
    shard.tell(new WeightChunk(EPOCH, total, buffer(0)));
    String why = "got weights out of turn, at byte " + total;
    assertEquals(why, failure().why());
    shard.tell(new WeightChunk(EPOCH, total, buffer(1)));
    assertEquals(why, failure().why());
  }

  /// The rank may be ready before.
  private ShardFailed failure() {
    RootMessage next = root.receiveMessage(LONG);
    while (!(next instanceof ShardFailed)) {
      next = root.receiveMessage(LONG);
    }
    return (ShardFailed) next;
  }

  @ParameterizedTest
  @MethodSource("wrongInputs")
  void shouldRefuseStepsThatMakeNoSense(String what, Input input) {
    ready(EPOCH);
    shard.tell(input);
    ShardFailed failed = expect(ShardFailed.class);
    assertEquals(0, failed.rank(), what);
    assertTrue(failed.why().startsWith("got a step that it can not compute"), failed::why);
    ready(EPOCH + 1);
  }

  static Stream<Object[]> wrongInputs() {
    RunRows good = row(0, 1);
    FrameBuffer rows = buffer(SPEC.dim() * Float.BYTES);
    int most = Integer.MAX_VALUE;
    return Stream.of(
        new Object[] {"no runs", input(0)},
        new Object[] {"no rows", input(0, row(0, 0))},
        new Object[] {"fewer than no rows", input(0, row(0, -1))},
        new Object[] {"too many rows", input(BATCH + 1, row(0, BATCH + 1))},
        new Object[] {"too many runs", input(5, good, good, good, good, good)},
        new Object[] {"rows that overflow", input(2, row(0, most), row(0, most), row(0, 4))},
        new Object[] {"a position before the first", input(1, row(-1, 1))},
        new Object[] {"a position behind the last", input(1, row(CONTEXT, 1))},
        new Object[] {"a position that overflows", input(4, row(most - 1, 4))},
        new Object[] {"no page", input(1, run(new int[0], 0, 1))},
        new Object[] {"a page too few", input(1, run(new int[] {0}, 256, 1))},
        new Object[] {"a page below", input(1, run(new int[] {-1}, 0, 1))},
        new Object[] {"a page above", input(1, run(new int[] {PAGES}, 0, 1))},
        new Object[] {"a page far above", input(1, run(new int[] {most}, 0, 1))},
        new Object[] {"logits of more rows", input(1, wanted(1, new LogitsWanted.Best(2)))},
        new Object[] {"states of more rows", input(1, wanted(1, new LogitsWanted.States(2)))},
        new Object[] {"states of very many", input(1, wanted(1, new LogitsWanted.States(most)))},
        new Object[] {
          "too few bytes", new Input(EPOCH, 0, false, List.of(), List.of(good), buffer(4))
        },
        new Object[] {
          "too many bytes",
          new Input(EPOCH, 0, false, List.of(), List.of(good), buffer(SPEC.dim() * 4 + 1))
        },
        new Object[] {
          "reduce-scatter alone", new Input(EPOCH, 0, true, List.of(), List.of(good), rows)
        },
        new Object[] {"a copy from below", copies(rows, new PageCopy(-1, 0))},
        new Object[] {"a copy to above", copies(rows, new PageCopy(0, PAGES))},
        new Object[] {"a copy of a window from above", copies(rows, new PageCopy(0, 1, PAGES, 0))},
        new Object[] {"a copy to a window above", copies(rows, new PageCopy(0, 1, 0, PAGES))},
        new Object[] {"a window from below", input(1, windows(-1))},
        new Object[] {"a window from above", input(1, windows(PAGES))},
        new Object[] {"more windows than pages", input(1, windows(0, 0))},
        new Object[] {
          "more copies than rows",
          copies(
              rows,
              java.util.Collections.nCopies(BATCH + 1, new PageCopy(0, 1)).toArray(PageCopy[]::new))
        },
        new Object[] {
          "adjusted logits of two rows",
          input(
              2,
              new RunRows(
                  new int[1],
                  new int[1],
                  0,
                  2,
                  RunState.alone(0),
                  new LogitsWanted.Best(2),
                  new Adjustments(new int[1], new float[] {1}, new float[1])))
        },
        new Object[] {
          "too many adjustments",
          input(
              1,
              new RunRows(
                  new int[1],
                  new int[1],
                  0,
                  1,
                  RunState.alone(0),
                  new LogitsWanted.All(),
                  adjustments(129)))
        },
        new Object[] {"a state from above", input(1, state(EngineSettings.LEAST_STATES, 0))},
        new Object[] {"a state to above", input(1, state(0, EngineSettings.LEAST_STATES))},
        new Object[] {"a state far above", input(1, state(0, most))});
  }

  private static Adjustments adjustments(int count) {
    float[] factors = new float[count];
    java.util.Arrays.fill(factors, 1);
    return new Adjustments(IntStream.range(0, count).toArray(), factors, new float[count]);
  }

  private static Input copies(FrameBuffer rows, PageCopy... copies) {
    return new Input(EPOCH, 0, false, List.of(copies), List.of(row(0, 1)), rows);
  }

  private static RunRows row(int position, int count) {
    return run(IntStream.range(0, PAGES).toArray(), position, count);
  }

  private static RunRows run(int[] pages, int position, int count) {
    return new RunRows(pages, position, count, new LogitsWanted.Nothing());
  }

  private static RunRows state(int from, int to) {
    RunState state = new RunState(from, to);
    return new RunRows(
        new int[1], new int[1], 0, 1, state, new LogitsWanted.Nothing(), Adjustments.NONE);
  }

  private static RunRows windows(int... windows) {
    var nothing = new LogitsWanted.Nothing();
    return new RunRows(new int[1], windows, 0, 1, RunState.alone(0), nothing, Adjustments.NONE);
  }

  private static RunRows wanted(int count, LogitsWanted wanted) {
    return new RunRows(new int[1], 0, count, wanted);
  }

  private static Input input(int rows, RunRows... runs) {
    return step(0, rows, runs);
  }

  private static Input step(long number, int rows, RunRows... runs) {
    FrameBuffer values = buffer(rows * SPEC.dim() * Float.BYTES);
    return new Input(EPOCH, number, false, List.of(), List.of(runs), values);
  }

  private static FrameBuffer buffer(int bytes) {
    return new FrameBuffer(bytes).withLength(bytes);
  }

  /// Tokens that the vocabulary has not change nothing; a step that is no more has no logits.
  @Test
  void shouldAnswerQuestionsAboutTheLatestStepOnly() {
    ready(EPOCH);
    shard.tell(input(1, wanted(1, new LogitsWanted.All())));
    assertEquals(0, expect(TensorFrame.Logits.class).step());
    assertEquals(0, expect(RootMessage.Stepped.class).step());
    LogitsQuestion all = new LogitsQuestion.Everything();
    for (long other : new long[] {-1, 1, Integer.MAX_VALUE, Long.MAX_VALUE}) {
      shard.tell(new TensorFrame.Question(EPOCH, other, 0, all));
      shard.tell(new TensorFrame.Question(EPOCH, 0, Math.clamp(other, -1, 1 << 30), all));
      shard.tell(new TensorFrame.Question(EPOCH, 0, 0, all));
      assertEquals(0, expect(TensorFrame.Logits.class).step());
    }
    shard.tell(
        new TensorFrame.Question(
            EPOCH, 0, 0, new LogitsQuestion.Unadjusted(Integer.MAX_VALUE, 20)));
    assertEquals(0, expect(TensorFrame.Logits.class).step());
    float nan = Float.NaN;
    assertThrows(
        IllegalArgumentException.class, () -> new LogitsQuestion.Walk(0, nan, 0.5f, 0, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> new LogitsQuestion.Walk(0, 1, nan, 0, 1, 0));
    assertThrows(
        IllegalArgumentException.class, () -> new LogitsQuestion.Walk(0, 1, 0.5f, 0, 0, 0));
    shard.tell(
        new TensorFrame.Question(
            EPOCH, 0, 0, new LogitsQuestion.Walk(0, 1, 0.5f, Integer.MIN_VALUE, 1, 0)));
    assertEquals(0, expect(TensorFrame.Logits.class).step());
  }

  /// The peer never answers, so the first step does not end: what comes behind it would only fill
  /// the memory. Questions are dropped then, and end nothing.
  @Test
  void shouldNotQueueUpSteps() {
    shard.tell(assign(EPOCH, world(2), SliceSource.random("m", 1)));
    expect(ShardReady.class);
    for (int i = 0; i < 500; i++) {
      shard.tell(new TensorFrame.Question(EPOCH, i, 0, new LogitsQuestion.Everything()));
    }
    for (int i = 0; i < 5; i++) {
      shard.tell(step(i, 1, row(0, 1)));
    }
    assertEquals("gets steps before it has done those before", expect(ShardFailed.class).why());
    ready(EPOCH + 1);
  }

  @Test
  void shouldRefuseSignsOfLifeThatMakeNoSense() {
    for (int nodes : new int[] {-1, 1025, Integer.MAX_VALUE}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new dllama.cluster.wire.WorkerMessage.RootAlive(1, nodes, false, 0));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> new dllama.cluster.wire.WorkerMessage.RootAlive(1, 0, true, 0));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new RankMessage.SendTo(
                1, testKit.<dllama.cluster.wire.StreamMessage>createTestProbe().getRef(), 0));
    assertFalse(new RankMessage.Dissolve(1, "\u001b[2J\nover").why().contains("\u001b"));
  }
}
