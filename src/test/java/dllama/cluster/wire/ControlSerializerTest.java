package dllama.cluster.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import akka.actor.ExtendedActorSystem;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.serialization.SerializationExtension;
import com.typesafe.config.ConfigFactory;
import java.io.NotSerializableException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ControlSerializerTest {
  @Test
  void shouldKeepNamesOnTheWire() {
    Set<String> names =
        Stream.of(
                "RootMembership$Hello RootMembership$Alive RootMembership$Goodbye"
                    + " RootMembership$Pong",
                "WorkerMembership$Key WorkerMembership$Welcome WorkerMembership$Stranger",
                "WorkerMembership$RootEnded WorkerMembership$RootAlive",
                "RootCoordinator$SliceWanted RootCoordinator$Loading RootCoordinator$ShardReady",
                "RootCoordinator$ShardRefused RootCoordinator$ShardFailed RootCoordinator$Stepped",
                "RootCoordinator$Measured LayerShard$Measure",
                "RootCoordinator$Fetched LayerShard$Fetch",
                "LayerShard$Assign LayerShard$SendTo LayerShard$Dissolve",
                "WeightStream$Received")
            .flatMap(line -> Stream.of(line.split(" ")))
            .map("dllama.cluster."::concat)
            .collect(Collectors.toSet());
    assertEquals(names, ControlSerializer.names());
  }

  @Test
  void shouldBringBackWhatItWrote() throws NotSerializableException {
    var config =
        ConfigFactory.parseResources("dllama/akka.conf").withFallback(ConfigFactory.load());
    ActorTestKit kit = ActorTestKit.create(config.resolve());
    try {
      var system = (ExtendedActorSystem) kit.system().classicSystem();
      var serializer = new ControlSerializer(system);
      var message = new RootMessage.ShardReady(7, 3, SliceOrigin.CACHE);
      String name = serializer.manifest(message);
      byte[] bytes = serializer.toBinary(message);
      assertEquals(message, serializer.fromBinary(bytes, name));
      var alive =
          new MembersMessage.Alive(
              "127.0.0.1:1",
              7,
              kit.<WorkerMessage>createTestProbe().getRef(),
              new NodeFigures(8L << 30, 3L << 30, 4, 1.5),
              new RankWaits(7, 1000, List.of(0L, 300L)));
      var all = SerializationExtension.get(system);
      byte[] told = all.serialize(alive).get();
      assertEquals(
          alive, all.deserialize(told, serializer.identifier(), serializer.manifest(alive)).get());
      assertInstanceOf(
          WorkerMessage.Welcome.class,
          serializer.fromBinary(
              serializer.toBinary(new WorkerMessage.Welcome(1)),
              "dllama.cluster.WorkerMembership$Welcome"));
      assertThrows(
          NotSerializableException.class,
          () -> serializer.fromBinary(bytes, RootMessage.ShardReady.class.getName()));
      assertThrows(
          IllegalArgumentException.class,
          () -> serializer.manifest(new RootMessage.Coming("127.0.0.1:1")));
    } finally {
      kit.shutdownTestKit();
    }
  }
}
