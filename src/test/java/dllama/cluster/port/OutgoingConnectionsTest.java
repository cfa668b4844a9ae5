package dllama.cluster.port;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
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
      connections.opened(channel, "us");

      connections.hangUp("others");
      assertEquals(0, selector.selectNow());

      connections.hangUp("us");
      assertEquals(1, selector.select(Duration.ofSeconds(60).toMillis()));
      assertEquals(-1, channel.read(ByteBuffer.allocate(1)));
    }
  }

  @Test
  void shouldBearConnectionsThatAreNotThereYetOrNoLonger() throws IOException {
    try (var waiting = SocketChannel.open()) {
      connections.opened(waiting, "us");
      assertTrue(waiting.getOption(StandardSocketOptions.SO_KEEPALIVE));
      var closed = SocketChannel.open();
      connections.opened(closed, "us");
      closed.close();
      connections.hangUp("us");
      assertTrue(waiting.isOpen());
    }
  }
}
