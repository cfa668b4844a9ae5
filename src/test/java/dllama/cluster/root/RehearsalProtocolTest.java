package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dllama.cluster.LossyChannel;
import dllama.cluster.LossyChannel.Fate;
import dllama.cluster.wire.RankMessage.Assign;
import dllama.cluster.wire.RankMessage.Dissolve;
import dllama.cluster.wire.RootMessage.ShardFailed;
import dllama.cluster.wire.RootMessage.ShardReady;
import dllama.cluster.wire.RootMessage.Stepped;
import dllama.cluster.wire.TensorFrame;
import dllama.cluster.wire.TensorFrame.Input;
import dllama.cluster.wire.TensorFrame.Logits;
import dllama.cluster.wire.TensorFrame.Partial;
import dllama.cluster.wire.TensorFrame.Question;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Rehearsals of two nodes as they are, over a way that loses, doubles, delays and reorders what
/// they say: whatever becomes of one, a step that is asked for takes its place and is right, the
/// world stays, and the next world rehearses again.
class RehearsalProtocolTest {
  private static final Duration LATER = LossyChannel.LATE.plusSeconds(5);

  /// Kinds of messages, and which one of them is meant: in the middle of steps, where there are
  /// some.
  private static final Map<Class<?>, Integer> KINDS =
      Map.of(
          Assign.class, 0,
          ShardReady.class, 0,
          Input.class, 5,
          Partial.class, 7,
          Logits.class, 5,
          Question.class, 0,
          Stepped.class, 0,
          Dissolve.class, 0);

  private static TwoNodes nodes;
  private static float[][] expected;

  private final AtomicInteger met = new AtomicInteger();
  private final AtomicInteger rehearsed = new AtomicInteger();

  @BeforeAll
  static void start() {
    nodes = new TwoNodes("20s", "1 GiB", Duration.ofMinutes(1));
    nodes.start(_ -> Fate.ARRIVES);
    nodes.until("a world is ready", () -> !nodes.ready.isEmpty());
    expected = new float[][] {nodes.step(0), nodes.step(1), nodes.step(2)};
    nodes.end();
  }

  @AfterAll
  static void stop() {
    nodes.close();
  }

  @AfterEach
  void end() {
    nodes.end();
  }

  static Stream<Object[]> cases() {
    return KINDS.keySet().stream()
        .flatMap(
            kind ->
                Stream.of(Fate.LOST, Fate.TWICE, Fate.LATE, Fate.BEHIND)
                    .map(fate -> new Object[] {kind, fate}));
  }

  /// Of one message of a rehearsal.
  private Function<Object, Fate> one(Class<?> kind, Fate fate) {
    int number = KINDS.getOrDefault(kind, 0);
    AtomicInteger count = new AtomicInteger();
    return message -> {
      boolean rehearses = epoch(message) < 0;
      rehearsed.addAndGet(rehearses && message instanceof Logits ? 1 : 0);
      boolean meant = rehearses && kind.isInstance(message) && count.getAndIncrement() == number;
      met.addAndGet(meant ? 1 : 0);
      return meant ? fate : Fate.ARRIVES;
    };
  }

  private static long epoch(Object message) {
    return switch (message) {
      case Assign assign -> assign.assignment().epoch();
      case Dissolve dissolve -> dissolve.epoch();
      case ShardReady ready -> ready.epoch();
      case ShardFailed failed -> failed.epoch();
      case Stepped stepped -> stepped.epoch();
      case TensorFrame frame -> frame.epoch();
      default -> 0;
    };
  }

  @ParameterizedTest
  @MethodSource("cases")
  void shouldGiveWayToAStepWhateverHappened(Class<?> kind, Fate fate) {
    nodes.start(one(kind, fate));
    nodes.until("a world is ready", () -> nodes.ready.equals(List.of(2)));
    if (kind == Dissolve.class) {
      nodes.await("there is a rehearsal", () -> rehearsed.get() > 5);
    } else {
      nodes.await("the message has come", () -> met.get() > 0);
    }
    assertArrayEquals(expected[0], nodes.step(0), nodes::toString);
    assertEquals(1, nodes.rehearsed.size(), nodes::toString);
    assertStays();
    nodes.fail(0, "stopped");
    int before = rehearsed.get();
    nodes.until("the next one is", () -> nodes.ready.equals(List.of(2, 2)));
    nodes.await("it rehearses", () -> rehearsed.get() > before + 5);
    assertArrayEquals(expected[2], nodes.step(2), nodes::toString);
  }

  /// The world is there still when all has arrived.
  private static void assertStays() {
    long epoch = nodes.epoch();
    nodes.pass(LATER);
    assertArrayEquals(expected[1], nodes.step(1), nodes::toString);
    assertEquals(epoch, nodes.epoch());
    assertEquals(List.of(2), nodes.ready);
    assertEquals(List.of(), nodes.lost);
  }

  /// Nobody need ask for a step.
  @ParameterizedTest
  @ValueSource(classes = {Input.class, Partial.class, Logits.class, Question.class})
  void shouldEndByItselfWhenSomethingIsLost(Class<?> kind) {
    nodes.start(one(kind, Fate.LOST));
    nodes.until("a world is ready", () -> nodes.ready.equals(List.of(2)));
    nodes.await("the rehearsal ends", () -> !nodes.rehearsed.isEmpty());
    assertEquals(1, met.get());
    assertStays();
  }

  @ParameterizedTest
  @ValueSource(classes = {Assign.class, ShardReady.class})
  void shouldEndByItselfIfItNeverBegan(Class<?> kind) {
    try (TwoNodes brief = new TwoNodes("200ms", "1 GiB", Duration.ofMinutes(1))) {
      brief.start(one(kind, Fate.LOST));
      brief.await("the rehearsal ends", () -> !brief.rehearsed.isEmpty());
      assertEquals(List.of("weights are loaded"), brief.rehearsed);
      assertArrayEquals(expected[1], brief.step(1), brief::toString);
      assertEquals(List.of(2), brief.ready);
      brief.end();
    }
  }

  /// A rank that was kept waiting says so, and is heard or not.
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ARRIVES")
  void shouldEndWhoeverSaysThatItFailed(Fate fate) {
    Function<Object, Fate> lost = one(Partial.class, Fate.LOST);
    nodes.start(m -> m instanceof ShardFailed && epoch(m) < 0 ? fate : lost.apply(m));
    nodes.until("a world is ready", () -> nodes.ready.equals(List.of(2)));
    nodes.await("the rehearsal ends", () -> !nodes.rehearsed.isEmpty());
    assertStays();
  }
}
