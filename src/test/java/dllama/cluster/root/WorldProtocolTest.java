package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import dllama.cluster.membership.LoneMembership;
import dllama.cluster.membership.QuietListener;
import dllama.cluster.wire.FrameBuffer;
import dllama.cluster.wire.Node;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RankMessage.Assign;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.RootMessage.Joined;
import dllama.cluster.wire.RootMessage.ShardReady;
import dllama.cluster.wire.RootMessage.Stepped;
import dllama.cluster.wire.SliceOrigin;
import dllama.cluster.wire.TensorFrame;
import dllama.cluster.wire.TensorFrame.Logits;
import dllama.format.dllama.DllamaFile;
import dllama.logits.LogitsPart;
import dllama.logits.LogitsPart.Rows;
import dllama.logits.LogitsWanted;
import dllama.step.Run;
import dllama.step.Step;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A world of two whose shards are probes: every message that the root gets from it is lost, comes
/// twice, too late, or behind the next one. A step is answered with what was told of just that one,
/// or fails within its deadline, and then the next world works.
@Tag("slow")
class WorldProtocolTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  /// What happens to a message.
  private enum Fault {
    LOST,
    TWICE,
    LATE,
    BEHIND
  }

  /// Messages of a step, in the order in which they are sent.
  private static final int MESSAGES = 3;

  private ProbedRoot probed;
  private DllamaFile file;
  private TestProbe<RankMessage> own;
  private TestProbe<RankMessage> other;
  private ActorRef<RootMessage> coordinator;
  private final List<RootMessage> late = new ArrayList<>();

  /// The latest step.
  private long last;

  @BeforeEach
  void start() {
    probed =
        new ProbedRoot(
            LONG, "0s", List.of(1, 2), _ -> LoneMembership.create(), new QuietListener());
    other = probed.testKit.createTestProbe(RankMessage.class);
    file = probed.file;
    own = probed.own;
    coordinator = probed.coordinator;
    coordinator.tell(new RootCoordinator.Release());
  }

  @AfterEach
  void stop() {
    probed.close();
  }

  @Test
  void shouldAnswerRightOrFailInTimeWhateverHappensToMessagesOfSteps() {
    long epoch = load(world(), null, -1);
    for (Fault fault : Fault.values()) {
      for (int message = 0; message < MESSAGES; message++) {
        String what = "%s message %d of a step".formatted(fault, message);
        boolean harmless = fault == Fault.TWICE || fault == Fault.BEHIND;
        CompletableFuture<PendingStep.Told> answer = step(epoch, fault, message);
        if (harmless) {
          check(what, answer);
        } else {
          assertThrows(
              CompletionException.class,
              () -> answer.orTimeout(LONG.toSeconds(), TimeUnit.SECONDS).join(),
              what);
          long next = world();
          assertTrue(next != epoch, what);
          epoch = load(next, null, -1);
          late.forEach(coordinator::tell); // of the world before
          late.clear();
        }
        check(what + ", and the next one", step(epoch, null, -1));
      }
    }
  }

  @Test
  void shouldBeReadyOnceWhateverHappensToMessagesOfLoading() {
    long epoch = world();
    for (Fault fault : List.of(Fault.TWICE, Fault.LATE, Fault.BEHIND)) {
      for (int rank = 0; rank < 2; rank++) {
        load(epoch, fault, rank);
        late.forEach(coordinator::tell);
        late.clear();
        check("%s: rank %d is ready".formatted(fault, rank), step(epoch, null, -1));
        coordinator.tell(new RootMessage.ShardFailed(epoch, 1, "ends here"));
        coordinator.tell(new RootMessage.ShardFailed(epoch, 1, "ends here")); // twice
        long next = world();
        coordinator.tell(new RootMessage.ShardFailed(epoch, 0, "is late"));
        coordinator.tell(new ShardReady(epoch, 0, SliceOrigin.MODEL)); // of the world before
        coordinator.tell(new ShardReady(epoch, 1, SliceOrigin.MODEL));
        var early = new CompletableFuture<PendingStep.Told>();
        coordinator.tell(forward(next, early));
        assertThrows(CompletionException.class, () -> early.orTimeout(60, TimeUnit.SECONDS).join());
        epoch = next;
      }
    }
  }

  /// An assignment that is lost, or its answer, is told again to who has not said that it is ready.
  @Test
  void shouldAssignAgainUntilARankIsReady() {
    long epoch = world();
    Assign first = other.expectMessageClass(Assign.class, LONG);
    assertEquals(epoch, first.assignment().epoch());
    assertEquals(first, other.expectMessageClass(Assign.class, LONG));
    coordinator.tell(new RootMessage.SliceWanted(epoch, 1));
    var sendTo = other.expectMessageClass(RankMessage.SendTo.class, LONG);
    coordinator.tell(new ShardReady(epoch, 1, SliceOrigin.MODEL)); // its acknowledgements are lost
    own.expectTerminated(sendTo.stream(), LONG);
    coordinator.tell(new ShardReady(epoch, 0, SliceOrigin.MODEL));
    check("both are ready", step(epoch, null, -1));
  }

  /// The worker comes (anew), and a world of two is assigned; smaller ones before it are loaded.
  private long world() {
    coordinator.tell(
        new Joined(new Node("other:1", other.getRef(), List.of(), List.of(), 1L << 40, 2)));
    long deadline = System.nanoTime() + LONG.toNanos();
    while (System.nanoTime() < deadline) {
      RankMessage message = own.receiveMessage(LONG);
      if (message instanceof Assign assign) {
        long epoch = assign.assignment().epoch();
        if (assign.assignment().world().size() == 2) {
          return epoch;
        }
        coordinator.tell(new ShardReady(epoch, 0, SliceOrigin.MODEL));
      }
    }
    throw new AssertionError("no world of two");
  }

  private long load(long epoch, @Nullable Fault fault, int faulty) {
    List<RootMessage> messages = new ArrayList<>();
    for (int rank = 0; rank < 2; rank++) {
      messages.add(new ShardReady(epoch, rank, SliceOrigin.MODEL));
    }
    send(messages, fault, faulty);
    return epoch;
  }

  /// A step whose messages are told, one of them with a fault.
  private CompletableFuture<PendingStep.Told> step(long epoch, @Nullable Fault fault, int faulty) {
    var answer = new CompletableFuture<PendingStep.Told>();
    coordinator.tell(forward(epoch, answer));
    TensorFrame.@Nullable Input input;
    do { // what else this rank is told is not of interest
      RankMessage message = own.receiveMessage(LONG);
      input = message instanceof TensorFrame.Input it && it.epoch() == epoch ? it : null;
    } while (input == null);
    long number = input.step();
    List<RootMessage> messages =
        List.of(
            new Logits(epoch, number, 1, 0, part(number, 1)),
            new Logits(epoch, number, 0, 0, part(number, 0)),
            new Stepped(epoch, 0, number, 5));
    last = number;
    send(messages, fault, faulty);
    return answer;
  }

  private void send(List<RootMessage> messages, @Nullable Fault fault, int faulty) {
    List<RootMessage> sent = new ArrayList<>(messages);
    if (fault != null) {
      RootMessage message = sent.get(faulty);
      switch (fault) {
        case LOST -> sent.remove(faulty);
        case TWICE -> sent.add(faulty, message);
        case LATE -> {
          sent.remove(faulty);
          late.add(message);
        }
        case BEHIND -> {
          sent.remove(faulty);
          sent.add(Math.min(faulty + 1, sent.size()), message);
        }
      }
    }
    sent.forEach(coordinator::tell);
  }

  private RootCoordinator.Forward forward(long epoch, CompletableFuture<PendingStep.Told> answer) {
    var run = new Run(new int[1], 0, new int[] {1}, new LogitsWanted.All());
    var input = new FrameBuffer(file.spec().dim() * Float.BYTES);
    return new RootCoordinator.Forward(new Step(epoch, run), input, answer);
  }

  /// Logits by which a step and a rank are known.
  private LogitsPart part(long step, int rank) {
    float[] logits = new float[file.spec().vocabSize() / 2];
    logits[0] = step * 2 + rank;
    return new Rows(logits);
  }

  private void check(String what, CompletableFuture<PendingStep.Told> answer) {
    PendingStep.Told told = answer.orTimeout(LONG.toSeconds(), TimeUnit.SECONDS).join();
    assertEquals(last, told.number(), what);
    for (int rank = 0; rank < 2; rank++) {
      Rows expected = (Rows) part(last, rank);
      Rows actual = (Rows) told.parts().getFirst().get(rank);
      assertArrayEquals(expected.values(), actual.values(), what);
    }
  }
}
