package dllama.cluster.membership;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LifelineTest {
  private static final long LONG = 20;

  private final CountDownLatch told = new CountDownLatch(1);

  @Test
  void shouldTellThatAPeerHasEnded() throws Exception {
    ServerSocket peer = listen(0);
    try (var _ = Lifeline.to(address(peer), told::countDown)) {
      Socket end = peer.accept();
      peer.close();
      assertFalse(told.await(100, TimeUnit.MILLISECONDS), "the connection stands");
      end.close();
      assertTrue(told.await(LONG, TimeUnit.SECONDS));
    }
  }

  @Test
  void shouldNotTakeAPeerForEndedThatHangsUpOnSilence() throws Exception {
    try (ServerSocket peer = listen(0);
        var _ = Lifeline.to(address(peer), told::countDown)) {
      for (int i = 0; i < 3; i++) {
        peer.accept().close();
      }
      peer.accept();
      assertFalse(told.await(100, TimeUnit.MILLISECONDS));
    }
    assertFalse(told.await(500, TimeUnit.MILLISECONDS), "closed lines tell nothing");
  }

  @Test
  void shouldNotTellOfAPeerThatWasNeverReached() throws Exception {
    ServerSocket peer = listen(0);
    InetSocketAddress address = address(peer);
    peer.close();
    try (var _ = Lifeline.to(address, told::countDown)) {
      assertFalse(told.await(600, TimeUnit.MILLISECONDS));
      try (ServerSocket later = listen(address.getPort())) {
        later.accept().close();
      }
      assertTrue(told.await(LONG, TimeUnit.SECONDS));
    }
  }

  @Test
  void shouldFindWhoeverBeginsToListen() throws Exception {
    ServerSocket peer = listen(0);
    InetSocketAddress address = address(peer);
    peer.close();
    try (var _ = SeedSearch.start(List.of(address), told::countDown)) {
      assertFalse(told.await(300, TimeUnit.MILLISECONDS));
      try (ServerSocket _ = listen(address.getPort())) {
        assertTrue(told.await(LONG, TimeUnit.SECONDS));
      }
    }
  }

  private static ServerSocket listen(int port) throws IOException {
    return new ServerSocket(port, 10, InetAddress.getLoopbackAddress());
  }

  private static InetSocketAddress address(ServerSocket peer) {
    return (InetSocketAddress) peer.getLocalSocketAddress();
  }
}
