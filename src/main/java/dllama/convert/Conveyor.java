package dllama.convert;

import dllama.convert.Output.Bytes;
import dllama.convert.Output.Part;
import dllama.convert.Output.Rounded;
import dllama.files.PartFile;
import dllama.format.file.Progress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Rounds pieces on all cores and writes them in the order of the file. Each thread has a piece at
/// work and one that waits to be written, so memory does not depend on the size of the model.
final class Conveyor implements AutoCloseable {
  /// Beyond that the disk is what everybody waits for.
  private static final int MOST_THREADS = 32;

  private record Rounding(Piece piece, Future<ByteBuffer> bytes) {}

  private final PartFile file;
  private final long total;
  private final Progress progress;
  private final int threads = Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
  private final ExecutorService pool = Executors.newFixedThreadPool(threads, Conveyor::daemon);
  private final ThreadLocal<float[]> values = ThreadLocal.withInitial(() -> new float[0]);
  private final Deque<Rounding> underWay = new ArrayDeque<>();
  private final Deque<ByteBuffer> free = new ArrayDeque<>();

  /// Up to here the file is written.
  private long written;

  Conveyor(PartFile file, long total, Progress progress) {
    this.file = file;
    this.total = total;
    this.progress = progress;
    this.written = file.begun();
  }

  /// Writes what is not written yet.
  void write(Output output) throws InterruptedException {
    long at = 0;
    for (Part part : output.parts()) {
      long end = at + part.bytes();
      switch (part) {
        case Part _ when end <= file.begun() -> {}
        case Bytes bytes -> {
          drain(0);
          append(bytes.content().duplicate(), at);
        }
        case Rounded tensor -> {
          for (Piece piece : Piece.of(tensor, at)) {
            if (piece.begin() + piece.bytes() > file.begun()) {
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
    underWay.add(new Rounding(piece, pool.submit(() -> round(piece, to))));
  }

  private ByteBuffer round(Piece piece, ByteBuffer to) {
    if (values.get().length < piece.values()) {
      values.set(new float[piece.values()]);
    }
    piece.round(to.clear(), values.get());
    return to.limit(piece.bytes());
  }

  /// Writes the first ones until so many are under way.
  private void drain(int most) throws InterruptedException {
    while (underWay.size() > most) {
      Rounding next = underWay.remove();
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
    file.write(bytes);
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "convert");
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
