package dllama.cluster;

import akka.actor.ActorRef;
import akka.actor.ExtendedActorSystem;
import akka.remote.artery.RemoteInstrument;
import dllama.cluster.wire.TensorFrame;
import dllama.cluster.wire.TrafficInstrument;
import java.nio.ByteBuffer;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Names of the threads that Artery brings tensor frames on, in all nodes of this JVM that have it;
/// created by Akka.
public final class ThreadSpy extends RemoteInstrument {
  private static final Set<String> THREADS = ConcurrentHashMap.newKeySet();

  /// Called by Akka.
  public ThreadSpy(ExtendedActorSystem system) {}

  static Set<String> threads() {
    return THREADS;
  }

  /// For nodes that are to be spied on.
  static Properties properties() {
    Properties properties = new Properties();
    String key = "akka.remote.artery.advanced.instruments.";
    properties.setProperty(key + "0", TrafficInstrument.class.getName());
    properties.setProperty(key + "1", ThreadSpy.class.getName());
    return properties;
  }

  @Override
  public byte identifier() {
    return 19;
  }

  @Override
  public void remoteWriteMetadata(
      ActorRef recipient, Object message, ActorRef sender, ByteBuffer buffer) {}

  @Override
  public void remoteReadMetadata(
      ActorRef recipient, Object message, ActorRef sender, ByteBuffer buffer) {}

  @Override
  public void remoteMessageSent(
      ActorRef recipient, Object message, ActorRef sender, int size, long time) {}

  @Override
  public void remoteMessageReceived(
      ActorRef recipient, Object message, ActorRef sender, int size, long time) {
    if (message instanceof TensorFrame) {
      THREADS.add(Thread.currentThread().getName());
    }
  }
}
