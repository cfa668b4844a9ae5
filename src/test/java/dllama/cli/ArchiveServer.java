package dllama.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Serves one archive on loopback, under whatever name, with the faults that networks have.
final class ArchiveServer implements AutoCloseable {
  private final byte[] archive;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch released = new CountDownLatch(1);

  /// Where each answer began.
  final List<Integer> starts = new CopyOnWriteArrayList<>();

  /// After so many bytes the connection is cut.
  volatile int cutAfter = Integer.MAX_VALUE;

  /// After so many bytes an answer waits for `release`.
  volatile int holdAfter = Integer.MAX_VALUE;

  /// Whether a request for the rest gets it; otherwise it is refused.
  volatile boolean ranges = true;

  ArchiveServer(Path archive) throws IOException {
    this.archive = Files.readAllBytes(archive);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  String url(String name) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/" + name;
  }

  void release() {
    released.countDown();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String range = exchange.getRequestHeaders().getFirst("Range");
      int start = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
      if (exchange.getRequestURI().getPath().endsWith("missing")) {
        exchange.sendResponseHeaders(404, -1);
      } else if (range != null && (!ranges || start >= archive.length)) {
        exchange.sendResponseHeaders(416, -1);
      } else {
        starts.add(start);
        exchange
            .getResponseHeaders()
            .add(
                "Content-Range",
                "bytes %d-%d/%d".formatted(start, archive.length - 1, archive.length));
        exchange.sendResponseHeaders(range == null ? 200 : 206, archive.length - start);
        send(exchange.getResponseBody(), start);
      }
    }
  }

  private void send(OutputStream out, int start) throws IOException {
    int end = (int) Math.min(archive.length, (long) start + cutAfter);
    int hold = (int) Math.min(end, (long) start + holdAfter);
    out.write(archive, start, hold - start);
    out.flush();
    if (hold < end) {
      try {
        released.await();
      } catch (InterruptedException e) {
        return;
      }
    }
    out.write(archive, hold, end - hold);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
