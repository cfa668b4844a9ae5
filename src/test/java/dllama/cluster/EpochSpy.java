package dllama.cluster;

import akka.actor.ActorRef;
import akka.actor.ExtendedActorSystem;
import akka.remote.artery.RemoteInstrument;
import dllama.cluster.wire.TensorFrame;
import dllama.cluster.wire.TrafficInstrument;
import java.nio.ByteBuffer;
import java.util.Properties;

/// Tells tests the epoch that is told to nobody: that of the latest frame that a node of this JVM
/// has sent.
public final class EpochSpy extends RemoteInstrument {
  private static volatile long latest;

  public EpochSpy(ExtendedActorSystem system) {}

  static long epoch() {
    return latest;
  }

  /// For nodes that are to be spied on.
  static Properties properties() {
    Properties properties = new Properties();
    String key = "akka.remote.artery.advanced.instruments.";
    properties.setProperty(key + "0", TrafficInstrument.class.getName());
    properties.setProperty(key + "1", EpochSpy.class.getName());
    return properties;
  }

  @Override
  public byte identifier() {
    return 18;
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
      latest = frame.epoch();
    }
  }

  @Override
  public void remoteMessageReceived(
      ActorRef recipient, Object message, ActorRef sender, int size, long time) {}
}
