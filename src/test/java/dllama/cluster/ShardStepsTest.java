package dllama.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import dllama.cluster.TensorFrame.Input;
import dllama.cluster.TensorFrame.Partial;
import dllama.cluster.loop.ExchangeDispatcher;
import dllama.model.LogitsWanted;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.Shapes;
import dllama.settings.CollectiveType;
import dllama.shard.EngineSettings;
import dllama.shard.ShardEngine;
import dllama.shard.ShardLayout;
import dllama.shard.ShardPlan;
import dllama.shard.SliceReader;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Rank 0 of two with a real engine; its peer is the test, which sends what it likes.
class ShardStepsTest {
  private static final int EPOCH = 4;
  private static final int TOKENS = 3;
  private static final ModelSpec SPEC = Shapes.spec("tiny", DType.Q40);

  private final Arena arena = Arena.ofShared();
  private final WorkerPool pool = new WorkerPool(1);
  private final Kernels kernels = Kernels.choose(false);
  private final Exchange exchange = new Exchange(EPOCH, 0, 2, new FramePool(4));
  private ActorTestKit testKit;
  private TestProbe<LayerShard.Command> peer;

  @BeforeEach
  void start() {
    testKit = ActorTestKit.create();
    peer = testKit.createTestProbe(LayerShard.Command.class);
  }

  @AfterEach
  void stop() {
    testKit.shutdownTestKit();
    pool.close();
    arena.close();
  }

  private ShardSteps steps(CollectiveType collective, Duration stall) {
    var assignment =
        new Assignment(
            EPOCH, 0, 2, SPEC, DType.Q80, collective, DType.F32, 16, TOKENS, "m", false, true, 1);
    ShardLayout layout = assignment.layout();
    var settings = new EngineSettings(DType.F32, 16, TOKENS);
    MemorySegment slice = arena.allocate(layout.totalBytes(), ShardLayout.ALIGNMENT);
    new SliceReader(layout, new ModelSource.Random(SPEC, 1)).fill(slice, pool, _ -> {});
    long cacheBytes = ShardEngine.cacheBytes(layout.plan(), settings);
    MemorySegment cache = arena.allocate(cacheBytes, ShardLayout.ALIGNMENT);
    var engine = new ShardEngine(layout, slice, cache, settings, kernels, pool);
    var self = testKit.createTestProbe(LayerShard.Command.class);
    var root = testKit.createTestProbe(RootCoordinator.Command.class);
    var parking = ExchangeDispatcher.choose(false, Duration.ZERO);
    return new ShardSteps(
        assignment,
        engine,
        exchange,
        parking.computeWait(testKit.system()),
        List.of(self.getRef(), peer.getRef()),
        root.getRef(),
        stall);
  }

  private static Input input() {
    int bytes = TOKENS * SPEC.dim() * Float.BYTES;
    return new Input(
        EPOCH, 0, 0, TOKENS, new LogitsWanted.Nothing(), new FrameBuffer(bytes).withLength(bytes));
  }

  private void arrive(long round, int bytes) {
    FrameBuffer values = new FrameBuffer(bytes).withLength(bytes);
    assertTrue(exchange.put(new Partial(EPOCH, round, 1, values)));
  }

  /// Bytes of the peer's frame in a round of reduce-scatter among two: half of the values.
  private static int bytes(CollectiveType type, int round) {
    boolean wide = round % 2 == 1 && type == CollectiveType.REDUCE_SCATTER;
    return (int) (wide ? DType.F32 : DType.Q80).byteSize(TOKENS * SPEC.dim() / 2);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void shouldBlameAPeerThatIsSilentInEitherRound(int silent) {
    ShardSteps steps = steps(CollectiveType.REDUCE_SCATTER, Duration.ofSeconds(1));
    for (int round = 0; round < silent; round++) {
      arrive(round, bytes(CollectiveType.REDUCE_SCATTER, round));
    }
    var aborted = assertThrows(ShardSteps.Aborted.class, () -> steps.run(input()));
    assertEquals(1, aborted.culprit());
    assertEquals("kept rank 0 waiting for a partial for 1 s", aborted.getMessage());
    assertEquals(silent, exchange.current());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void shouldRefuseAFrameOfTheOtherRoundsLength(int wrong) {
    ShardSteps steps = steps(CollectiveType.REDUCE_SCATTER, Duration.ofSeconds(30));
    int round0 = bytes(CollectiveType.REDUCE_SCATTER, 0);
    int round1 = bytes(CollectiveType.REDUCE_SCATTER, 1);
    arrive(0, wrong == 0 ? round1 : round0);
    arrive(1, wrong == 1 ? round0 : round1);
    var aborted = assertThrows(ShardSteps.Aborted.class, () -> steps.run(input()));
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
    ShardSteps steps = steps(type, Duration.ofSeconds(1));
    arrive(0, bytes(type, 0));
    arrive(1, bytes(type, 1));
    assertThrows(ShardSteps.Aborted.class, () -> steps.run(input())); // nothing comes after these
    assertEquals(2, exchange.current());
    for (int round = 0; round < 3; round++) {
      Partial sent = peer.expectMessageClass(Partial.class);
      assertEquals(round, sent.round());
      assertEquals(bytes(type, round), sent.values().length());
      assertEquals(round == 1 ? 0 : sent.values().length(), sent.values().offset());
    }
  }

  @Test
  void shouldChooseByTheBytesSaved() {
    ModelSpec llama = Shapes.spec("llama3.2-1b", DType.Q40);
    assertFalse(scatters(llama, DType.Q80, 2, 1));
    assertFalse(scatters(llama, DType.Q80, 4, 1));
    assertFalse(scatters(llama, DType.Q80, 4, 32), "four nodes would move more bytes");
    assertTrue(scatters(llama, DType.Q80, 8, 1));
    assertTrue(scatters(llama, DType.Q80, 8, 32));
    assertFalse(scatters(llama, DType.F32, 2, 32), "two nodes would move as many bytes");
    assertTrue(scatters(llama, DType.F32, 4, 32));
    assertFalse(scatters(SPEC, DType.Q80, 8, 1), "a round is not worth so few bytes");
  }

  private static boolean scatters(ModelSpec spec, DType exchange, int nodes, int tokens) {
    return new CollectiveRule(new ShardPlan(spec, exchange, nodes), CollectiveType.AUTO)
        .scatters(tokens);
  }
}
