import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A node: a process that may be started many times. Its lines go to the story.
final class Member {
  final String name;
  private final List<String> command;
  private final Map<String, String> environment;
  private final Story story;
  private Process process;
  private volatile long startedAt;

  Member(String name, List<String> command, Map<String, String> environment, Story story) {
    this.name = name;
    this.command = command;
    this.environment = environment;
    this.story = story;
  }

  synchronized void start() {
    try {
      var builder = new ProcessBuilder(command).redirectErrorStream(true);
      builder.environment().putAll(environment);
      startedAt = story.now();
      process = builder.start();
      process.getOutputStream().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Process started = process;
    Thread.ofPlatform().daemon().start(() -> read(started));
  }

  private void read(Process of) {
    try (var in =
        new BufferedReader(new InputStreamReader(of.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (!line.isBlank()) {
          story.tell(name, line.strip());
        }
      }
    } catch (IOException e) {
      // it has ended
    }
    story.tell(name, "(its output has ended)");
  }

  /// When it was started last, by the story's clock.
  long startedAt() {
    return startedAt;
  }

  synchronized long pid() {
    return process.pid();
  }

  synchronized boolean isAlive() {
    return process != null && process.isAlive();
  }

  /// Sends a signal, such as `STOP`.
  void signal(String signal) {
    Ground.run("kill", "-" + signal, String.valueOf(pid()));
  }

  /// Ends it as a power cut would.
  void kill() throws InterruptedException {
    Process running;
    synchronized (this) {
      running = process;
    }
    running.destroyForcibly();
    running.waitFor();
  }

  /// Asks it to end.
  ///
  /// @return its exit code; −1 if it did not end in time
  int end(int seconds) throws InterruptedException {
    signal("CONT");
    process.destroy();
    if (process.waitFor(seconds, TimeUnit.SECONDS)) {
      return process.exitValue();
    }
    kill();
    return -1;
  }

  /// What it holds: threads, descriptors, resident and swapped memory in MiB.
  record Holdings(long threads, long descriptors, long resident) {
    @Override
    public String toString() {
      return "%d threads, %d descriptors, %d MiB".formatted(threads, descriptors, resident);
    }
  }

  /// Without the garbage that it has not looked for yet.
  Holdings holdings() throws IOException, InterruptedException {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    new ProcessBuilder(jcmd, String.valueOf(pid()), "GC.run")
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor(30, TimeUnit.SECONDS);
    Path folder = Path.of("/proc", String.valueOf(pid()));
    List<String> status = new ArrayList<>(Files.readAllLines(folder.resolve("status")));
    try (Stream<Path> open = Files.list(folder.resolve("fd"))) {
      return new Holdings(
          figure(status, "Threads:"), open.count(), figure(status, "VmRSS:") / 1024);
    }
  }

  private static long figure(List<String> status, String name) {
    return status.stream()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D+", "")))
        .findFirst()
        .orElse(0);
  }
}
