package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertEquals;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import dllama.cluster.wire.Node;
import dllama.cluster.wire.RankMessage;
import dllama.model.Shapes;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class WorldTest {

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

  @Test
  void shouldGiveRanksInTheOrderOfArrival() {
    assertEquals(
        List.of("root", "a", "b", "c"), addresses(4, node("a"), node("b"), node("c"), node("d")));
  }

  @Test
  void shouldGiveAWorkerTheRankWhoseSliceItHolds() {
    assertEquals(
        List.of("root", "c", "a", "b"),
        addresses(4, node("a"), node("b", "m:3/4"), node("c", "m:1/4")));
  }

  @Test
  void shouldPreferAHolderToAnEarlierWorker() {
    assertEquals(List.of("root", "b"), addresses(2, node("a", "m:1/4"), node("b", "m:1/2")));
  }

  @Test
  void shouldPreferASliceInMemoryToOneOnDisk() {
    assertEquals(
        List.of("root", "b", "a", "c"),
        addresses(4, cached("a", "m:1/4", "m:2/4"), node("b", "m:1/4"), node("c", "m:3/4")));
  }

  @Test
  void shouldLetAsManySlicesAsPossibleComeFromDisk() {
    assertEquals(
        List.of("root", "c", "a", "b"),
        addresses(
            4,
            cached("a", "m:1/4", "m:2/4", "m:3/4"),
            cached("b", "m:1/4", "m:3/4"),
            cached("c", "m:1/4"),
            cached("d", "m:1/2")));
    assertEquals(
        List.of("root", "a", "c", "b"),
        addresses(4, node("a"), cached("b", "m:3/4"), cached("c", "m:2/4", "m:3/4"), node("d")));
  }

  @Test
  void shouldKnowWhatTheRanksHoldWhenTheyAreLoaded() {
    World world =
        World.form(1, plan(2), List.of(node("root"), node("a", "old")), rank -> "m:" + rank);
    assertEquals(List.of("m:1"), world.ranks().get(1).held());
  }

  private static List<String> addresses(int size, Node... workers) {
    List<Node> nodes = new ArrayList<>(List.of(node("root")));
    nodes.addAll(List.of(workers));
    World world = World.form(7, plan(size), nodes, rank -> "m:%d/%d".formatted(rank, size));
    assertEquals(7, world.epoch());
    return world.ranks().stream().map(Node::address).toList();
  }

  private static ShardPlan plan(int nodes) {
    return new ShardPlan(Shapes.spec("llama3-8b", DType.Q4_0), DType.F32, nodes);
  }

  private static Node node(String address, String... held) {
    return new Node(address, shard, List.of(held), List.of(), 0, 0);
  }

  private static Node cached(String address, String... keys) {
    return new Node(address, shard, List.of(), List.of(keys), 0, 0);
  }
}
