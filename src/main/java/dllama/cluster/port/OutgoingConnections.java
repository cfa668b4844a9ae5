package dllama.cluster.port;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Connections that this process has opened to nodes. Nothing comes back over them, so when this
/// node has said its last word on one, there is nobody to wait for. Akka waits all the same for the
/// peer to close its side, which one whose cable was pulled does not: the actor system, and with it
/// a worker that looks for its next root, would not end before TCP gives up, after a quarter of an
/// hour.
final class OutgoingConnections {
  private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();

  void opened(SocketChannel channel) {
    open.add(channel);
  }

  /// Has the reader of each that this node has finished with see the end of the stream.
  void sweep() {
    open.removeIf(channel -> !channel.isOpen() || isLetGo(channel));
  }

  private static boolean isLetGo(SocketChannel channel) {
    if (!channel.socket().isOutputShutdown()) {
      return false;
    }
    try {
      channel.shutdownInput();
    } catch (IOException e) {
      // not connected any more: the reader sees that, too
    }
    return true;
  }
}
