package dllama.api.http;

import java.util.concurrent.CompletableFuture;

/// One connection of a caller: whether it is still there, and since when it has kept us waiting.
/// Any thread.
final class Connection {
  private final String address;
  private final CompletableFuture<Void> gone = new CompletableFuture<>();
  private int underWay;
  private long idleSince = System.nanoTime();

  Connection(String address) {
    this.address = address;
  }

  String address() {
    return address;
  }

  /// Completes when the caller has closed it, or said that it sends nothing more.
  CompletableFuture<Void> gone() {
    return gone;
  }

  synchronized void begin() {
    underWay++;
  }

  synchronized void end() {
    underWay--;
    idleSince = System.nanoTime();
  }

  /// Nanoseconds for which the caller has had nothing to wait for, and has sent no whole request.
  synchronized long idle() {
    return underWay > 0 ? 0 : System.nanoTime() - idleSince;
  }
}
