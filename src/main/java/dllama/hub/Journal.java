package dllama.hub;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;

/// Which chunks of a file have arrived, for whoever goes on after this process: a line for what the
/// file is, and one for each chunk that is on the disk. A line that was not finished does not
/// count.
final class Journal implements AutoCloseable {
  private static final int MAX_BYTES = 16 << 20;
  private static final Pattern CHUNK = Pattern.compile("\\d{1,18} \\d{1,18}");

  private final FileChannel channel;
  private final Set<String> done;

  private Journal(FileChannel channel, Set<String> done) {
    this.channel = channel;
    this.done = done;
  }

  /// Opens a journal, and begins it anew where it is that of another file.
  ///
  /// @param what the file is
  static Journal open(Path path, String what) throws IOException {
    String text = Files.exists(path) && Files.size(path) <= MAX_BYTES ? Files.readString(path) : "";
    boolean same = text.startsWith(what + "\n");
    Set<String> done = new HashSet<>();
    if (same) {
      String whole = text.substring(0, text.lastIndexOf('\n') + 1);
      whole.lines().filter(line -> CHUNK.matcher(line).matches()).forEach(done::add);
    }
    FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    channel.truncate(
        same ? text.substring(0, text.lastIndexOf('\n') + 1).getBytes(UTF_8).length : 0);
    channel.position(channel.size());
    Journal journal = new Journal(channel, done);
    if (!same) {
      journal.write(what);
    }
    return journal;
  }

  /// Bytes that a file in the folder of a download stands for: those that its journal says are on
  /// the disk, of a file that is being written, because that has holes.
  static long arrived(Path file) throws IOException {
    String name = file.toString();
    if (name.endsWith(".part")) {
      return 0;
    }
    if (!name.endsWith(".journal")) {
      return Files.size(file);
    }
    try (var lines = Files.lines(file)) {
      return lines
          .filter(line -> CHUNK.matcher(line).matches())
          .map(line -> line.split(" "))
          .mapToLong(ends -> Long.parseLong(ends[1]) - Long.parseLong(ends[0]))
          .sum();
    }
  }

  boolean has(long from, long to) {
    return done.contains(from + " " + to);
  }

  /// Notes what is on the disk.
  synchronized void add(long from, long to) throws IOException {
    write(from + " " + to);
  }

  private void write(String line) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
