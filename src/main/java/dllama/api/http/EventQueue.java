package dllama.api.http;

import akka.util.ByteString;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/// Events on their way from the thread that makes them to the connection that sends them. Neither
/// waits for the other: what the connection has not taken is kept, up to a limit, past which the
/// caller counts as gone; and all that is there is taken in one piece. Any thread.
final class EventQueue {
  private final int most;
  private ByteArrayOutputStream kept = new ByteArrayOutputStream();
  private @Nullable Runnable waiting;
  private boolean ended;
  private boolean gone;

  /// @param most bytes that are kept
  EventQueue(int most) {
    this.most = most;
  }

  /// Adds an event, in pieces.
  ///
  /// @return false if nobody will read it
  boolean offer(byte[]... event) {
    Runnable woken;
    synchronized (this) {
      if (gone || ended) {
        return false;
      }
      for (byte[] piece : event) {
        kept.writeBytes(piece);
      }
      gone = kept.size() > most;
      woken = wake();
    }
    woken.run();
    return !isGone();
  }

  /// Nothing more comes.
  void end() {
    Runnable woken;
    synchronized (this) {
      ended = true;
      woken = wake();
    }
    woken.run();
  }

  private synchronized Runnable wake() {
    Runnable woken = waiting == null ? () -> {} : waiting;
    waiting = null;
    return woken;
  }

  /// All that is there; nothing if that is nothing.
  ///
  /// @param news runs once, when there is something again, or the end
  synchronized ByteString take(Runnable news) {
    if (kept.size() == 0) {
      waiting = news;
      return ByteString.emptyByteString();
    }
    ByteString taken = ByteString.fromArrayUnsafe(kept.toByteArray());
    kept = new ByteArrayOutputStream(256); // not as large as it once had to be
    return taken;
  }

  /// Whether there is nothing, and nothing comes.
  synchronized boolean isDone() {
    return ended && kept.size() == 0;
  }

  /// Whether the caller has gone, or has not read for too long.
  synchronized boolean isGone() {
    return gone;
  }

  /// The caller has gone.
  synchronized void leave() {
    gone = true;
    kept = new ByteArrayOutputStream();
  }
}
