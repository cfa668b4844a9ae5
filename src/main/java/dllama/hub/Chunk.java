package dllama.hub;

import dllama.error.UserException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// A part of a file on its way. Run by one thread; others may ask how long it has been silent, and
/// cut it.
final class Chunk {
  private static final int BUFFER = 1 << 16;

  private final Source source;
  private final long offset;
  private final long from;
  private final long to;
  private long at;
  private volatile long heard = System.nanoTime();
  private volatile boolean cut;
  private volatile @Nullable InputStream in;

  /// @param offset where the source begins in the file here
  /// @param from first byte, counted in the source
  /// @param to behind the last one
  Chunk(Source source, long offset, long from, long to) {
    this.source = source;
    this.offset = offset;
    this.from = from;
    this.to = to;
    at = from;
  }

  long begin() {
    return offset + from;
  }

  long end() {
    return offset + to;
  }

  long bytes() {
    return to - from;
  }

  /// Fetches what is missing of it, as far as that comes.
  ///
  /// @param arrived is told bytes as they come, and is taken back what has to come again
  /// @throws IOException if too little of it came
  void fetch(Web web, FileChannel file, LongAdder arrived)
      throws IOException, InterruptedException {
    if (!source.ranges()) {
      arrived.add(from - at);
      at = from;
    }
    long began = at;
    heard = System.nanoTime();
    String range = source.ranges() ? "bytes=%d-%d".formatted(at, to - 1) : "";
    try (Web.Reply reply = web.get(source.uri(), range)) {
      source.check(reply, at, to);
      in = reply.body();
      copy(reply.body(), file, arrived);
    } catch (IOException e) {
      if (!source.ranges() || at - began < BUFFER) {
        throw e;
      } // else it goes on from there
    } finally {
      in = null;
    }
  }

  boolean complete() {
    return at == to;
  }

  private void copy(InputStream body, FileChannel file, LongAdder arrived) throws IOException {
    byte[] buffer = new byte[BUFFER];
    while (at < to && !cut) {
      int n = body.read(buffer, 0, (int) Math.min(BUFFER, to - at));
      if (n < 0) {
        throw new Hiccup("%s: the connection was cut".formatted(Web.shown(source.uri())));
      }
      heard = System.nanoTime();
      write(file, ByteBuffer.wrap(buffer, 0, n));
      at += n;
      arrived.add(n);
    }
  }

  private void write(FileChannel file, ByteBuffer bytes) {
    try {
      long position = offset + at;
      while (bytes.hasRemaining()) {
        position += file.write(bytes, position);
      }
    } catch (IOException e) {
      throw new UserException(
          "the model can not be written (%s); what has arrived is kept for the next time"
              .formatted(UserException.reason(e)),
          e);
    }
  }

  /// Cuts a connection on which nothing has come for so long; it is tried again.
  void cutIfSilent(long nanos) {
    if (System.nanoTime() - heard > nanos) {
      closeStream();
    }
  }

  /// Ends it for good.
  void cut() {
    cut = true;
    closeStream();
  }

  private void closeStream() {
    InputStream open = in;
    if (open != null) {
      try {
        open.close();
      } catch (IOException _) {
        // its reader finds out
      }
    }
  }
}
