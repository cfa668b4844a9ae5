package dllama.cluster.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.cluster.LossyChannel;
import dllama.cluster.LossyChannel.Fate;
import dllama.cluster.port.Refusals;
import dllama.cluster.wire.MembersMessage;
import dllama.cluster.wire.MembersMessage.Alive;
import dllama.cluster.wire.MembersMessage.Computing;
import dllama.cluster.wire.MembersMessage.Goodbye;
import dllama.cluster.wire.MembersMessage.Hello;
import dllama.cluster.wire.MembersMessage.Pong;
import dllama.cluster.wire.WorkerMessage.Key;
import dllama.cluster.wire.WorkerMessage.RootAlive;
import dllama.cluster.wire.WorkerMessage.RootEnded;
import dllama.cluster.wire.WorkerMessage.Stranger;
import dllama.cluster.wire.WorkerMessage.Welcome;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Both sides of membership over a way on which messages are lost, doubled, late and reordered: who
/// is a member in the end, and that every deadline fires.
class MembershipProtocolTest {
  /// Silence of who is not waited for, and what finding out and another try take.
  private static final Duration PATIENCE = RootMembership.patience(SimulatedCluster.SILENCE);

  private static final Duration FORGOTTEN =
      PATIENCE.plus(LossyChannel.LATE).plus(Duration.ofSeconds(5));

  /// Each as often as it comes in a run.
  private static final List<Class<?>> JOINING =
      List.of(Hello.class, Key.class, Welcome.class, Alive.class, RootAlive.class, Pong.class);

  private @Nullable SimulatedCluster cluster;

  @AfterEach
  void stop() {
    if (cluster != null) {
      cluster.close();
    }
  }

  private SimulatedCluster cluster(Function<Object, Fate> fates) {
    cluster = new SimulatedCluster(fates);
    return cluster;
  }

  /// The fate of one message of a kind.
  private static Function<Object, Fate> one(Class<?> kind, int number, Fate fate) {
    int[] count = new int[1];
    return message -> kind.isInstance(message) && count[0]++ == number ? fate : Fate.ARRIVES;
  }

  /// Of all messages of a kind.
  private static Function<Object, Fate> all(Class<?> kind, Fate fate) {
    return message -> kind.isInstance(message) ? fate : Fate.ARRIVES;
  }

  static Stream<Object[]> joining() {
    return JOINING.stream()
        .flatMap(
            kind ->
                Stream.of(Fate.LOST, Fate.TWICE, Fate.LATE, Fate.BEHIND)
                    .flatMap(
                        fate ->
                            Stream.of(0, 1, 2).map(number -> new Object[] {kind, number, fate})));
  }

  /// No single message matters: it is said again.
  @ParameterizedTest
  @MethodSource("joining")
  void shouldBeAMemberOnceWhateverHappensToOneMessage(Class<?> kind, int number, Fate fate) {
    SimulatedCluster now = cluster(one(kind, number, fate));
    now.pass(Duration.ofSeconds(2));
    assertTrue(now.isMember(), now.told::toString);
    now.pass(FORGOTTEN);
    assertTrue(now.isMember(), now.told::toString);
    assertEquals(List.of("joined"), now.told);
    assertEquals(List.of(), now.ends);
  }

  static Stream<Object[]> kinds() {
    return JOINING.stream()
        .flatMap(kind -> Stream.of(Fate.TWICE, Fate.BEHIND).map(fate -> new Object[] {kind, fate}));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void shouldBeAMemberOnceWhateverHappensToAllMessagesOfAKind(Class<?> kind, Fate fate) {
    SimulatedCluster now = cluster(all(kind, fate));
    now.pass(Duration.ofSeconds(4));
    assertTrue(now.isMember(), now.told::toString);
    now.pass(FORGOTTEN);
    assertTrue(now.isMember(), now.told::toString);
    assertEquals(List.of("joined"), now.told);
    assertEquals(List.of(), now.ends);
  }

  @ParameterizedTest
  @ValueSource(classes = {Alive.class, RootAlive.class})
  void shouldPartAfterSilenceAndMeetAgain(Class<?> kind) {
    boolean[] silent = new boolean[1];
    SimulatedCluster now =
        cluster(message -> silent[0] && kind.isInstance(message) ? Fate.LOST : Fate.ARRIVES);
    now.pass(Duration.ofSeconds(2));
    silent[0] = true;
    now.pass(PATIENCE.minusMillis(500));
    assertEquals(List.of("joined"), now.told);
    now.pass(Duration.ofSeconds(2));
    assertNotEquals(List.of("joined"), now.told);
    silent[0] = false;
    now.pass(PATIENCE.plusSeconds(3));
    assertTrue(now.isMember(), now.told::toString);
  }

  /// Who is waited for has less time.
  @Test
  void shouldLoseWhoComputesAfterTheShorterSilence() {
    boolean[] cut = new boolean[1];
    SimulatedCluster now = cluster(_ -> cut[0] ? Fate.LOST : Fate.ARRIVES);
    now.closesLines = false;
    now.pass(Duration.ofSeconds(2));
    now.root.tell(new Computing(2, Set.of(NodeNames.address(now.address()))));
    now.pass(Duration.ofSeconds(1));
    cut[0] = true;
    now.pass(SimulatedCluster.SILENCE.minusMillis(500));
    assertEquals(List.of("joined"), now.told);
    now.pass(Duration.ofSeconds(1));
    assertEquals("gone: has been silent for 2.0 s", now.told.get(1));
    assertEquals("the root has been silent for 2.0 s", now.ends.getFirst());
    cut[0] = false;
    now.root.tell(new Computing(0, Set.of()));
    now.pass(Duration.ofSeconds(3));
    assertTrue(now.isMember(), now.told::toString);
  }

  static Stream<Fate> fates() {
    return Stream.of(Fate.values());
  }

  /// By what it says, or what closes, or at last by its silence.
  @ParameterizedTest
  @MethodSource("fates")
  void shouldNoticeAWorkerThatEnds(Fate fate) {
    for (boolean closesLines : new boolean[] {true, false}) {
      SimulatedCluster now = cluster(all(Goodbye.class, fate));
      now.closesLines = closesLines;
      now.restarts = false;
      now.pass(Duration.ofSeconds(2));
      long refused = Refusals.ofProcess().count();
      now.worker.tell(new WorkerMembership.Ending());
      boolean slow = !closesLines && (fate == Fate.LOST || fate == Fate.LATE);
      now.pass(slow ? PATIENCE.plusSeconds(1) : Duration.ofSeconds(1));
      String why = slow ? "gone: has been silent for 15.0 s" : "gone: has ended";
      assertEquals(List.of("joined", why), distinct(now.told));
      now.pass(FORGOTTEN);
      assertEquals(List.of("joined", why), distinct(now.told));
      assertEquals(refused, Refusals.ofProcess().count(), "its goodbye may be late");
      now.close();
    }
  }

  /// Cluster events repeat that somebody is gone, in other words.
  private static List<String> distinct(List<String> told) {
    return told.stream().filter(line -> !line.equals("gone: was removed")).toList();
  }

  @ParameterizedTest
  @MethodSource("fates")
  void shouldNoticeARootThatEnds(Fate fate) {
    SimulatedCluster now = cluster(all(RootEnded.class, fate));
    now.restarts = false;
    now.pass(Duration.ofSeconds(2));
    var done = new CompletableFuture<Boolean>();
    now.root.tell(new MembersMessage.Ending(done));
    assertTrue(done.join());
    now.pass(Duration.ofSeconds(1));
    boolean late = fate == Fate.LOST || fate == Fate.LATE || fate == Fate.BEHIND;
    String why = late ? "the root started anew, or gave this worker up" : "the root has ended";
    assertEquals(List.of(why), now.ends);
  }

  /// The worker is told, by an answer to each of its signs of life, and comes back.
  @ParameterizedTest
  @MethodSource("fates")
  void shouldComeBackAfterItWasExpelled(Fate fate) {
    SimulatedCluster now = cluster(one(Stranger.class, 0, fate));
    now.pass(Duration.ofSeconds(2));
    now.root.tell(new MembersMessage.Expel(NodeNames.address(now.address())));
    now.pass(Duration.ofSeconds(3));
    assertTrue(now.isMember(), now.told::toString);
    assertEquals(List.of("the root started anew, or gave this worker up"), now.ends);
    now.pass(FORGOTTEN);
    assertTrue(now.isMember(), now.told::toString);
    assertEquals(1, now.ends.size(), "what is late is not for the next one");
  }

  /// As the root expels it before it knows the root, it is told nothing.
  @Test
  void shouldBeginAnewWhereItIsNotLetIn() {
    SimulatedCluster now = cluster(_ -> Fate.ARRIVES);
    now.root.tell(new MembersMessage.Expel(NodeNames.address(now.address())));
    now.pass(WorkerMembership.JOINING.minusSeconds(1));
    assertEquals(List.of(), now.ends);
    now.pass(Duration.ofSeconds(4));
    assertEquals(List.of("no root has let this worker in for 180 s"), now.ends);
    assertTrue(now.isMember(), now.told::toString);
  }

  /// A minute of a network in which nearly nothing can be relied on, then of one in which all can.
  @ParameterizedTest
  @ValueSource(ints = {10, 30, 60})
  void shouldBeAMemberInTheEndAfterAnything(int percent) {
    for (int seed = 0; seed < 25; seed++) {
      Random random = new Random(seed);
      boolean[] bad = {true};
      Fate[] all = Fate.values();
      SimulatedCluster now =
          cluster(
              _ ->
                  bad[0] && random.nextInt(100) < percent
                      ? all[random.nextInt(all.length)]
                      : Fate.ARRIVES);
      now.closesLines = random.nextBoolean();
      for (int i = 0; i < 60; i++) {
        now.pass(Duration.ofMillis(1 + random.nextInt(2000)));
        if (random.nextInt(20) == 0) {
          now.root.tell(new MembersMessage.Expel(NodeNames.address(now.address())));
        }
        if (random.nextInt(20) == 0 && now.worker != null) {
          now.worker.tell(new WorkerMembership.Ending());
        }
        assertAlternates(now.told, seed);
      }
      bad[0] = false;
      now.pass(WorkerMembership.JOINING.plus(FORGOTTEN));
      String what = "percent=%d seed=%d %s %s".formatted(percent, seed, now.told, now.ends);
      assertTrue(now.isMember(), what);
      int before = now.told.size();
      now.pass(Duration.ofMinutes(2));
      assertEquals(before, now.told.size(), what);
      assertTrue(now.isMember(), what);
      now.close();
    }
  }

  /// Nobody is taken in twice.
  private static void assertAlternates(List<String> told, int seed) {
    String last = "";
    for (String line : told) {
      assertTrue(!(line.equals("joined") && last.equals("joined")), () -> seed + ": " + told);
      last = line;
    }
  }
}
