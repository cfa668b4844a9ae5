package dllama.cluster.port;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class OutgoingConnectionsTest {
  private final OutgoingConnections connections = new OutgoingConnections();

  /// The peer does not close its side, as one whose cable was pulled.
  @Test
  void shouldNotWaitForThePeerWhenAllIsSaid() throws IOException {
    try (var peer = ServerSocketChannel.open();
        var channel = SocketChannel.open();
        var selector = Selector.open()) {
      peer.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      channel.connect(peer.getLocalAddress());
      channel.configureBlocking(false);
      channel.register(selector, SelectionKey.OP_READ);
      connections.opened(channel);

      connections.sweep();
      assertEquals(0, selector.selectNow(), "it may go on talking");

      channel.socket().shutdownOutput();
      connections.sweep();
      assertEquals(1, selector.select(Duration.ofSeconds(10).toMillis()));
      assertEquals(-1, channel.read(ByteBuffer.allocate(1)));
    }
  }

  @Test
  void shouldBearConnectionsThatAreNotThereYetOrNoLonger() throws IOException {
    try (var waiting = SocketChannel.open()) {
      connections.opened(waiting);
      var closed = SocketChannel.open();
      connections.opened(closed);
      closed.close();
      connections.sweep();
      assertFalse(waiting.socket().isInputShutdown());
    }
  }
}
