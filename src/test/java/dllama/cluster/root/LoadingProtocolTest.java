package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.cluster.LossyChannel;
import dllama.cluster.LossyChannel.Fate;
import dllama.cluster.wire.RankMessage.Assign;
import dllama.cluster.wire.RankMessage.Dissolve;
import dllama.cluster.wire.RankMessage.SendTo;
import dllama.cluster.wire.RankMessage.Serve;
import dllama.cluster.wire.RootMessage.ShardFailed;
import dllama.cluster.wire.RootMessage.ShardReady;
import dllama.cluster.wire.RootMessage.ShardRefused;
import dllama.cluster.wire.RootMessage.SliceWanted;
import dllama.cluster.wire.StreamMessage.Received;
import dllama.cluster.wire.TensorFrame.Input;
import dllama.cluster.wire.TensorFrame.WeightChunk;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// How a root has a world of two loaded and ends it, both nodes as they are, over a way that loses,
/// doubles, delays and reorders what they say: that world is ready, or is given up in time and the
/// next one is; what a world computes is right; and what comes late is nobody's.
class LoadingProtocolTest {
  private static final Duration LATER = LossyChannel.LATE.plusSeconds(5);
  private static final String UNACKNOWLEDGED = "the worker at worker:1 took no weights for 30 s";
  private static final String TURN = "the worker at worker:1 got weights out of turn, at byte ";
  private static final int CHUNK = 4096;

  private static TwoNodes nodes;

  /// Whose worker has no room.
  private static TwoNodes small;

  private static float[][] expected;

  private final AtomicInteger met = new AtomicInteger();

  @BeforeAll
  static void start() {
    small = new TwoNodes("0s", "1 KiB", Duration.ofMillis(10));
    nodes = new TwoNodes("0s", "1 GiB", Duration.ofMinutes(1));
    nodes.start(_ -> Fate.ARRIVES);
    nodes.until("a world is ready", () -> !nodes.ready.isEmpty());
    expected = new float[][] {nodes.step(0), nodes.step(1), nodes.step(2)};
    nodes.end();
  }

  @AfterAll
  static void stop() {
    nodes.close();
    small.close();
  }

  @AfterEach
  void end() {
    nodes.end();
  }

  /// The fate of one message of a kind.
  private Function<Object, Fate> one(Class<?> kind, int number, Fate fate) {
    AtomicInteger count = new AtomicInteger();
    return message -> {
      boolean meant = kind.isInstance(message) && count.getAndIncrement() == number;
      met.addAndGet(meant ? 1 : 0);
      return meant ? fate : Fate.ARRIVES;
    };
  }

  static Stream<Object[]> cases() {
    return Stream.of(
        new Object[] {Serve.class, 0, Fate.TWICE, ""},
        new Object[] {Serve.class, 0, Fate.LATE, ""},
        new Object[] {Serve.class, 0, Fate.BEHIND, ""},
        new Object[] {Assign.class, 0, Fate.LOST, ""},
        new Object[] {Assign.class, 0, Fate.TWICE, ""},
        new Object[] {Assign.class, 0, Fate.LATE, ""},
        new Object[] {Assign.class, 0, Fate.BEHIND, ""},
        new Object[] {SliceWanted.class, 0, Fate.LOST, ""},
        new Object[] {SliceWanted.class, 0, Fate.TWICE, ""},
        new Object[] {SliceWanted.class, 0, Fate.LATE, ""},
        new Object[] {SliceWanted.class, 0, Fate.BEHIND, ""},
        new Object[] {SendTo.class, 0, Fate.LOST, UNACKNOWLEDGED},
        new Object[] {SendTo.class, 0, Fate.TWICE, ""},
        new Object[] {SendTo.class, 0, Fate.LATE, ""},
        new Object[] {SendTo.class, 0, Fate.BEHIND, ""},
        new Object[] {WeightChunk.class, 0, Fate.LOST, TURN + CHUNK},
        new Object[] {WeightChunk.class, 1, Fate.TWICE, TURN + CHUNK},
        new Object[] {WeightChunk.class, 1, Fate.LATE, TURN + 2 * CHUNK},
        new Object[] {WeightChunk.class, 1, Fate.BEHIND, TURN + 2 * CHUNK},
        new Object[] {WeightChunk.class, 7, Fate.LOST, TURN + 8 * CHUNK},
        new Object[] {WeightChunk.class, 7, Fate.TWICE, TURN + 7 * CHUNK},
        new Object[] {Received.class, 0, Fate.LOST, UNACKNOWLEDGED},
        new Object[] {Received.class, 0, Fate.TWICE, ""},
        new Object[] {Received.class, 0, Fate.LATE, ""},
        new Object[] {Received.class, 0, Fate.BEHIND, ""},
        new Object[] {Received.class, 2, Fate.TWICE, ""},
        new Object[] {ShardReady.class, 0, Fate.LOST, ""},
        new Object[] {ShardReady.class, 0, Fate.TWICE, ""},
        new Object[] {ShardReady.class, 0, Fate.LATE, ""},
        new Object[] {ShardReady.class, 0, Fate.BEHIND, ""});
  }

  /// @param why the first world is lost; empty if it is not
  @ParameterizedTest
  @MethodSource("cases")
  void shouldBeReadyOrGivenUpInTime(Class<?> kind, int number, Fate fate, String why) {
    nodes.start(one(kind, number, fate));
    nodes.until("a world is ready", () -> nodes.ready.equals(List.of(2)));
    assertEquals(why.isEmpty() ? List.of() : List.of(why), nodes.lost);
    assertEquals(1, met.get(), "there is such a message");
    assertWorks();
  }

  /// It computes what it should, and still does when all has arrived.
  private static void assertWorks() {
    long epoch = nodes.epoch();
    List<Integer> ready = List.copyOf(nodes.ready);
    assertArrayEquals(expected[0], nodes.step(0), nodes::toString);
    nodes.pass(LATER);
    assertArrayEquals(expected[1], nodes.step(1), nodes::toString);
    assertArrayEquals(expected[2], nodes.step(2), nodes::toString);
    assertEquals(epoch, nodes.epoch(), nodes::toString);
    assertEquals(ready, nodes.ready);
  }

  /// A worker says why it failed until it is heard, or the world is over.
  @ParameterizedTest
  @EnumSource
  void shouldHearWhyALoadingWorldIsLost(Fate fate) {
    Function<Object, Fate> failing = one(WeightChunk.class, 1, Fate.TWICE);
    Function<Object, Fate> told = one(ShardFailed.class, 0, fate);
    nodes.start(m -> m instanceof ShardFailed ? told.apply(m) : failing.apply(m));
    nodes.until("a world is ready", () -> nodes.ready.equals(List.of(2)));
    assertEquals(1, nodes.lost.size(), nodes::toString);
    assertTrue(nodes.lost.getFirst().startsWith(TURN), nodes::toString);
    assertWorks();
  }

  /// Those who are told too late are in the next world by then.
  @ParameterizedTest
  @EnumSource
  void shouldFormTheNextWorldWhoeverHearsOfTheEndOfTheLast(Fate fate) {
    nodes.start(one(Dissolve.class, 0, fate));
    nodes.until("a world is ready", () -> nodes.ready.equals(List.of(2)));
    assertArrayEquals(expected[0], nodes.step(0), nodes::toString);
    nodes.fail(0, "stopped"); // so the worker is the same in the next world
    nodes.until("the next one is", () -> nodes.ready.equals(List.of(2, 2)));
    assertEquals(List.of("the root stopped"), nodes.lost);
    assertWorks();
  }

  /// An order that the next one has overtaken: to be in a world that is no more.
  @ParameterizedTest
  @EnumSource(names = {"ARRIVES", "LOST", "TWICE"})
  void shouldStayInTheNextWorldWhateverComesOfTheLast(Fate fate) {
    Function<Object, Fate> late = one(Assign.class, 0, Fate.LATE);
    Function<Object, Fate> ended = one(Dissolve.class, 0, fate);
    nodes.start(m -> m instanceof Dissolve ? ended.apply(m) : late.apply(m));
    nodes.until("a world is ready", () -> nodes.ready.equals(List.of(2)));
    nodes.fail(0, "stopped");
    nodes.until("the next one is", () -> nodes.ready.equals(List.of(2, 2)));
    assertWorks();
    assertEquals(List.of("the root stopped"), nodes.lost);
  }

  /// A step is done once, or not at all, or all sums after it would be wrong.
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ARRIVES")
  void shouldComputeRightOrNotAtAllWhateverHappensToAStep(Fate fate) {
    nodes.start(one(Input.class, 1, fate));
    nodes.until("a world is ready", () -> nodes.ready.equals(List.of(2)));
    assertArrayEquals(expected[0], nodes.step(0), nodes::toString);
    float[] logits = nodes.step(1);
    if (logits.length > 0) {
      assertArrayEquals(expected[1], logits, nodes::toString);
      assertEquals(List.of(), nodes.lost);
    } else {
      nodes.until("the next one is", () -> nodes.ready.equals(List.of(2, 2)));
    }
    assertTrue(nodes.lost.isEmpty() || fate != Fate.TWICE, nodes::toString);
    assertWorks();
  }

  /// The root goes on without a worker that has no room.
  @ParameterizedTest
  @EnumSource
  void shouldGoOnWithoutWhoRefuses(Fate fate) {
    small.start(one(ShardRefused.class, 0, fate));
    small.until("a world is ready", () -> small.ready.equals(List.of(1)));
    assertEquals(1, small.lost.size(), small::toString);
    assertArrayEquals(expected[0], small.step(0), small::toString);
    small.pass(LATER);
    assertArrayEquals(expected[1], small.step(1), small::toString);
    assertEquals(List.of(1), small.ready);
    small.end();
  }
}
