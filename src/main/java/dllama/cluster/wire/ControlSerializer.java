package dllama.cluster.wire;

import akka.actor.ExtendedActorSystem;
import akka.serialization.SerializerWithStringManifest;
import akka.serialization.jackson.JacksonCborSerializer;
import dllama.cluster.port.Refusals;
import dllama.cluster.port.Serializers;
import java.io.NotSerializableException;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Control messages to bytes and back: Akka's Jackson CBOR, behind a list of what may come.
/// Whatever makes no sense is refused here, with a line, and reaches no actor.
///
/// Created by Akka.
public final class ControlSerializer extends SerializerWithStringManifest {
  /// Names on the wire, of all that may come: the actor that a message is for, and its own. They
  /// were names of classes once, and stay what they are wherever classes go.
  private static final Map<String, Class<?>> CLASSES =
      Stream.of(ControlMessage.class.getPermittedSubclasses())
          .collect(Collectors.toUnmodifiableMap(ControlSerializer::name, type -> type));

  private static final Map<Class<?>, String> NAMES =
      CLASSES.entrySet().stream()
          .collect(Collectors.toUnmodifiableMap(Map.Entry::getValue, Map.Entry::getKey));

  /// What the first byte of a map in CBOR has in its upper three bits. Akka's serializer would also
  /// unpack GZIP and LZ4, whatever that becomes.
  private static final int CBOR_MAP = 5;

  private final JacksonCborSerializer cbor;

  public ControlSerializer(ExtendedActorSystem system) {
    cbor = new JacksonCborSerializer(system, "jackson-cbor");
  }

  private static String name(Class<?> message) {
    return "dllama.cluster.%s$%s"
        .formatted(receiver(message.getEnclosingClass()), message.getSimpleName());
  }

  /// All names of messages on the wire.
  static Set<String> names() {
    return CLASSES.keySet();
  }

  private static String receiver(Class<?> messages) {
    return switch (messages.getSimpleName()) {
      case "RootMessage" -> "RootCoordinator";
      case "RankMessage" -> "LayerShard";
      case "MembersMessage" -> "RootMembership";
      case "WorkerMessage" -> "WorkerMembership";
      case "StreamMessage" -> "WeightStream";
      default -> throw new IllegalStateException("whose messages are these: " + messages);
    };
  }

  @Override
  public int identifier() {
    return Serializers.CONTROL;
  }

  @Override
  public String manifest(Object message) {
    String name = NAMES.get(message.getClass());
    if (name == null) {
      throw new IllegalArgumentException("no control message: " + message.getClass());
    }
    return name;
  }

  @Override
  public byte[] toBinary(Object message) {
    return cbor.toBinary(message);
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    Class<?> type = CLASSES.get(manifest);
    if (type == null) {
      throw refused("sent a message that no node sends", manifest);
    }
    if (bytes.length == 0 || (bytes[0] & 0xff) >> 5 != CBOR_MAP) {
      throw refused("sent bytes that are no message", manifest);
    }
    try {
      return cbor.fromBinary(bytes, type.getName());
    } catch (Exception senseless) {
      throw refused("sent a message that makes no sense", manifest);
    }
  }

  private static NotSerializableException refused(String why, String manifest) {
    String what = Checks.line("manifest", manifest);
    Refusals.ofProcess().refused("somebody", "%s (%s)".formatted(why, what));
    return new NotSerializableException(why);
  }
}
