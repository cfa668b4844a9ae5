package dllama.cluster.rank;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import dllama.cluster.loop.ComputeWait;
import dllama.cluster.loop.ExchangeDispatcher;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.FrameBuffer;
import dllama.cluster.wire.FramePool;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.SliceSource;
import dllama.cluster.wire.TensorFrame;
import dllama.cluster.wire.TensorFrame.Input;
import dllama.cluster.wire.TensorFrame.Partial;
import dllama.cluster.wire.WorldSpec;
import dllama.engine.EngineSettings;
import dllama.engine.ShardEngine;
import dllama.logits.LogitsWanted;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.Shapes;
import dllama.settings.CollectiveType;
import dllama.settings.Overlap;
import dllama.slice.ShardPlan;
import dllama.slice.SliceLayout;
import dllama.slice.SliceReader;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Rank 0 of two with a real engine; its peer is the test, which sends what it likes.
@Tag("slow")
class RankStepsTest {
  private static final int EPOCH = 4;
  private static final int TOKENS = 3;
  private static final String LOST = "the worker at b went away";
  private static final ModelSpec SPEC = Shapes.spec("tiny", DType.Q4_0);

  private final Arena arena = Arena.ofShared();
  private final WorkerPool pool = new WorkerPool(1);
  private final Kernels kernels = Kernels.choose(false);
  private final PeerWaits waits = new PeerWaits(EPOCH, 2);
  private final Exchange exchange = new Exchange(EPOCH, 0, 2, new FramePool(4));

  /// Of the frames that were sent, as they were then.
  private final List<Integer> lengths = new CopyOnWriteArrayList<>();

  private volatile Consumer<Partial> answer = _ -> {};
  private ComputeWait computeWait;
  private ActorTestKit testKit;
  private TestProbe<RankMessage> peer;

  /// How steps are exchanged.
  private boolean scatters;

  @BeforeEach
  void start() {
    testKit = ActorTestKit.create();
    peer = testKit.createTestProbe(RankMessage.class);
  }

  @AfterEach
  void stop() {
    testKit.shutdownTestKit();
    pool.close();
    arena.close();
  }

  private RankSteps steps(CollectiveType collective, Duration stall) {
    return steps(collective, Overlap.OFF, stall);
  }

  private RankSteps steps(CollectiveType collective, Overlap overlap, Duration stall) {
    scatters =
        collective == CollectiveType.REDUCE_SCATTER
            || collective == CollectiveType.REDUCE_SCATTER_Q80;
    var settings = new EngineSettings(DType.F32, 16, TOKENS);
    var assignment =
        new Assignment(
            EPOCH,
            0,
            new WorldSpec(new ShardPlan(SPEC, DType.Q8_0, 2), settings, collective, overlap),
            SliceSource.random("m", 1));
    SliceLayout layout = assignment.layout();
    MemorySegment slice = arena.allocate(layout.totalBytes(), SliceLayout.ALIGNMENT);
    new SliceReader(layout, new ModelSource.Random(SPEC, 1)).fill(slice, pool, _ -> {});
    long cacheBytes = ShardEngine.cacheBytes(layout.plan(), layout.rank(), settings);
    MemorySegment cache = arena.allocate(cacheBytes, SliceLayout.ALIGNMENT);
    var engine = new ShardEngine(layout, slice, cache, settings, kernels, pool);
    var self = testKit.createTestProbe(RankMessage.class);
    var root = testKit.createTestProbe(RootMessage.class);
    computeWait = ExchangeDispatcher.choose(false, Duration.ZERO).computeWait(testKit.system());
    return new RankSteps(
        assignment,
        engine,
        exchange,
        waits,
        computeWait,
        List.of(self.getRef(), testKit.spawn(peer())),
        root.getRef(),
        stall);
  }

  /// Records what it gets.
  private Behavior<RankMessage> peer() {
    return Behaviors.receiveMessage(
        message -> {
          Partial sent = (Partial) message;
          lengths.add(sent.values().length());
          peer.getRef().tell(sent);
          answer.accept(sent);
          return Behaviors.same();
        });
  }

  private Input input() {
    return input(TOKENS);
  }

  private Input input(int tokens) {
    int bytes = tokens * SPEC.dim() * Float.BYTES;
    FrameBuffer rows = new FrameBuffer(bytes).withLength(bytes);
    var run = new TensorFrame.RunRows(new int[1], 0, tokens, new LogitsWanted.Nothing());
    return new Input(EPOCH, 0, scatters, List.of(), List.of(run), rows);
  }

  private void arrive(long round, int bytes) {
    FrameBuffer values = new FrameBuffer(bytes).withLength(bytes);
    assertTrue(exchange.put(new Partial(EPOCH, round, 1, values)));
  }

  /// Bytes of the peer's frame in a round of reduce-scatter among two: half of the values.
  private static int bytes(CollectiveType type, int round) {
    boolean wide = round % 2 == 1 && type == CollectiveType.REDUCE_SCATTER;
    return (int) (wide ? DType.F32 : DType.Q8_0).byteSize(TOKENS * SPEC.dim() / 2);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void shouldBlameAPeerThatIsSilentInEitherRound(int silent) {
    RankSteps steps = steps(CollectiveType.REDUCE_SCATTER, Duration.ofSeconds(1));
    for (int round = 0; round < silent; round++) {
      arrive(round, bytes(CollectiveType.REDUCE_SCATTER, round));
    }
    var aborted = assertThrows(RankSteps.Aborted.class, () -> steps.run(input()));
    assertEquals(1, aborted.culprit());
    assertEquals("kept rank 0 waiting for a partial for 1 s", aborted.getMessage());
    assertEquals(silent, exchange.current());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void shouldRefuseAFrameOfTheOtherRoundsLength(int wrong) {
    RankSteps steps = steps(CollectiveType.REDUCE_SCATTER, Duration.ofSeconds(30));
    int round0 = bytes(CollectiveType.REDUCE_SCATTER, 0);
    int round1 = bytes(CollectiveType.REDUCE_SCATTER, 1);
    arrive(0, wrong == 0 ? round1 : round0);
    arrive(1, wrong == 1 ? round0 : round1);
    var aborted = assertThrows(RankSteps.Aborted.class, () -> steps.run(input()));
    assertEquals(1, aborted.culprit());
    assertEquals(
        wrong == 0
            ? "sent a partial of %d bytes in place of %d".formatted(round1, round0)
            : "sent a partial of %d bytes in place of %d".formatted(round0, round1),
        aborted.getMessage());
  }

  @ParameterizedTest
  @EnumSource(
      value = CollectiveType.class,
      names = {"REDUCE_SCATTER", "REDUCE_SCATTER_Q80"})
  void shouldSendTheOwnerItsPartAndEverybodyTheSums(CollectiveType type) {
    RankSteps steps = steps(type, Duration.ofSeconds(1));
    arrive(0, bytes(type, 0));
    arrive(1, bytes(type, 1));
    assertThrows(RankSteps.Aborted.class, () -> steps.run(input())); // nothing comes after these
    assertEquals(2, exchange.current());
    for (int round = 0; round < 3; round++) {
      Partial sent = peer.expectMessageClass(Partial.class);
      assertEquals(round, sent.round());
      assertEquals(bytes(type, round), sent.values().length());
      assertEquals(round == 1 ? 0 : sent.values().length(), sent.values().offset());
    }
  }

  @Test
  void shouldSendBothHalvesBeforeItWaitsForTheFirst() {
    RankSteps steps = steps(CollectiveType.DIRECT, Overlap.ON, Duration.ofSeconds(1));
    var aborted = assertThrows(RankSteps.Aborted.class, () -> steps.run(input()));
    assertEquals(1, aborted.culprit());
    assertEquals("kept rank 0 waiting for a partial for 1 s", aborted.getMessage());
    assertEquals(0, exchange.current());
    assertSent(0, bytesOf(1));
    assertSent(1, bytesOf(2));
    peer.expectNoMessage();
  }

  /// One token and two; after that step a whole one.
  @Test
  void shouldExchangeHalvesByTurns() {
    RankSteps steps = steps(CollectiveType.DIRECT, Overlap.ON, Duration.ofSeconds(30));
    int rounds = 2 * 2 * SPEC.layers();
    answerBefore(rounds + 3);
    steps.run(input());
    assertEquals(rounds, exchange.current());
    for (int round = 0; round < rounds; round++) {
      assertSent(round, bytesOf(1 + round % 2));
    }
    var aborted = assertThrows(RankSteps.Aborted.class, () -> steps.run(input(1)));
    assertEquals(LOST, aborted.getMessage());
    for (int round = rounds; round < rounds + 4; round++) {
      assertSent(round, bytesOf(1));
    }
    peer.expectNoMessage();
  }

  @ParameterizedTest
  @CsvSource({"DIRECT, 5", "DIRECT, 6", "REDUCE_SCATTER, 5", "REDUCE_SCATTER, 6"})
  void shouldEndInTheMiddleOfHalvesWhenAPeerIsLost(CollectiveType type, int round) {
    RankSteps steps = steps(type, Overlap.ON, Duration.ofSeconds(30));
    answerBefore(round);
    var aborted = assertThrows(RankSteps.Aborted.class, () -> steps.run(input()));
    assertEquals(LOST, aborted.getMessage());
    assertTrue(exchange.current() >= round - 1 && exchange.current() <= round);
  }

  @Test
  void shouldRefuseAFrameOfTheOtherHalfsLength() {
    RankSteps steps = steps(CollectiveType.DIRECT, Overlap.ON, Duration.ofSeconds(30));
    arrive(0, bytesOf(1));
    arrive(1, bytesOf(1));
    var aborted = assertThrows(RankSteps.Aborted.class, () -> steps.run(input()));
    assertEquals(1, aborted.culprit());
    assertEquals(
        "sent a partial of %d bytes in place of %d".formatted(bytesOf(1), bytesOf(2)),
        aborted.getMessage());
  }

  /// From now on the peer sends as much as it gets, and goes away in round `last`.
  private void answerBefore(long last) {
    answer =
        sent -> {
          if (sent.round() == last) {
            exchange.fail(LOST);
          } else {
            arrive(sent.round(), sent.values().length());
          }
          computeWait.signal();
        };
  }

  private void assertSent(long round, int bytes) {
    Partial sent = peer.expectMessageClass(Partial.class);
    assertEquals(round, sent.round());
    assertEquals(bytes, lengths.get((int) round), "round " + round);
  }

  private static int bytesOf(int tokens) {
    return (int) DType.Q8_0.byteSize(tokens * SPEC.dim());
  }

  @Test
  void shouldDoInHalvesWhatIsLongEnough() {
    ModelSpec llama = Shapes.spec("llama3.2-1b", DType.Q4_0);
    assertEquals(0, firstHalf(llama, 2, Overlap.AUTO, 15, 1));
    assertEquals(8, firstHalf(llama, 2, Overlap.AUTO, 16, 1));
    assertEquals(8, firstHalf(llama, 2, Overlap.AUTO, 16, 8));
    assertEquals(0, firstHalf(llama, 2, Overlap.AUTO, 16, 9), "the second half gives all logits");
    assertEquals(16, firstHalf(llama, 2, Overlap.AUTO, 24, 1));
    assertEquals(16, firstHalf(llama, 2, Overlap.AUTO, 32, 0));
    assertEquals(0, firstHalf(llama, 1, Overlap.ON, 32, 0), "nobody to wait for");
    assertEquals(0, firstHalf(llama, 2, Overlap.OFF, 32, 0));
    assertEquals(1, firstHalf(llama, 2, Overlap.ON, 2, 1));
    assertEquals(0, firstHalf(llama, 2, Overlap.ON, 1, 0));
    assertEquals(0, firstHalf(SPEC, 2, Overlap.AUTO, 16, 0), "so few bytes are not worth a round");
    ModelSpec experts = Shapes.spec("qwen3-30b-a3b", DType.Q4_0);
    assertEquals(0, firstHalf(experts, 2, Overlap.AUTO, 32, 0), "experts would be read twice");
  }

  private static int firstHalf(ModelSpec spec, int nodes, Overlap overlap, int tokens, int rows) {
    return new OverlapRule(new ShardPlan(spec, DType.Q8_0, nodes), overlap).firstHalf(tokens, rows);
  }

  /// What the root chooses has to be one of those that the world was formed for.
  @ParameterizedTest
  @EnumSource(CollectiveType.class)
  void shouldAcceptTheCollectivesOfItsWorld(CollectiveType type) {
    RankSteps steps = steps(type, Duration.ofSeconds(1));
    scatters = false;
    boolean direct = type == CollectiveType.AUTO || type == CollectiveType.DIRECT;
    assertEquals(direct, steps.accepts(input()));
    scatters = true;
    assertEquals(type != CollectiveType.DIRECT, steps.accepts(input()));
  }
}
