package dllama.cluster.wire;

import akka.actor.ActorRef;
import akka.actor.ExtendedActorSystem;
import akka.remote.artery.RemoteInstrument;
import java.nio.ByteBuffer;

/// Counts frames where Artery has their exact size; named in `akka.remote.artery.advanced.
/// instruments`, created by Akka.
public final class TrafficInstrument extends RemoteInstrument {
  /// Artery's length field before each frame.
  private static final int LENGTH_BYTES = 4;

  private final Traffic traffic;

  public TrafficInstrument(ExtendedActorSystem system) {
    traffic = Traffic.of(system);
  }

  @Override
  public byte identifier() {
    return 17;
  }

  @Override
  public void remoteWriteMetadata(
      ActorRef recipient, Object message, ActorRef sender, ByteBuffer buffer) {}

  @Override
  public void remoteReadMetadata(
      ActorRef recipient, Object message, ActorRef sender, ByteBuffer buffer) {}

  @Override
  public void remoteMessageSent(
      ActorRef recipient, Object message, ActorRef sender, int size, long time) {
    if (message instanceof TensorFrame frame) {
      traffic.sent(frame, size + LENGTH_BYTES);
    }
  }

  @Override
  public void remoteMessageReceived(
      ActorRef recipient, Object message, ActorRef sender, int size, long time) {
    if (message instanceof TensorFrame frame) {
      traffic.received(frame, size + LENGTH_BYTES);
    }
  }
}
