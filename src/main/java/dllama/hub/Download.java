package dllama.hub;

import dllama.error.UserException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/// One file here, made of one or more there: chunks on several connections at once, and a journal
/// of those that are on the disk. What was there before this process is not fetched again.
final class Download {
  private static final int LOOK_MILLIS = 100;

  private final Web web;
  private final Means means;
  private final Retry retry;
  private final LongAdder arrived;
  private final Queue<Chunk> waiting = new ConcurrentLinkedQueue<>();
  private final Set<Chunk> running = ConcurrentHashMap.newKeySet();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();

  /// @param arrived is told bytes as they come, and what was there before
  Download(Web web, Means means, LongAdder arrived) {
    this.web = web;
    this.means = means;
    this.arrived = arrived;
    retry = new Retry(means.patience());
  }

  /// What the file is, for its journal.
  private static String identity(List<Source> sources, long chunkBytes) {
    return sources.stream()
        .map(source -> source.identity() + ":" + source.size())
        .collect(Collectors.joining(" ", "chunks of " + chunkBytes + " ", ""));
  }

  /// Fetches what is missing of a file.
  ///
  /// @param part what is being written
  /// @param tick is called while it goes on
  /// @throws UserException if it can not be had; what has arrived stays
  void run(Path part, Path journalPath, List<Source> sources, Runnable tick)
      throws InterruptedException {
    if (!Files.exists(part)) {
      delete(journalPath);
    }
    try (Journal journal = Journal.open(journalPath, identity(sources, means.chunkBytes()));
        FileChannel file =
            FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      long length = divide(sources, journal);
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < Math.min(means.connections(), waiting.size()); i++) {
        threads.add(
            Thread.ofPlatform().daemon().name("fetch-" + i).start(() -> work(file, journal)));
      }
      watch(threads, tick);
      file.truncate(length);
      file.force(true);
    } catch (IOException e) {
      throw unwritable(part, e);
    }
  }

  private static void delete(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw unwritable(path, e);
    }
  }

  static UserException unwritable(Path path, IOException e) {
    return new UserException(
        "%s can not be written (%s); check folder, permissions and disk"
            .formatted(path, UserException.reason(e)),
        e);
  }

  /// Queues what is not there yet. Returns how long the file will be.
  private long divide(List<Source> sources, Journal journal) {
    long offset = 0;
    for (Source source : sources) {
      long step = source.ranges() ? means.chunkBytes() : Math.max(source.size(), 1);
      for (long from = 0; from < source.size(); from += step) {
        Chunk chunk = new Chunk(source, offset, from, Math.min(from + step, source.size()));
        if (journal.has(chunk.begin(), chunk.end())) {
          arrived.add(chunk.bytes());
        } else {
          waiting.add(chunk);
        }
      }
      offset += source.size();
    }
    return offset;
  }

  /// Until all threads are done; rethrows what the first of them failed with.
  private void watch(List<Thread> threads, Runnable tick) throws InterruptedException {
    try {
      for (Thread thread : threads) {
        while (!thread.join(Duration.ofMillis(LOOK_MILLIS))) {
          running.forEach(chunk -> chunk.cutIfSilent(means.patience().silence().toNanos()));
          if (failure.get() != null) {
            running.forEach(Chunk::cut);
            thread.interrupt(); // may be waiting for an answer, or pause
          }
          tick.run();
        }
      }
    } finally {
      failure.compareAndSet(null, new InterruptedException());
      running.forEach(Chunk::cut);
    }
    Throwable failed = failure.get();
    if (failed instanceof RuntimeException e) {
      throw e;
    }
    if (failed instanceof Error e) {
      throw e;
    }
    tick.run();
  }

  private void work(FileChannel file, Journal journal) {
    try {
      Chunk chunk = waiting.poll();
      while (chunk != null && failure.get() == null) {
        running.add(chunk);
        complete(chunk, file, journal);
        running.remove(chunk);
        chunk = waiting.poll();
      }
    } catch (InterruptedException _) {
      // another one has failed
    } catch (Throwable e) {
      failure.compareAndSet(null, e);
    }
  }

  private void complete(Chunk chunk, FileChannel file, Journal journal)
      throws InterruptedException {
    int failures = 0;
    while (!chunk.complete() && failure.get() == null) {
      try {
        chunk.fetch(web, file, arrived);
        failures = 0;
      } catch (IOException e) {
        failures++;
        retry.pause(e, failures);
      }
    }
    if (chunk.complete()) {
      try {
        file.force(false);
        journal.add(chunk.begin(), chunk.end());
      } catch (IOException e) {
        throw new UserException(
            "the model can not be written (%s); check the disk".formatted(UserException.reason(e)),
            e);
      }
    }
  }
}
