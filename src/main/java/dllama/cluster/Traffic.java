package dllama.cluster;

import akka.actor.AbstractExtensionId;
import akka.actor.ClassicActorSystemProvider;
import akka.actor.ExtendedActorSystem;
import akka.actor.Extension;
import java.util.concurrent.atomic.AtomicLong;

/// Bytes of tensor frames that this node has sent and received, with Artery's headers.
final class Traffic implements Extension {
  private static final Id ID = new Id();

  final AtomicLong sentBytes = new AtomicLong();
  final AtomicLong receivedBytes = new AtomicLong();

  static Traffic of(ClassicActorSystemProvider system) {
    return ID.get(system);
  }

  private static final class Id extends AbstractExtensionId<Traffic> {
    @Override
    public Traffic createExtension(ExtendedActorSystem system) {
      return new Traffic();
    }
  }
}
