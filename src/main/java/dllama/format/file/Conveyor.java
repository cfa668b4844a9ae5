package dllama.format.file;

import dllama.format.file.Output.Bytes;
import dllama.format.file.Output.Part;
import dllama.format.file.Output.Rows;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/// Makes pieces on all cores and writes them in the order of the file. Each thread has a piece at
/// work and one that waits to be written, so memory does not depend on the size of the model.
public final class Conveyor implements AutoCloseable {
  /// Beyond that the disk is what everybody waits for.
  private static final int MOST_THREADS = 32;

  private record Making(Piece piece, Future<ByteBuffer> bytes) {}

  private final Consumer<ByteBuffer> file;
  private final long begun;
  private final long total;
  private final Progress progress;
  private final int threads = Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
  private final ExecutorService pool = Executors.newFixedThreadPool(threads, Conveyor::daemon);
  private final Deque<Making> underWay = new ArrayDeque<>();
  private final Deque<ByteBuffer> free = new ArrayDeque<>();

  /// Up to here the file is written.
  private long written;

  /// @param file is given all bytes, one after the other, on the thread that calls [#write]
  /// @param begun bytes that are there already
  /// @param total bytes that the file will have
  public Conveyor(Consumer<ByteBuffer> file, long begun, long total, Progress progress) {
    this.file = file;
    this.begun = begun;
    this.total = total;
    this.progress = progress;
    this.written = begun;
  }

  /// Writes what is not written yet.
  public void write(Output output) throws InterruptedException {
    long at = 0;
    for (Part part : output.parts()) {
      long end = at + part.bytes();
      switch (part) {
        case Part _ when end <= begun -> {}
        case Bytes bytes -> {
          drain(0);
          append(bytes.content().duplicate(), at);
        }
        case Rows rows -> {
          for (Piece piece : Piece.of(rows, at)) {
            if (piece.begin() + piece.bytes() > begun) {
              begin(piece);
            }
          }
        }
      }
      at = end;
    }
    drain(0);
  }

  private void begin(Piece piece) throws InterruptedException {
    drain(2 * threads - 1);
    ByteBuffer buffer = free.isEmpty() ? ByteBuffer.allocateDirect(piece.bytes()) : free.pop();
    ByteBuffer to =
        buffer.capacity() >= piece.bytes() ? buffer : ByteBuffer.allocateDirect(piece.bytes());
    to.clear().limit(piece.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    underWay.add(new Making(piece, pool.submit(() -> filled(piece, to))));
  }

  private static ByteBuffer filled(Piece piece, ByteBuffer to) {
    piece.fill(to);
    if (to.hasRemaining()) {
      throw new IllegalStateException("%s lacks %d bytes".formatted(piece, to.remaining()));
    }
    return to.flip();
  }

  /// Writes the first ones until so many are under way.
  private void drain(int most) throws InterruptedException {
    while (underWay.size() > most) {
      Making next = underWay.remove();
      try {
        ByteBuffer bytes = next.bytes.get();
        append(bytes, next.piece.begin());
        progress.written(written, total);
        free.push(bytes);
      } catch (ExecutionException e) {
        throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
      }
    }
  }

  /// Appends bytes that belong to a place; of the first ones some may be there already.
  private void append(ByteBuffer bytes, long at) {
    bytes.position(Math.clamp(written - at, 0, bytes.limit()));
    written += bytes.remaining();
    file.accept(bytes);
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "model-writer");
    thread.setDaemon(true);
    return thread;
  }

  /// Ends the threads, so that what they read may be closed.
  @Override
  public void close() {
    pool.shutdownNow();
    pool.close();
  }
}
