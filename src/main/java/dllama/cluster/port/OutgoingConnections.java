package dllama.cluster.port;

import java.io.IOException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Connections that nodes of this process have opened to others, by the node's exchange.
///
/// Nothing comes back over them, and Akka, as its streams end, may wait for the peer to close its
/// side all the same: one whose cable was pulled never does, and with TLS nobody does. Then the
/// actor system would not end, nor a worker look for its next root. While the system goes on, the
/// connections to those that are gone end by [KeepAlive].
final class OutgoingConnections {
  private final Map<SocketChannel, Object> owners = new ConcurrentHashMap<>();

  void opened(SocketChannel channel, Object owner) {
    owners.keySet().removeIf(other -> !other.isOpen());
    owners.put(channel, owner);
    KeepAlive.begin(channel);
  }

  /// Has the reader of each connection of `owner` see the end of the stream.
  void hangUp(Object owner) {
    owners.forEach(
        (channel, its) -> {
          if (its.equals(owner)) {
            end(channel);
          }
        });
  }

  private static void end(SocketChannel channel) {
    try {
      channel.shutdownInput();
    } catch (IOException | NotYetConnectedException e) {
      // closed or not connected: whoever reads or connects sees that, too
    }
  }
}
