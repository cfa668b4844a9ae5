package dllama.cluster.membership;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Tells at once when a peer's process has ended: a connection to its port on which nothing is ever
/// said, and which its operating system closes with it. A frozen machine or a pulled cable closes
/// nothing; those are found by their silence.
///
/// A peer may hang up on who says nothing, so its end is believed only if nobody listens at its
/// port any more.
final class Lifeline implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration RETRY = Duration.ofMillis(250);

  private final InetSocketAddress peer;
  private final Runnable onEnd;
  private @Nullable Socket socket;
  private boolean closed;

  private Lifeline(InetSocketAddress peer, Runnable onEnd) {
    this.peer = peer;
    this.onEnd = onEnd;
  }

  /// Holds one until it is closed.
  ///
  /// @param onEnd called once, on a thread of its own, when the peer has ended
  static Lifeline to(InetSocketAddress peer, Runnable onEnd) {
    Lifeline line = new Lifeline(peer, onEnd);
    Thread.ofVirtual().name("lifeline").start(line::hold);
    return line;
  }

  private void hold() {
    boolean stood = false;
    while (true) {
      Socket next = begin();
      if (next == null) {
        return;
      }
      try (next) {
        next.connect(peer, (int) CONNECT.toMillis());
        if (stood) {
          pause(); // it hung up, and would do so again
        }
        stood = true;
        awaitEnd(next);
        continue;
      } catch (ConnectException refused) {
        if (stood) {
          ended();
          return;
        }
      } catch (IOException unknown) {
        // no answer: whether it is alive is for others to find out
      }
      pause();
    }
  }

  private static void awaitEnd(Socket line) {
    try {
      while (line.getInputStream().read() >= 0) {}
    } catch (IOException reset) {
      // an end, too
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(RETRY.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized @Nullable Socket begin() {
    socket = closed ? null : new Socket();
    return socket;
  }

  private synchronized void ended() {
    if (!closed) {
      closed = true;
      onEnd.run();
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (socket != null) {
      try {
        socket.close();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }
}
