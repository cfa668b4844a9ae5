package dllama.cluster.wire;

import akka.actor.AbstractExtensionId;
import akka.actor.ClassicActorSystemProvider;
import akka.actor.ExtendedActorSystem;
import akka.actor.Extension;
import java.util.concurrent.atomic.AtomicLong;

/// Bytes of tensor frames that this node has sent and received, with Artery's headers.
public final class Traffic implements Extension {
  private static final Id ID = new Id();

  /// By the kind of epoch: what is rehearsed is nobody's traffic.
  private final AtomicLong[] sent = {new AtomicLong(), new AtomicLong()};

  private final AtomicLong[] received = {new AtomicLong(), new AtomicLong()};

  void sent(TensorFrame frame, int bytes) {
    sent[Assignment.kind(frame.epoch())].addAndGet(bytes);
  }

  void received(TensorFrame frame, int bytes) {
    received[Assignment.kind(frame.epoch())].addAndGet(bytes);
  }

  /// Bytes of frames of worlds that were sent.
  public long sentBytes() {
    return sent[0].get();
  }

  /// Bytes of frames of worlds that arrived.
  public long receivedBytes() {
    return received[0].get();
  }

  /// That of an actor system.
  public static Traffic of(ClassicActorSystemProvider system) {
    return ID.get(system);
  }

  private static final class Id extends AbstractExtensionId<Traffic> {
    @Override
    public Traffic createExtension(ExtendedActorSystem system) {
      return new Traffic();
    }
  }
}
