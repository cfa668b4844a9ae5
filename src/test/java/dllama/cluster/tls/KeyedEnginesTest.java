package dllama.cluster.tls;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.cluster.port.PortGuard;
import dllama.key.ClusterKey;
import dllama.key.KeyFile;
import dllama.key.KeySource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two ends of a connection, with nothing between them but two buffers.
class KeyedEnginesTest {
  private static final ClusterKey KEY = ClusterKey.random();
  private static final ClusterKey OTHER = ClusterKey.random();
  private static final byte[] HELLO = "AKKA\001".getBytes(US_ASCII);

  private final ByteBuffer up = ByteBuffer.allocate(1 << 16);
  private final ByteBuffer down = ByteBuffer.allocate(1 << 16);
  private final ByteBuffer arrived = ByteBuffer.allocate(1 << 16);
  private final Recorder atServer = new Recorder();
  private final Recorder atClient = new Recorder();

  private static final class Recorder implements GuardedEngine.Party {
    final List<String> told = new ArrayList<>();

    @Override
    public void heard(ByteBuffer bytes) {}

    @Override
    public void known() {
      told.add("known");
    }

    @Override
    public void refused(String why) {
      told.add(why);
    }
  }

  private GuardedEngine server(ClusterKey... keys) {
    return new GuardedEngine(
        new Credentials(List.of(keys)).engine(false), PortGuard.frames(), atServer);
  }

  private GuardedEngine client(ClusterKey... keys) {
    return new GuardedEngine(
        new Credentials(List.of(keys)).engine(true), PortGuard.silence(), atClient);
  }

  @Test
  void shouldConnectThoseWhoHaveTheKey() throws SSLException {
    GuardedEngine client = client(KEY);
    GuardedEngine server = server(KEY);
    say(client, server, HELLO);
    assertEquals(List.of("known"), atServer.told);
    assertEquals(List.of("known"), atClient.told);
    assertEquals("TLSv1.3", server.getSession().getProtocol());
    assertEquals("TLS_AES_128_GCM_SHA256", server.getSession().getCipherSuite());
    assertArrayEquals(HELLO, Arrays.copyOf(arrived.array(), arrived.position()));
    assertEquals(client.issuer(), server.issuer());
  }

  @Test
  void shouldConnectWhileTheKeyIsChanged() throws SSLException {
    say(client(KEY, OTHER), server(OTHER, KEY), HELLO);
    assertEquals(List.of("known"), atServer.told);
    say(client(KEY), server(KEY, OTHER), HELLO);
    assertEquals(List.of("known", "known"), atServer.told);
  }

  @Test
  void shouldRefuseAnotherKeyOnBothSides() {
    assertThrows(SSLException.class, () -> say(client(OTHER), server(KEY), HELLO));
    assertEquals(List.of(Objections.OTHER_KEY), atClient.told);
    up.clear();
    down.clear();
    // The client would take either key; the server does not.
    assertThrows(SSLException.class, () -> say(client(OTHER, KEY), server(KEY), HELLO));
    assertEquals(List.of(Objections.NOT_THIS_KEY), atServer.told);
    assertEquals(0, arrived.position());
  }

  @Test
  void shouldRefuseFramesThatNobodySendsFromWhoHasTheKey() {
    byte[] frame =
        ByteBuffer.allocate(100)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put("AKKA\002".getBytes(US_ASCII))
            .putInt(0x7fffffff)
            .array();
    assertThrows(SSLException.class, () -> say(client(KEY), server(KEY), frame));
    assertEquals("known", atServer.told.getFirst());
    assertTrue(atServer.told.getLast().startsWith("announces a frame of 2147483647 bytes"));
  }

  @Test
  void shouldEndAConnectionWhoseKeyIsAcceptedNoMore() throws SSLException {
    GuardedEngine client = client(KEY);
    GuardedEngine server = server(KEY);
    say(client, server, HELLO);
    server.revoke();
    assertThrows(SSLException.class, () -> say(client, server, new byte[10]));
    assertTrue(
        new Credentials(List.of(KEY)).trusts(java.util.Objects.requireNonNull(server.issuer())));
    assertTrue(
        !new Credentials(List.of(OTHER)).trusts(java.util.Objects.requireNonNull(server.issuer())));
  }

  /// However little goes over it meanwhile.
  @Test
  void shouldKeepAConnectionWhileTheNodeComputes(@TempDir Path folder) throws SSLException {
    Path file = folder.resolve("cluster.key");
    KeyFile.write(file, KEY);
    var atWork = new AtomicBoolean(true);
    var engines = new KeyedEngines(KeySource.of(file), atWork::get);
    SSLEngine client = engines.createClientSSLEngine("127.0.0.1", 1);
    SSLEngine server = engines.createServerSSLEngine("127.0.0.1", 1);
    say(client, server, HELLO);
    KeyFile.write(file, OTHER);
    for (int second = 0; second < 60; second++) {
      engines.sweep();
    }
    byte[] lengthOfFrame = {100, 0, 0, 0};
    say(client, server, lengthOfFrame);
    atWork.set(false);
    for (int second = 0; second < 10; second++) {
      engines.sweep();
    }
    assertThrows(SSLException.class, () -> say(client, server, new byte[10]));
  }

  @Test
  void shouldNotTakeWhatWasRecorded() throws SSLException {
    GuardedEngine client = client(KEY);
    ByteBuffer recorded = ByteBuffer.allocate(1 << 16);
    talk(client, server(KEY), HELLO, recorded);
    recorded.flip();
    GuardedEngine again = server(KEY);
    arrived.clear();
    assertThrows(SSLException.class, () -> replay(again, recorded));
    assertNull(again.issuer());
    assertEquals(0, arrived.position());
    assertNotNull(client.issuer());
  }

  private void replay(SSLEngine server, ByteBuffer recorded) throws SSLException {
    while (recorded.hasRemaining()) {
      step(server, recorded, ByteBuffer.allocate(0), down);
      down.clear();
    }
  }

  private void say(SSLEngine client, SSLEngine server, byte[] text) throws SSLException {
    talk(client, server, text, ByteBuffer.allocate(1 << 17));
  }

  private void talk(SSLEngine client, SSLEngine server, byte[] text, ByteBuffer record)
      throws SSLException {
    ByteBuffer words = ByteBuffer.wrap(text);
    for (int i = 0; i < 40; i++) {
      down.flip();
      step(client, down, words, up);
      down.compact();
      up.flip();
      record.put(up.duplicate());
      step(server, up, ByteBuffer.allocate(0), down);
      up.compact();
    }
  }

  /// As Akka does: takes in what has come, does what is to be done, says what there is to say.
  private void step(SSLEngine engine, ByteBuffer in, ByteBuffer words, ByteBuffer out)
      throws SSLException {
    for (int i = 0; i < 10; i++) {
      if (in.hasRemaining()) {
        engine.unwrap(in, arrived);
      }
      while (engine.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
        java.util.Objects.requireNonNull(engine.getDelegatedTask()).run();
      }
      boolean ready = engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING;
      boolean asked = engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP;
      if (asked || (ready && words.hasRemaining())) {
        engine.wrap(words, out);
      }
    }
  }
}
