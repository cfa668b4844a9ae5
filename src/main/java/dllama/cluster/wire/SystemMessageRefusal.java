package dllama.cluster.wire;

import akka.actor.ExtendedActorSystem;
import akka.serialization.SerializerWithStringManifest;
import dllama.cluster.port.Refusals;
import java.io.NotSerializableException;

/// In the place of Akka's serializer of system messages, which supervise, watch and stop actors:
/// nodes of this program send none to each other, so those that arrive are a stranger's.
///
/// Created by Akka.
public final class SystemMessageRefusal extends SerializerWithStringManifest {
  /// Akka's number for them.
  private static final int IDENTIFIER = 22;

  public SystemMessageRefusal(ExtendedActorSystem system) {}

  @Override
  public int identifier() {
    return IDENTIFIER;
  }

  @Override
  public String manifest(Object message) {
    return "";
  }

  @Override
  public byte[] toBinary(Object message) {
    throw new IllegalArgumentException("no node sends a " + message.getClass());
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    Refusals.ofProcess().refused("somebody", "sent an order that stops actors");
    throw new NotSerializableException("system messages");
  }
}
