package dllama.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Brings an archive into a folder, as {@code ARCHIVE.PROCESS.part}. Goes on where an earlier
 * process ended, {@code scripts/get-jdk} included, and after a cut. Compiled for Java 11.
 */
final class JdkDownload {
  private static final Pattern OWNER = Pattern.compile(".*\\.(\\d+)\\.part");
  private static final int PATIENCE_MILLIS = 30_000;

  /** A process that has written nothing for so long is another one by the same number. */
  private static final long BUSY_MILLIS = 120_000;

  private static final int EMPTY_TRIES = 4;
  private static final int RANGE_REFUSED = 416;

  private final JdkSource source;
  private final Path folder;
  private final LongConsumer progress;
  private final Path part;

  /**
   * @param progress is told the bytes that are there
   */
  JdkDownload(JdkSource source, Path folder, LongConsumer progress) {
    this.source = source;
    this.folder = folder;
    this.progress = progress;
    part = folder.resolve(source.archive + "." + ProcessHandle.current().pid() + ".part");
  }

  /** Whether another process is at work on the same archive. */
  boolean othersAreBusy() throws IOException {
    try (DirectoryStream<Path> parts =
        Files.newDirectoryStream(folder, source.archive + ".*.part")) {
      for (Path other : parts) {
        if (isBusy(other)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isBusy(Path other) throws IOException {
    Matcher matcher = OWNER.matcher(other.toString());
    return matcher.matches()
        && ProcessHandle.of(Long.parseLong(matcher.group(1))).isPresent()
        && Files.getLastModifiedTime(other).toMillis() > System.currentTimeMillis() - BUSY_MILLIS;
  }

  /** What somebody else left behind; whoever renames it first has it. */
  private void adopt() throws IOException {
    try (DirectoryStream<Path> parts =
        Files.newDirectoryStream(folder, source.archive + ".*.part")) {
      for (Path other : parts) {
        Files.move(other, part);
        return;
      }
    }
  }

  /** The whole archive. */
  Path get() throws IOException, InterruptedException {
    adopt();
    int empty = 0;
    boolean restarted = false;
    long had = size();
    while (source.bytes == 0 || size() != source.bytes) {
      try {
        transfer();
        return part;
      } catch (Refused e) {
        if (restarted || size() == 0) {
          throw new Unfinished(source, e);
        }
        Files.delete(part); // it can not go on there
        restarted = true;
      } catch (IOException e) {
        empty = size() > had ? 0 : empty + 1;
        if (size() == 0 || empty > EMPTY_TRIES || noRoom(folder)) {
          throw new Unfinished(source, e);
        }
        Thread.sleep(1000L * empty);
      }
      had = size();
    }
    return part;
  }

  /** Not by way of a {@code FileStore}, which a chroot has none of. */
  static boolean noRoom(Path folder) {
    return folder.toFile().getUsableSpace() < 1 << 20;
  }

  void remove() throws IOException {
    Files.deleteIfExists(part);
  }

  private long size() throws IOException {
    return Files.exists(part) ? Files.size(part) : 0;
  }

  /** What is missing, as far as it comes. */
  private void transfer() throws IOException {
    long had = size();
    HttpURLConnection connection =
        (HttpURLConnection) URI.create(source.place).toURL().openConnection();
    connection.setConnectTimeout(PATIENCE_MILLIS);
    connection.setReadTimeout(PATIENCE_MILLIS);
    if (had > 0) {
      connection.setRequestProperty("Range", "bytes=" + had + "-");
    }
    int status = connection.getResponseCode();
    if (status == RANGE_REFUSED || status >= 400 && status < 500) {
      throw new Refused("the server answered " + status);
    }
    if (status != (had > 0 ? HttpURLConnection.HTTP_PARTIAL : HttpURLConnection.HTTP_OK)) {
      throw new Refused("the server answered " + status + " instead of what is missing");
    }
    long whole = had + connection.getContentLengthLong(); // had - 1 where it does not say
    try (InputStream in = connection.getInputStream();
        OutputStream out =
            Files.newOutputStream(part, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      byte[] buffer = new byte[1 << 16];
      long there = had;
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        out.write(buffer, 0, n);
        there += n;
        progress.accept(there);
      }
      if (there < whole) {
        throw new IOException("the connection was cut");
      }
    }
  }

  /** Says why it ended; what has arrived can be gone on with. */
  static final class Unfinished extends IOException {
    private static final long serialVersionUID = 1;

    Unfinished(JdkSource source, IOException cause) {
      super(source.place + " could not be had: " + cause.getMessage(), cause);
    }
  }

  /** The server says no; to ask again would not help. */
  private static final class Refused extends IOException {
    private static final long serialVersionUID = 1;

    Refused(String message) {
      super(message);
    }
  }
}
