package dllama;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/// Ports for nodes of tests.
public final class FreePort {
  private static final int TRIES = 100;

  private FreePort() {}

  /// A port of loopback that nothing listens on, and none of those that systems give to who
  /// connects: a worker that looks for its root would some day have the root's own.
  public static int find() {
    BindException taken = null;
    for (int i = 0; i < TRIES; i++) {
      int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
      try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (BindException e) {
        taken = e;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    throw new UncheckedIOException("no free port in %d tries".formatted(TRIES), taken);
  }
}
