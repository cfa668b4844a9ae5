package dllama.cluster;

import akka.actor.ExtendedActorSystem;
import akka.serialization.SerializerWithStringManifest;
import akka.serialization.jackson.JacksonCborSerializer;
import dllama.cluster.port.Refusals;
import dllama.cluster.port.Serializers;
import java.io.NotSerializableException;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Control messages to bytes and back: Akka's Jackson CBOR, behind a list of what may come.
/// Whatever makes no sense is refused here, with a line, and reaches no actor.
///
/// Created by Akka.
public final class ControlSerializer extends SerializerWithStringManifest {
  private static final Set<String> ALLOWED =
      Stream.of(ControlMessage.class.getPermittedSubclasses())
          .map(Class::getName)
          .collect(Collectors.toUnmodifiableSet());

  /// What the first byte of a map in CBOR has in its upper three bits. Akka's serializer would also
  /// unpack GZIP and LZ4, whatever that becomes.
  private static final int CBOR_MAP = 5;

  private final JacksonCborSerializer cbor;

  public ControlSerializer(ExtendedActorSystem system) {
    cbor = new JacksonCborSerializer(system, "jackson-cbor");
  }

  @Override
  public int identifier() {
    return Serializers.CONTROL;
  }

  @Override
  public String manifest(Object message) {
    return message.getClass().getName();
  }

  @Override
  public byte[] toBinary(Object message) {
    return cbor.toBinary(message);
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    if (!ALLOWED.contains(manifest)) {
      throw refused("sent a message that no node sends", manifest);
    }
    if (bytes.length == 0 || (bytes[0] & 0xff) >> 5 != CBOR_MAP) {
      throw refused("sent bytes that are no message", manifest);
    }
    try {
      return cbor.fromBinary(bytes, manifest);
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
