package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.DispatcherSelector;
import dllama.cluster.rank.OverlapRule;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.Node;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RankMessage.Assign;
import dllama.cluster.wire.RankMessage.Dissolve;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.RootMessage.ShardFailed;
import dllama.cluster.wire.RootMessage.ShardReady;
import dllama.cluster.wire.RootMessage.Stepped;
import dllama.cluster.wire.SliceOrigin;
import dllama.cluster.wire.SliceSource;
import dllama.cluster.wire.TensorFrame.Input;
import dllama.cluster.wire.TensorFrame.Logits;
import dllama.cluster.wire.WorldSpec;
import dllama.engine.EngineSettings;
import dllama.logits.LogitsPart;
import dllama.logits.LogitsWanted.Best;
import dllama.model.Shapes;
import dllama.settings.CollectiveType;
import dllama.settings.Overlap;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A rehearsal of two ranks that are probes, so that they answer or not as they like.
class RehearsalTest {
  private static final long EPOCH = 7;
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final Assignment REAL =
      new Assignment(
          EPOCH,
          0,
          new WorldSpec(
              new ShardPlan(Shapes.spec("llama3.2-1b", DType.Q4_0), DType.Q8_0, 2),
              new EngineSettings(DType.F16, 4096, 32),
              CollectiveType.AUTO,
              Overlap.AUTO),
          SliceSource.file("real", true));

  private final CompletableFuture<String> ended = new CompletableFuture<>();
  private ActorTestKit testKit;
  private List<TestProbe<RankMessage>> ranks;
  private ActorRef<RootMessage> rehearsal;

  @BeforeEach
  void start() {
    testKit = ActorTestKit.create();
    ranks = List.of(testKit.createTestProbe(), testKit.createTestProbe());
  }

  @AfterEach
  void stop() {
    testKit.shutdownTestKit();
  }

  private void rehearse(Duration limit, Duration stall) {
    List<Node> nodes =
        ranks.stream().map(p -> new Node("node", p.getRef(), List.of(), List.of(), 0, 3)).toList();
    rehearsal =
        testKit.spawn(
            Rehearsal.create(
                REAL, new World(EPOCH, REAL.world().plan(), nodes), limit, stall, ended::complete),
            DispatcherSelector.defaultDispatcher());
    for (int rank = 0; rank < 2; rank++) {
      Assign assign = ranks.get(rank).expectMessageClass(Assign.class, LONG);
      assertEquals(REAL.rehearsal().forRank(rank), assign.assignment());
      assertEquals(rehearsal, assign.root());
      rehearsal.tell(new ShardReady(-EPOCH, rank, SliceOrigin.MODEL));
    }
  }

  /// The input that both ranks get next.
  private Input input() {
    Input input = ranks.getFirst().expectMessageClass(Input.class, LONG);
    assertEquals(input, ranks.getLast().expectMessageClass(Input.class, LONG));
    assertEquals(-EPOCH, input.epoch());
    return input;
  }

  private void answer(Input input) {
    assertEquals(new Best(1), input.runs().getFirst().wanted());
    ShardPlan plan = REAL.rehearsal().world().plan();
    for (int rank = 0; rank < 2; rank++) {
      int token = plan.vocabulary(rank).from();
      var best = new LogitsPart.Best(1, new int[] {token}, new float[1]);
      rehearsal.tell(new Logits(-EPOCH, input.step(), rank, 0, best));
    }
    rehearsal.tell(new Stepped(-EPOCH, 0, input.step(), 0));
  }

  private String expectEnd() {
    String why = ended.orTimeout(20, TimeUnit.SECONDS).join();
    ranks.forEach(rank -> assertEquals(new Dissolve(-EPOCH, why), rank.receiveMessage(LONG)));
    testKit.createTestProbe().expectTerminated(rehearsal, LONG);
    return why;
  }

  @Test
  void shouldBeOfATinyRandomModelThatIsLikeTheRealOne() {
    Assignment tiny = REAL.rehearsal();
    assertTrue(tiny.rehearses());
    assertFalse(REAL.rehearses());
    assertTrue(tiny.source().random());
    assertFalse(tiny.source().keep());
    assertEquals(REAL.world().model().types().matrices(), tiny.world().model().types().matrices());
    assertEquals(REAL.world().plan().exchange(), tiny.world().plan().exchange());
    assertEquals(REAL.world().engine().kv(), tiny.world().engine().kv());
    assertEquals(REAL.world().engine().maxBatchTokens(), tiny.world().engine().maxBatchTokens());
    assertEquals(
        OverlapRule.of(REAL.world()).firstHalf(32, 1),
        OverlapRule.of(tiny.world()).firstHalf(32, 1));
  }

  @Test
  void shouldDoOneStepAfterTheOtherUntilItIsStopped() {
    rehearse(LONG, LONG);
    for (int step = 0; step < 5; step++) {
      Input input = input();
      assertEquals(step, input.step());
      assertEquals(step, input.runs().getFirst().position());
      answer(input);
    }
    assertFalse(ended.isDone());
  }

  @Test
  void shouldEndSomeTimeAfterLoading() {
    rehearse(Duration.ofMillis(1), LONG);
    input();
    rehearsal.tell(new Rehearsal.Loaded());
    assertEquals("weights are loaded", expectEnd());
  }

  @Test
  void shouldEndWhenARankFails() {
    rehearse(LONG, LONG);
    input();
    rehearsal.tell(new ShardFailed(-EPOCH, 1, "kept rank 0 waiting"));
    assertEquals("kept rank 0 waiting", expectEnd());
  }

  @Test
  void shouldNotWaitForLogitsForever() {
    rehearse(LONG, Duration.ofMillis(300));
    rehearsal.tell(new Stepped(-EPOCH, 0, input().step(), 0));
    assertEquals("a rank sent no logits", expectEnd());
  }
}
