package dllama.cli;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * {@code --get-jdk}: gets a JDK into the user's cache folder, where {@link JdkSearch} and the
 * scripts find it. For machines that have the jar and an older Java; {@code scripts/get-jdk} does
 * the same without any, by the same rules and names. Compiled for Java 11.
 */
final class GetJdk {
  static final String OPTION = "--get-jdk";

  /** An archive, and what comes out of it. */
  private static final double ROOM = 3.5;

  private static final double MB = 1e6;

  private final Path folder;
  private final JdkSource source;
  private final boolean terminal;
  private long lastShown = System.nanoTime();

  private GetJdk(Map<String, String> environment, boolean terminal) throws IOException {
    this.terminal = terminal;
    folder = folder(environment);
    source = JdkSource.of(environment);
  }

  /** Where JDKs are kept, each in a folder of its own. */
  static Path folder(Map<String, String> environment) {
    return ClassArchive.folder(
            environment, System.getProperty("user.home"), System.getProperty("os.name"))
        .resolve("jdk");
  }

  /** The command. Returns the exit code. */
  static int run() throws InterruptedException {
    Optional<Jdk> there = JdkInstall.cached(folder(System.getenv()));
    if (there.isPresent()) {
      System.err.println(
          "There is already one: " + there.get().version + " in " + there.get().home);
      return 0;
    }
    try {
      Jdk jdk = new GetJdk(System.getenv(), terminal().isPresent()).get();
      System.err.println("There is a JDK now: " + jdk.version + " in " + jdk.home);
      return 0;
    } catch (IOException e) {
      System.err.println(e.getMessage());
      return 2;
    }
  }

  /** Asks on a terminal whether to get one; says elsewhere how, in one line, and ends. */
  static Jdk offer(JdkSearch search) throws InterruptedException {
    Path folder = folder(System.getenv());
    Optional<Console> terminal = search.looksInCache() ? terminal() : Optional.empty();
    if (terminal.isEmpty()) {
      System.err.println(search.nothingFound());
      System.exit(2);
    }
    String answer =
        terminal
            .get()
            .readLine(
                "%s%nGet one now, about 140 MB, into %s? [Y/n] ", search.nothingFound(), folder);
    if (answer == null || answer.trim().toLowerCase(Locale.ROOT).startsWith("n") || run() != 0) {
      System.exit(2);
    }
    return search.best().orElseThrow();
  }

  private static Optional<Console> terminal() {
    return Optional.ofNullable(System.console()).filter(GetJdk::isTerminal);
  }

  /** From Java 22 on there is a console without a terminal, too. */
  private static boolean isTerminal(Console console) {
    try {
      return Runtime.version().feature() < 22
          || (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException e) {
      return false;
    }
  }

  private Jdk get() throws IOException, InterruptedException {
    JdkInstall install = new JdkInstall(source, folder);
    String size = source.bytes == 0 ? "" : " (" + Math.round(source.bytes / MB) + " MB, once)";
    System.err.println(
        "Getting " + source.name + size + " from " + source.place + " into " + folder);
    if (source.isFile() && !Files.isReadable(source.file())) {
      throw new IOException("DLLAMA_JDK_URL names " + source.place + ", which can not be read");
    }
    JdkDownload download = new JdkDownload(source, folder, this::show);
    Optional<Jdk> others = source.isFile() ? Optional.empty() : waitForOthers(download);
    if (others.isPresent()) {
      return others.get();
    }
    try {
      Jdk jdk = install.from(source.isFile() ? source.file() : download(download));
      download.remove();
      return jdk;
    } catch (IOException e) {
      IOException problem = JdkDownload.noRoom(folder) ? noRoom() : e;
      if (!(problem instanceof JdkDownload.Unfinished)) {
        download.remove();
      }
      throw problem;
    }
  }

  /** What they have installed then, if they did. */
  private Optional<Jdk> waitForOthers(JdkDownload download)
      throws IOException, InterruptedException {
    if (download.othersAreBusy()) {
      System.err.println("Another process is getting it already; waiting for that");
    }
    while (download.othersAreBusy()) {
      Thread.sleep(200);
    }
    return JdkInstall.cached(folder);
  }

  private Path download(JdkDownload download) throws IOException, InterruptedException {
    if (folder.toFile().getUsableSpace() < source.bytes * ROOM) {
      throw noRoom();
    }
    Path part = download.get();
    if (terminal) {
      System.err.print("\r");
    }
    // Others see by this that we are still at it.
    Files.setLastModifiedTime(part, FileTime.fromMillis(System.currentTimeMillis()));
    return part;
  }

  private IOException noRoom() throws IOException {
    long left = Math.round(folder.toFile().getUsableSpace() / MB);
    String need =
        source.bytes == 0
            ? ""
            : ", and about " + Math.round(source.bytes * ROOM / MB) + " MB are needed";
    return new IOException(
        "no room for a JDK: "
            + folder
            + " has "
            + left
            + " MB left"
            + need
            + "; make room, or name another cache folder in XDG_CACHE_HOME");
  }

  /** On a terminal five times a second, in a log four times a minute. */
  private void show(long bytes) {
    long now = System.nanoTime();
    if (now - lastShown < (terminal ? 200_000_000L : 15_000_000_000L)) {
      return;
    }
    lastShown = now;
    String of = source.bytes == 0 ? "" : " of " + Math.round(source.bytes / MB);
    String text = Math.round(bytes / MB) + of + " MB ";
    if (terminal) {
      System.err.print("\r" + text);
    } else {
      System.err.println(text);
    }
  }
}
