import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;

/// Callers who keep a server waiting: half of them say nothing, the others a byte of their request
/// a second. Whoever is sent away comes again.
final class SlowCallers {
  private static final byte[] BEGINNING =
      "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
          .getBytes(StandardCharsets.US_ASCII);

  private final URI server;
  private final AtomicLong connected = new AtomicLong();

  SlowCallers(String base, int callers) {
    server = URI.create(base);
    for (int i = 0; i < callers; i++) {
      boolean silent = i % 2 == 0;
      Thread.ofVirtual().start(() -> call(silent));
    }
  }

  /// Connections so far.
  long connected() {
    return connected.get();
  }

  private void call(boolean silent) {
    try {
      while (true) {
        try (Socket socket = new Socket(server.getHost(), server.getPort())) {
          connected.incrementAndGet();
          if (silent) {
            while (socket.getInputStream().read() >= 0) {}
          } else {
            socket.getOutputStream().write(BEGINNING);
            while (true) {
              Thread.sleep(1000);
              socket.getOutputStream().write('a');
            }
          }
        } catch (IOException sentAway) {
          Thread.sleep(100);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
