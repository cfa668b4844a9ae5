package dllama.cluster.port;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.cluster.port.Gate.Limits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Connections from strangers over real sockets; what Akka would read is read here.
class PortGuardTest {
  private static final int MOST = 1000;
  private static final Limits LIMITS = new Limits(4, 6, 10, 12, Duration.ofMillis(200), 3000);
  private static final byte[] HANDSHAKE = FrameCheckTest.frame(100, Serializers.ARTERY);

  private final AtomicLong time = new AtomicLong();
  private final Refusals refusals = new Refusals(time::get);
  private final List<String> told = new ArrayList<>();
  private final List<Socket> strangers = new ArrayList<>();
  private final List<SocketChannel> accepted = new ArrayList<>();
  private final Gate gate = new Gate(LIMITS, refusals);
  private GuardedServerChannel port;

  @BeforeEach
  void listen() throws IOException {
    refusals.report(told::add);
    var jdk = ServerSocketChannel.open();
    port = new GuardedServerChannel(jdk.provider(), jdk, gate, () -> new FrameCheck(MOST), _ -> {});
    port.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    port.configureBlocking(false);
  }

  @AfterEach
  void close() throws IOException {
    port.close();
    for (Socket socket : strangers) {
      socket.close();
    }
    for (SocketChannel channel : accepted) {
      channel.close();
    }
  }

  @Test
  void shouldHandOnWhatIsInOrder() throws IOException {
    Socket peer = connect();
    SocketChannel channel = accept();
    send(peer, FrameCheckTest.greeting(2), HANDSHAKE);
    ByteBuffer buffer = ByteBuffer.allocateDirect(500).position(7);
    read(channel, buffer, 5 + HANDSHAKE.length);
    assertEquals(7 + 5 + HANDSHAKE.length, buffer.position());
    assertEquals('A', buffer.get(7));
    peer.close();
    assertEquals(-1, await(channel, buffer));
    assertEquals(List.of(), told);
  }

  /// Over a connection that only ever brings something nobody would find out otherwise.
  @Test
  void shouldHaveTheSystemAskWhetherTheOtherEndIsThere() throws IOException {
    connect();
    SocketChannel channel = accept();
    assertTrue(channel.getOption(StandardSocketOptions.SO_KEEPALIVE));
    if (channel.supportedOptions().contains(ExtendedSocketOptions.TCP_KEEPIDLE)) {
      assertEquals(30, channel.getOption(ExtendedSocketOptions.TCP_KEEPIDLE));
    }
  }

  @Test
  void shouldEndAConnectionThatAnnouncesTooMuchAndSayOneLine() throws IOException {
    for (int i = 0; i < 3; i++) {
      Socket peer = connect();
      SocketChannel channel = accept();
      send(peer, FrameCheckTest.greeting(2), FrameCheckTest.int32(0x7fffffff), new byte[1000]);
      ByteBuffer buffer = ByteBuffer.allocateDirect(5000);
      assertEquals(-1, await(channel, buffer));
      assertEquals(0, buffer.position());
      channel.close();
    }
    String line =
        "refused: 127.0.0.1 announces a frame of 2147483647 bytes (28 to 1000 are allowed)";
    assertEquals(List.of(line), told);
    time.addAndGet(Duration.ofMinutes(1).toNanos());
    refusals.refused("10.0.0.1", "does something else");
    assertEquals("refused: 10.0.0.1 does something else", told.getLast());
    refusals.refused("10.0.0.2", "announces a frame of 7 bytes (28 to 1000 are allowed)");
    assertEquals(
        "refused: 10.0.0.2 announces a frame of 7 bytes (28 to 1000 are allowed)"
            + " (and 2 more since the last such line)",
        told.getLast());
    assertEquals(3, told.size());
  }

  @Test
  void shouldHangUpOnForeignProtocolsWithALineForEach() throws IOException {
    for (String text : List.of("GET / HTTP/1.1", "SSH-2.0-OpenSSH", "HEAD / HTTP/1.1")) {
      Socket peer = connect();
      SocketChannel channel = accept();
      send(peer, text.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      assertEquals(-1, await(channel, ByteBuffer.allocate(500)));
    }
    assertEquals(
        List.of(
            "refused: 127.0.0.1 speaks HTTP: this is the port between nodes",
            "refused: 127.0.0.1 speaks another protocol"),
        told);
    assertEquals(3, refusals.count());
  }

  /// What a port scanner does; a worker that looks whether its root listens does the same first.
  @Test
  void shouldTellWhoConnectsAndIsNotKnownSoon() throws IOException, InterruptedException {
    Socket scanner = connect();
    SocketChannel ofScanner = accept();
    scanner.close();
    assertEquals(-1, await(ofScanner, ByteBuffer.allocate(10)));
    ofScanner.close();
    gate.sweep();
    assertEquals(List.of(), told, "it may be a node yet");
    Thread.sleep(LIMITS.patience().toMillis() + 50);
    gate.sweep();
    gate.sweep();
    assertEquals(List.of("refused: 127.0.0.1 connects and does not say who it is"), told);
  }

  @Test
  void shouldNotTellOfSilentConnectionsOfNodes() throws IOException, InterruptedException {
    connect().close();
    SocketChannel ofSearch = accept();
    assertEquals(-1, await(ofSearch, ByteBuffer.allocate(10)));
    ofSearch.close();
    Socket node = connect();
    SocketChannel ofNode = accept();
    Socket line = connect();
    SocketChannel ofLine = accept();
    send(node, FrameCheckTest.greeting(2), HANDSHAKE);
    read(ofNode, ByteBuffer.allocate(500), 5 + HANDSHAKE.length);
    Thread.sleep(LIMITS.patience().toMillis() + 50);
    gate.sweep(); // the line is hung up on, and made anew
    connect();
    SocketChannel next = accept();
    ofLine.close();
    line.close();
    next.close(); // the node ends: its connections, in any order
    ofNode.close();
    Thread.sleep(LIMITS.patience().toMillis() + 50);
    gate.sweep();
    assertEquals(List.of(), told);
  }

  @Test
  void shouldEndTheOldestOfTooManyThatSayNothing() throws IOException {
    Socket node = connect();
    SocketChannel ofNode = accept();
    send(node, FrameCheckTest.greeting(2), HANDSHAKE);
    read(ofNode, ByteBuffer.allocate(500), 5 + HANDSHAKE.length);
    List<SocketChannel> idle = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      connect();
      idle.add(accept());
    }
    for (int i = 0; i < 7; i++) {
      int expected = i < 3 ? -1 : 0;
      assertEquals(expected, idle.get(i).read(ByteBuffer.allocate(10)), "connection " + i);
    }
    assertEquals(List.of("refused: 127.0.0.1 opens connections and says nothing"), told);
    send(node, HANDSHAKE);
    read(ofNode, ByteBuffer.allocate(500), HANDSHAKE.length);
  }

  @Test
  void shouldTakeNoMoreConnectionsThanANodeOpens() throws IOException {
    for (int i = 0; i < 10; i++) {
      Socket peer = connect();
      SocketChannel channel = accept();
      send(peer, FrameCheckTest.greeting(2), HANDSHAKE);
      read(channel, ByteBuffer.allocate(500), 5 + HANDSHAKE.length);
    }
    Socket tooMany = connect();
    assertNull(port.accept());
    assertHungUp(tooMany);
    assertEquals(List.of("refused: 127.0.0.1 opens more connections than a node does"), told);
    accepted.getFirst().close();
    connect();
    assertNotNull(accept());
  }

  @Test
  void shouldEndWhatKeepsItWaitingForTooLong() throws IOException, InterruptedException {
    Socket silent = connect();
    SocketChannel ofSilent = accept();
    Socket half = connect();
    SocketChannel ofHalf = accept();
    send(half, FrameCheckTest.greeting(2), HANDSHAKE, FrameCheckTest.int32(500));
    read(ofHalf, ByteBuffer.allocate(500), 5 + HANDSHAKE.length + 4);
    Socket node = connect();
    SocketChannel ofNode = accept();
    send(node, FrameCheckTest.greeting(2), HANDSHAKE);
    read(ofNode, ByteBuffer.allocate(500), 5 + HANDSHAKE.length);
    gate.sweep();
    assertEquals(0, ofSilent.read(ByteBuffer.allocate(10)));
    Thread.sleep(LIMITS.patience().toMillis() + 50);
    gate.sweep();
    assertEquals(-1, ofSilent.read(ByteBuffer.allocate(10)));
    assertEquals(-1, ofHalf.read(ByteBuffer.allocate(10)));
    assertEquals(0, ofNode.read(ByteBuffer.allocate(10)), "between frames it may be silent");
    ofSilent.close();
    ofHalf.close();
    assertHungUp(silent);
    assertHungUp(half);
  }

  @Test
  void shouldEndTheOneThatWaitsLongestWhenTooMuchIsUnfinished() throws IOException {
    List<SocketChannel> channels = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Socket peer = connect();
      SocketChannel channel = accept();
      channels.add(channel);
      byte[] part = java.util.Arrays.copyOf(FrameCheckTest.frame(MOST, Serializers.ARTERY), 900);
      send(peer, FrameCheckTest.greeting(2), part);
      read(channel, ByteBuffer.allocate(2000), 905);
    }
    assertEquals(-1, channels.get(0).read(ByteBuffer.allocate(10)));
    for (SocketChannel other : channels.subList(1, 4)) {
      assertEquals(0, other.read(ByteBuffer.allocate(10)));
    }
    assertEquals(List.of("refused: 127.0.0.1 fills the memory with frames that do not end"), told);
    channels.get(0).close();
  }

  @Test
  void shouldWakeASelectorAndBeClosedByItsKey() throws IOException {
    Socket peer = connect();
    SocketChannel channel = accept();
    try (Selector jdk = Selector.open()) {
      var key =
          PortGuard.register(channel, (java.nio.channels.spi.AbstractSelector) jdk, 1, "whoever");
      assertEquals(0, jdk.selectNow());
      assertEquals(1, key.interestOps());
      ((GuardedChannel) channel).end();
      assertEquals(1, jdk.select(5000));
      assertEquals("whoever", jdk.selectedKeys().iterator().next().attachment());
      assertEquals(-1, channel.read(ByteBuffer.allocate(10)));
      key.channel().close();
      assertFalse(channel.isOpen());
      jdk.selectNow();
      assertFalse(key.isValid());
    }
    assertHungUp(peer);
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port.socket().getLocalPort());
    socket.setSoTimeout(5000);
    strangers.add(socket);
    return socket;
  }

  private SocketChannel accept() throws IOException {
    SocketChannel channel = port.accept();
    for (int i = 0; channel == null && i < 500; i++) {
      pause();
      channel = port.accept();
    }
    assertNotNull(channel);
    channel.configureBlocking(false);
    accepted.add(channel);
    return channel;
  }

  private static void send(Socket socket, byte[]... parts) throws IOException {
    for (byte[] part : parts) {
      socket.getOutputStream().write(part);
    }
  }

  private static void read(SocketChannel channel, ByteBuffer to, int bytes) throws IOException {
    for (int have = 0; have < bytes; ) {
      int count = await(channel, to);
      assertTrue(count > 0, "ended after " + have);
      have += count;
    }
  }

  private static int await(SocketChannel channel, ByteBuffer to) throws IOException {
    for (int i = 0; i < 500; i++) {
      int count = channel.read(to);
      if (count != 0) {
        return count;
      }
      pause();
    }
    throw new AssertionError("nothing arrives");
  }

  private static void pause() {
    try {
      Thread.sleep(10);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void assertHungUp(Socket socket) throws IOException {
    try {
      assertEquals(-1, socket.getInputStream().read());
    } catch (SocketException e) {
      // reset: as good as closed
    }
  }
}
