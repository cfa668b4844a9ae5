package dllama.cluster;

import akka.actor.ActorSelection;
import akka.actor.ExtendedActorSystem;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.JoinSeedNodes;
import akka.serialization.SerializerWithStringManifest;
import akka.serialization.jackson.JacksonCborSerializer;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dllama.cluster.port.Serializers;
import dllama.key.NodeKeys;
import dllama.settings.Settings;
import dllama.settings.Settings.Option;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.Properties;

/// An Akka node that is none of a cluster's, made of the same classes: it speaks the protocol, and
/// sends whatever a test wants it to.
final class Stranger implements AutoCloseable {
  /// A control message as it stands on the wire.
  record Raw(String manifest, byte[] cbor) {}

  /// Akka's own serializers, which refuse nothing.
  private static final Config LOOSE =
      ConfigFactory.parseString(
          """
          akka.remote.artery.untrusted-mode = off
          akka.actor.serializers {
            akka-cluster = "akka.cluster.protobuf.ClusterMessageSerializer"
            akka-system-msg = "akka.remote.serialization.SystemMessageSerializer"
            jackson-cbor = "dllama.cluster.Stranger$RawSerializer"
          }
          akka.actor.serialization-bindings {
            "dllama.cluster.Stranger$Raw" = jackson-cbor
          }
          """);

  private final ActorSystem<Void> system;

  /// @param role that it would join a cluster as
  Stranger(String seed, String role) {
    this(seed, role, NodeKeys.none());
  }

  /// @param keys that it shows
  Stranger(String seed, String role, NodeKeys keys) {
    Settings settings =
        Settings.load(
            Optional.empty(),
            new Properties(),
            List.of(
                new Option("--role", "role", "worker"),
                new Option("--seed-node", "seed-nodes", List.of(seed))));
    boolean joins = !role.isEmpty();
    system =
        NodeSystem.start(
            Behaviors.<Void>empty(),
            settings.cluster(),
            LOOSE.withFallback(settings.akka()),
            keys,
            NodeSystem.exchange(settings.cluster()),
            joins ? role : "stranger",
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            () -> false);
    if (joins) {
      Cluster.get(system).manager().tell(new JoinSeedNodes(List.of(NodeSystem.addressOf(seed))));
    }
  }

  ActorSystem<Void> system() {
    return system;
  }

  String address() {
    return NodeSystem.address(system);
  }

  /// An actor of another node, as if it could be told anything.
  ActorRef<Object> at(String address, String path) {
    return ActorRefResolver.get(system).resolveActorRef(uri(address, path));
  }

  ActorSelection select(String address, String path) {
    return system.classicSystem().actorSelection(uri(address, path));
  }

  void tell(String address, String path, Object message) {
    Adapter.toClassic(at(address, path)).tell(message, akka.actor.ActorRef.noSender());
  }

  private static String uri(String address, String path) {
    return "akka://dllama@%s/%s".formatted(address, path);
  }

  @Override
  public void close() {
    NodeSystem.stop(system);
  }

  /// Writes [Raw] messages as they are.
  public static final class RawSerializer extends SerializerWithStringManifest {
    private final JacksonCborSerializer cbor;

    public RawSerializer(ExtendedActorSystem system) {
      cbor = new JacksonCborSerializer(system, "jackson-cbor");
    }

    @Override
    public int identifier() {
      return Serializers.CONTROL;
    }

    @Override
    public String manifest(Object message) {
      return message instanceof Raw(var manifest, _) ? manifest : message.getClass().getName();
    }

    @Override
    public byte[] toBinary(Object message) {
      return message instanceof Raw(_, var bytes) ? bytes : cbor.toBinary(message);
    }

    @Override
    public Object fromBinary(byte[] bytes, String manifest) {
      return cbor.fromBinary(bytes, manifest);
    }
  }
}
