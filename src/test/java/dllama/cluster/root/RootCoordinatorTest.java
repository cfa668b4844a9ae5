package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import dllama.cluster.membership.QuietListener;
import dllama.cluster.membership.RootMembership;
import dllama.cluster.root.RootCoordinator.Forward;
import dllama.cluster.wire.FrameBuffer;
import dllama.cluster.wire.Node;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RankMessage.Assign;
import dllama.cluster.wire.RankMessage.Dissolve;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.RootMessage.Joined;
import dllama.cluster.wire.RootMessage.ShardFailed;
import dllama.cluster.wire.RootMessage.ShardReady;
import dllama.cluster.wire.SliceOrigin;
import dllama.cluster.wire.TensorFrame;
import dllama.cluster.wire.TensorFrame.Logits;
import dllama.cluster.wire.TensorFrame.Question;
import dllama.format.dllama.DllamaFile;
import dllama.logits.LogitsPart;
import dllama.logits.LogitsPart.Candidates;
import dllama.logits.LogitsPart.Rows;
import dllama.logits.LogitsQuestion;
import dllama.logits.LogitsWanted;
import dllama.logits.TokenWeights;
import dllama.step.Run;
import dllama.step.Step;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The coordinator with shards that are probes, so that they can fail as they like.
class RootCoordinatorTest {
  private static final Duration ALONE = Duration.ofMillis(100);
  private static final Duration SILENCE = Duration.ofSeconds(2);

  private ProbedRoot probed;
  private ActorTestKit testKit;
  private DllamaFile file;
  private final List<String> order = new CopyOnWriteArrayList<>();
  private TestProbe<RankMessage> own;
  private ActorRef<RootMessage> coordinator;

  @BeforeEach
  void start() {
    start("0s");
  }

  /// @param rehearsal how long to rehearse after loading
  private void start(String rehearsal) {
    var listener = new LossListener(order);
    probed =
        new ProbedRoot(
            ALONE,
            rehearsal,
            List.of(1, 2, 4),
            root -> RootMembership.create(root, listener, SILENCE),
            listener);
    testKit = probed.testKit;
    file = probed.file;
    own = probed.own;
    coordinator = probed.coordinator;
  }

  @AfterEach
  void stop() {
    probed.close();
  }

  @Test
  @Tag("slow")
  void shouldNotFormTheSameWorldAgainWhenTheRootItselfCouldNotLoad() {
    long epoch = assigned(own, 1);
    coordinator.tell(new ShardFailed(epoch, 0, "has no memory"));
    assertEquals(new Dissolve(epoch, "the root has no memory"), own.receiveMessage());
    own.expectNoMessage(ALONE.multipliedBy(10));
    var worker = testKit.createTestProbe(RankMessage.class);
    coordinator.tell(
        new Joined(new Node("worker:1", worker.getRef(), List.of(), List.of(), 1L << 40, 2)));
    assigned(own, 2);
    assigned(worker, 2);
  }

  @Test
  void shouldFormAgainWhenARankFailsLater() {
    long epoch = assigned(own, 1);
    coordinator.tell(new ShardReady(epoch, 0, SliceOrigin.MODEL));
    coordinator.tell(new ShardFailed(epoch, 0, "stopped"));
    assertEquals(new Dissolve(epoch, "the root stopped"), own.receiveMessage());
    assertNotEquals(epoch, assigned(own, 1));
  }

  /// Whoever asks again as soon as a step has failed must know already that it has to wait.
  @Test
  void shouldSayThatTheWorldIsLostBeforeItsStepFails() {
    long epoch = assigned(own, 1);
    coordinator.tell(new ShardReady(epoch, 0, SliceOrigin.MODEL));
    var answer = new CompletableFuture<PendingStep.Told>();
    var failed = answer.exceptionally(why -> failed("step: " + why.getMessage()));
    coordinator.tell(new Forward(step(epoch, new LogitsWanted.All()), input(), answer));
    assertEquals(epoch, own.expectMessageClass(TensorFrame.Input.class).epoch());
    coordinator.tell(new ShardFailed(epoch, 0, "stopped"));
    failed.orTimeout(20, TimeUnit.SECONDS).join();
    assertEquals(List.of("the root stopped", "step: the root stopped"), order);
  }

  /// Nobody waits for a step that is rehearsed.
  @Test
  void shouldSendAStepInTheMiddleOfAStepThatIsRehearsed() {
    stop();
    start("60s");
    long epoch = assigned(own, 1);
    Assign rehearsal = own.expectMessageClass(Assign.class, Duration.ofSeconds(20));
    assertEquals(-epoch, rehearsal.assignment().epoch());
    rehearsal.root().tell(new ShardReady(-epoch, 0, SliceOrigin.MODEL));
    assertEquals(-epoch, own.expectMessageClass(TensorFrame.Input.class).epoch());
    coordinator.tell(new ShardReady(epoch, 0, SliceOrigin.MODEL));
    var answer = new CompletableFuture<PendingStep.Told>();
    coordinator.tell(new Forward(step(epoch, new LogitsWanted.All()), input(), answer));
    assertEquals(new Dissolve(-epoch, "a step is asked for"), own.receiveMessage());
    TensorFrame.Input sent = own.expectMessageClass(TensorFrame.Input.class);
    assertEquals(epoch, sent.epoch());
    assertEquals(0, sent.step(), "what is rehearsed is not counted");
    coordinator.tell(new ShardFailed(epoch, 0, "stopped"));
    assertEquals(new Dissolve(epoch, "the root stopped"), own.receiveMessage());
  }

  @Test
  void shouldEndTheRehearsalWithItsWorld() {
    stop();
    start("60s");
    long epoch = assigned(own, 1);
    own.expectMessageClass(Assign.class, Duration.ofSeconds(20));
    coordinator.tell(new ShardFailed(epoch, 0, "has no memory"));
    assertEquals(new Dissolve(-epoch, "the root has no memory"), own.receiveMessage());
    assertEquals(new Dissolve(epoch, "the root has no memory"), own.receiveMessage());
  }

  private PendingStep.@Nullable Told failed(String why) {
    order.add(why);
    return null;
  }

  private static Step step(long epoch, LogitsWanted wanted) {
    return new Step(epoch, new Run(new int[1], 0, new int[] {1}, wanted));
  }

  private FrameBuffer input() {
    return new FrameBuffer(file.spec().dim() * Float.BYTES);
  }

  @Test
  void shouldAskRanksAboutTheLatestStep() {
    long epoch = drawn();
    var answer = new CompletableFuture<List<LogitsPart>>();
    var everything = new LogitsQuestion.Everything();
    coordinator.tell(new RootCoordinator.Ask(epoch, 0, 0, everything, answer));
    assertEquals(new Question(epoch, 0, 0, everything), own.receiveMessage());
    float[] logits = new float[file.spec().vocabSize()];
    logits[300] = 9;
    Rows other = new Rows(new float[logits.length]);
    coordinator.tell(new Logits(epoch, 1, 0, 0, other)); // of another step
    coordinator.tell(new Logits(epoch, 0, 0, 1, other)); // of another run
    coordinator.tell(new Logits(epoch, 0, 0, 0, new Rows(new float[3]))); // not all
    coordinator.tell(new Logits(epoch, 0, 0, 0, new Rows(logits)));
    Rows told = (Rows) answer.orTimeout(20, TimeUnit.SECONDS).join().getFirst();
    assertEquals(9, told.values()[300]);
  }

  @Test
  @Tag("slow")
  void shouldNotWaitForAnAnswerForever() {
    long epoch = drawn();
    var answer = new CompletableFuture<List<LogitsPart>>();
    coordinator.tell(new RootCoordinator.Ask(epoch, 0, 0, new LogitsQuestion.Everything(), answer));
    var failure =
        assertThrows(
            CompletionException.class, () -> answer.orTimeout(20, TimeUnit.SECONDS).join());
    assertEquals("the root sent no logits for 1 s", failure.getCause().getMessage());
  }

  @Test
  void shouldRefuseQuestionsAboutAnEarlierStep() {
    long epoch = drawn();
    var answer = new CompletableFuture<List<LogitsPart>>();
    coordinator.tell(new RootCoordinator.Ask(epoch, 7, 0, new LogitsQuestion.Everything(), answer));
    assertThrows(CompletionException.class, () -> answer.orTimeout(20, TimeUnit.SECONDS).join());
  }

  /// A finished step whose candidates are there; the epoch.
  private long drawn() {
    long epoch = assigned(own, 1);
    coordinator.tell(new ShardReady(epoch, 0, SliceOrigin.MODEL));
    var draw = new LogitsWanted.Draw(1);
    var answer = new CompletableFuture<PendingStep.Told>();
    coordinator.tell(new Forward(step(epoch, draw), input(), answer));
    var input = own.expectMessageClass(TensorFrame.Input.class);
    assertEquals(draw, input.runs().getFirst().wanted());
    int size = Candidates.SIZE;
    var candidates =
        new Candidates(size, new int[size], new float[size], 0, new long[TokenWeights.BINS]);
    coordinator.tell(new Logits(epoch, 0, 0, 0, candidates));
    coordinator.tell(new RootMessage.Stepped(epoch, 0, 0, 7));
    var told = answer.orTimeout(20, TimeUnit.SECONDS).join();
    assertEquals(List.of(List.of(candidates)), told.parts());
    assertEquals(7, told.waitedNanos());
    return epoch;
  }

  /// The root's own shard, which has lost its rank, say.
  @Test
  @Tag("slow")
  void shouldNotWaitForAStepThatNobodyComputes() {
    long epoch = assigned(own, 1);
    coordinator.tell(new ShardReady(epoch, 0, SliceOrigin.MODEL));
    var answer = new CompletableFuture<PendingStep.Told>();
    coordinator.tell(new Forward(step(epoch, new LogitsWanted.All()), input(), answer));
    var failure =
        assertThrows(
            CompletionException.class, () -> answer.orTimeout(20, TimeUnit.SECONDS).join());
    assertEquals(
        "the root does not compute the step that it was given", failure.getCause().getMessage());
    own.expectMessageClass(TensorFrame.Input.class);
    own.expectMessageClass(Dissolve.class);
    assertNotEquals(epoch, assigned(own, 1));
  }

  @Test
  void shouldShowTextOfWorkersOnOneLineAndObeyNothingOfIt() {
    long epoch = assigned(own, 1);
    String evil = "is bad\u001b[31m\r\nroot: enter your password:" + "x".repeat(1000);
    coordinator.tell(new ShardFailed(epoch, 0, evil));
    own.expectMessageClass(Dissolve.class);
    String line = order.getFirst();
    assertTrue(line.startsWith("the root is bad\\u001b[31m\\u000d\\nroot: enter"), line);
    assertTrue(line.length() < 330, line);
  }

  @Test
  void shouldDropWhatIsSaidOfAnEarlierWorld() {
    long epoch = assigned(own, 1);
    coordinator.tell(new ShardFailed(epoch - 1, 0, "is late"));
    coordinator.tell(new ShardFailed(epoch, 1, "does not exist"));
    coordinator.tell(new ShardFailed(epoch, -1, "does not exist"));
    own.expectNoMessage(ALONE.multipliedBy(3));
  }

  /// Epoch of the world of `size` nodes that the shard is assigned to next.
  private static long assigned(TestProbe<RankMessage> shard, int size) {
    Assign assign = shard.expectMessageClass(Assign.class, Duration.ofSeconds(20));
    assertEquals(size, assign.assignment().world().size());
    return assign.assignment().epoch();
  }

  /// Keeps the losses only.
  private static final class LossListener extends QuietListener {
    private final List<String> losses;

    LossListener(List<String> losses) {
      this.losses = losses;
    }

    @Override
    public void ended(String why) {
      losses.add("ended: " + why);
    }

    @Override
    public void lost(String why) {
      losses.add(why);
    }
  }
}
