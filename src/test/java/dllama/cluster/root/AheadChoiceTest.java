package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import dllama.cluster.root.AheadChoice.Next;
import dllama.cluster.root.AheadChoice.Settled;
import dllama.cluster.wire.Node;
import dllama.cluster.wire.RankMessage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class AheadChoiceTest {
  private static final List<String> KEYS = List.of("0/4", "1/4", "2/4", "3/4");

  private static ActorTestKit testKit;
  private static ActorRef<RankMessage> shard;

  @BeforeAll
  static void start() {
    testKit = ActorTestKit.create();
    shard = testKit.createTestProbe(RankMessage.class).getRef();
  }

  @AfterAll
  static void stop() {
    testKit.shutdownTestKit();
  }

  private static Node node(String address, String... cached) {
    return new Node(address, shard, List.of(), List.of(cached), 0, address.hashCode());
  }

  /// What is asked for, in this order, if every node keeps what it gets.
  private static List<String> all(int enough, List<String> keys, Node... nodes) {
    List<Node> now = new ArrayList<>(List.of(nodes));
    Set<Settled> settled = new HashSet<>();
    List<String> asked = new ArrayList<>();
    while (true) {
      AheadChoice choice = new AheadChoice(now, keys, enough);
      Optional<Next> next = choice.next(settled);
      if (next.isEmpty()) {
        return asked;
      }
      Node node = next.get().node();
      asked.add(node.address() + " " + keys.get(next.get().rank()));
      assertTrue(settled.add(choice.of(next.get())));
      now.set(now.indexOf(node), node.keeping(keys.get(next.get().rank()), true));
    }
  }

  @Test
  void shouldFetchFirstWhatNoOtherSpareHas() {
    assertEquals(
        List.of("a 1/4", "b 2/4", "a 3/4", "b 1/4", "a 2/4", "b 3/4"),
        all(Integer.MAX_VALUE, KEYS, node("a"), node("b")));
    assertEquals(
        List.of("a 2/4", "b 1/4", "a 3/4", "b 2/4", "a 1/4", "b 3/4"),
        all(Integer.MAX_VALUE, KEYS, node("a", "2/4"), node("b")),
        "what it says that it has is only confirmed");
  }

  @Test
  void shouldHaveWhatWhoeverIsLostAnotherOneHas() {
    List<String> eight = new ArrayList<>();
    Node[] workers = new Node[7];
    for (int worker = 0; worker < workers.length; worker++) {
      workers[worker] = node("w" + worker);
    }
    eight.addAll(all(2, KEYS, workers));
    assertEquals(List.of("w0 1/4", "w1 2/4", "w2 3/4", "w3 1/4", "w4 2/4", "w5 3/4"), eight);
    assertEquals(
        List.of("a 1/2", "b 1/2"), all(2, List.of("0/2", "1/2"), node("a"), node("b"), node("c")));
  }

  @Test
  void shouldNotAskAgain() {
    AheadChoice choice = new AheadChoice(List.of(node("a")), List.of("0/2", "1/2"), 9);
    assertEquals(Optional.empty(), choice.next(Set.of(new Settled(node("a").key(), "1/2"))));
    assertEquals(Optional.empty(), new AheadChoice(List.of(), KEYS, 9).next(Set.of()));
  }
}
