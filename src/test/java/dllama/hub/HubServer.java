package dllama.hub;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// A hub on this machine, with files in repositories and the faults of networks.
public final class HubServer implements AutoCloseable {
  /// Answers in place of the server, for a path.
  public interface Fault {
    /// @return whether it has answered
    boolean answer(HttpExchange exchange, byte[] content) throws IOException;
  }

  private record Entry(String path, String type, long size, Map<String, String> lfs) {}

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, byte[]> files = new ConcurrentHashMap<>();
  private final Map<String, List<Entry>> trees = new ConcurrentHashMap<>();
  private final Map<String, Fault> faults = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();

  public HubServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  public String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /// Puts a file into a repository. Returns its path on the server.
  public String put(String repository, String path, byte[] content) {
    return put(repository, path, content, sha256(content), content.length);
  }

  String put(String repository, String path, byte[] content, String sha256, long size) {
    trees
        .computeIfAbsent(repository, _ -> new ArrayList<>())
        .add(new Entry(path, "file", size, Map.of("oid", sha256)));
    String at = "/" + repository + "/resolve/main/" + path;
    files.put(at, content);
    return at;
  }

  /// Puts a file at an address of which no list knows.
  String put(String at, byte[] content) {
    files.put(at, content);
    return address() + at;
  }

  public void fault(String at, Fault fault) {
    faults.put(at, fault);
  }

  void heal() {
    faults.clear();
  }

  /// Method, path, range and token of each request so far.
  public List<String> requests() {
    return List.copyOf(requests);
  }

  void forget() {
    requests.clear();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      requests.add(
          "%s %s %s".formatted(path, header(exchange, "Range"), header(exchange, "Authorization")));
      byte[] content = files.get(path);
      Fault fault = faults.get(path);
      if (fault != null && fault.answer(exchange, content == null ? new byte[0] : content)) {
        return;
      }
      if (path.startsWith("/api/models/")) {
        tree(exchange, path);
      } else if (content == null) {
        exchange.sendResponseHeaders(404, -1);
      } else {
        file(exchange, content);
      }
    }
  }

  private void tree(HttpExchange exchange, String path) throws IOException {
    List<Entry> tree = trees.get(path.replaceAll("/api/models/(.*)/tree/main", "$1"));
    if (tree == null) {
      exchange.sendResponseHeaders(404, -1);
    } else {
      whole(exchange, 200, new ObjectMapper().writeValueAsBytes(tree));
    }
  }

  static void whole(HttpExchange exchange, int status, byte[] content) throws IOException {
    exchange.sendResponseHeaders(status, content.length);
    exchange.getResponseBody().write(content);
  }

  /// A range as it was asked for.
  static void file(HttpExchange exchange, byte[] content) throws IOException {
    file(exchange, content, Integer.MAX_VALUE);
  }

  /// A range of which only so many bytes come before the connection ends.
  static void file(HttpExchange exchange, byte[] content, int most) throws IOException {
    String range = header(exchange, "Range");
    int from = 0;
    int to = content.length;
    if (range.startsWith("bytes=")) {
      String[] ends = range.substring("bytes=".length()).split("-");
      from = Integer.parseInt(ends[0]);
      to = Integer.parseInt(ends[1]) + 1;
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes %d-%d/%d".formatted(from, to - 1, content.length));
    }
    exchange.sendResponseHeaders(range.isEmpty() ? 200 : 206, to - from);
    OutputStream out = exchange.getResponseBody();
    out.write(content, from, Math.min(to - from, most));
    out.flush();
  }

  static String header(HttpExchange exchange, String name) {
    String value = exchange.getRequestHeaders().getFirst(name);
    return value == null ? "" : value;
  }

  static void redirect(HttpExchange exchange, String to) throws IOException {
    exchange.getResponseHeaders().set("Location", to);
    exchange.sendResponseHeaders(302, -1);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  public static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
