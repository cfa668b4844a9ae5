package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertEquals;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import dllama.cluster.wire.Node;
import dllama.cluster.wire.RankMessage;
import dllama.settings.SharesSetting;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class TeamTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final ActorRef<RankMessage> SHARD =
      KIT.createTestProbe(RankMessage.class).getRef();

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  private static Node node(String address, long speed) {
    return new Node(address, SHARD, List.of(), List.of(), 1L << 30, speed, 1);
  }

  private static List<String> addresses(Team team) {
    return team.nodes().stream().map(Node::address).toList();
  }

  @Test
  void shouldGiveAsMuchAsNodesAreFast() {
    Node root = node("10.0.0.1:9990", 8_000);
    List<Node> workers = List.of(node("10.0.0.2:1", 2_100), node("10.0.0.3:1", 16_300));
    Team team = Team.of(SharesSetting.AUTO, 3, root, workers);
    assertEquals("4:8:1", team.shares().toString());
    assertEquals(List.of("10.0.0.1:9990", "10.0.0.3:1", "10.0.0.2:1"), addresses(team));
    assertEquals("1:2", Team.of(SharesSetting.AUTO, 2, root, workers).shares().toString());
  }

  @Test
  void shouldTakeNodesThatAreAboutAsFastForEqual() {
    Node root = node("root:9990", 20_000);
    List<Node> workers = List.of(node("a:1", 19_000), node("b:1", 21_000), node("c:1", 20_500));
    assertEquals("1:1:1:1", Team.of(SharesSetting.AUTO, 4, root, workers).shares().toString());
    assertEquals("1:1:1", Team.of(SharesSetting.AUTO, 3, root, workers).shares().toString());
  }

  @Test
  void shouldGiveEverybodyTheSameWhereNothingIsKnown() {
    Node root = node("root:9990", 20_000);
    List<Node> workers = List.of(node("a:1", 0));
    assertEquals("1:1", Team.of(SharesSetting.AUTO, 2, root, workers).shares().toString());
  }

  @Test
  void shouldGiveWhatTheUserSaysInTheOrderOfAddresses() {
    Node root = node("192.168.1.20:9990", 0);
    List<Node> workers =
        List.of(
            node("192.168.1.100:5", 0), node("192.168.1.9:40000", 0), node("192.168.1.9:5000", 0));
    Team team = Team.of(new SharesSetting(false, List.of(3, 2, 2, 1)), 4, root, workers);
    assertEquals("3:2:2:1", team.shares().toString());
    assertEquals(
        List.of("192.168.1.20:9990", "192.168.1.9:5000", "192.168.1.9:40000", "192.168.1.100:5"),
        addresses(team));
  }

  /// A node of four is missing: those that are left share equally.
  @Test
  void shouldShareEquallyWithAnotherNumberOfNodes() {
    Node root = node("root:9990", 0);
    List<Node> workers = List.of(node("z:1", 0), node("a:1", 0));
    Team team = Team.of(new SharesSetting(false, List.of(3, 2, 2, 1)), 2, root, workers);
    assertEquals("1:1", team.shares().toString());
    assertEquals(List.of("root:9990", "z:1", "a:1"), addresses(team));
  }
}
