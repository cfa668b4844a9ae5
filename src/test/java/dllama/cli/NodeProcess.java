package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.Conformance;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// A node as a user starts it: the jar in a process of its own. Everything it says is kept.
final class NodeProcess implements AutoCloseable {
  private static final String JAR = System.getProperty("jar.under.test", "target/dllama-akka.jar");
  private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

  /// How long a cluster may take to form, and a root to do its work: a loaded machine is slow.
  static final Duration FORM = Duration.ofSeconds(120);

  /// For tests of what is computed, not of who is lost: eight processes on two cores keep each
  /// other silent for longer than the 2 s that a real node has.
  static final String PATIENCE = "-Ddllama.sync.timeout=30s";

  /// For nodes that only have to be there: eight JVMs that compile vector code, and all else as
  /// well as they can, take minutes on two cores.
  private static final List<String> LIGHT =
      List.of("-Ddllama.vector-kernels=off", "-XX:TieredStopAtLevel=1");

  private final Process process;
  private final List<String> out = new CopyOnWriteArrayList<>();
  private final List<String> err = new CopyOnWriteArrayList<>();
  private final List<Thread> readers = new ArrayList<>();

  static NodeProcess worker(int rootPort, String... options) {
    return worker(List.of(), rootPort, options);
  }

  /// A worker that computes with plain loops.
  static NodeProcess lightWorker(int rootPort, String... options) {
    return worker(LIGHT, rootPort, options);
  }

  private static NodeProcess worker(List<String> jvm, int rootPort, String... options) {
    List<String> all =
        new ArrayList<>(
            List.of("--role", "worker", "--seed-node", "127.0.0.1:" + rootPort, "--threads", "1"));
    all.addAll(List.of(options));
    return new NodeProcess(List.of(), jvm, all);
  }

  /// Several workers, one after the other: JVMs that start all at once starve each other. They
  /// compute with plain loops; a root with vectors then also tells whether both give the same bits.
  static List<NodeProcess> workers(int rootPort, int count, String... options) {
    List<NodeProcess> workers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      workers.add(lightWorker(rootPort, options));
      workers.getLast().awaitError("looking for a root", 1, FORM);
    }
    return workers;
  }

  /// Options of a greedy `inference` with the model of a recorded case, whose result is JSON.
  static String[] inference(String modelCase, String prompt, int steps) {
    return inference(
        Conformance.file(modelCase, "model.m"),
        Conformance.file(modelCase, "tokenizer.t"),
        prompt,
        steps);
  }

  /// The same with any model, and more options.
  static String[] inference(
      Path model, Path tokenizer, String prompt, int steps, String... options) {
    List<String> all =
        new ArrayList<>(
            List.of("inference", "--model", model.toString(), "--tokenizer", tokenizer.toString()));
    all.addAll(List.of("--temperature", "0", "--output", "json", "--prompt", prompt));
    all.addAll(List.of("--steps", String.valueOf(steps), PATIENCE));
    all.addAll(List.of(options));
    return all.toArray(String[]::new);
  }

  static NodeProcess root(int port, int nodes, String... options) {
    return root(List.of(), port, nodes, options);
  }

  /// A root that computes with plain loops, like its workers.
  static NodeProcess lightRoot(int port, int nodes, String... options) {
    return root(LIGHT, port, nodes, options);
  }

  static NodeProcess root(List<String> jvm, int port, int nodes, String... options) {
    List<String> all = new ArrayList<>(List.of("--role", "root", options[0]));
    all.addAll(List.of("--host", "127.0.0.1", "--port", String.valueOf(port)));
    all.addAll(List.of("--nodes", String.valueOf(nodes), "--threads", "1"));
    all.addAll(List.of(options).subList(1, options.length));
    return new NodeProcess(List.of(), jvm, all);
  }

  /// The jar, started by `prefix`: a command that runs another one, such as `ip netns exec NAME`.
  NodeProcess(List<String> prefix, List<String> arguments) {
    this(prefix, List.of(), arguments);
  }

  private NodeProcess(List<String> prefix, List<String> jvm, List<String> arguments) {
    this(builder(prefix, java(jvm), arguments));
  }

  private static List<String> java(List<String> options) {
    List<String> all = new ArrayList<>(List.of(JAVA.toString()));
    all.add("-Ddllama.exchange.spin=0s"); // they share two cores
    all.add("-Ddllama.nodes-timeout=" + FORM.toSeconds() + "s");
    all.add("-Ddllama.weights.cache-limit=off"); // every test loads anew
    all.add("-Ddllama.weights.warm-up=off"); // many nodes, few cores
    all.add("-Ddllama.sync.rehearsal=0s");
    all.addAll(options);
    all.addAll(List.of("-jar", JAR));
    return all;
  }

  /// Any command, such as a script that starts the jar.
  static NodeProcess command(List<String> program, List<String> arguments, List<String> more) {
    return new NodeProcess(builder(program, arguments, more));
  }

  private static ProcessBuilder builder(List<String> first, List<String> next, List<String> last) {
    return new ProcessBuilder(Stream.of(first, next, last).flatMap(List::stream).toList());
  }

  private NodeProcess(ProcessBuilder builder) {
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    read(process.getInputStream(), out);
    read(process.getErrorStream(), err);
  }

  private void read(InputStream stream, List<String> lines) {
    var reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
    Thread thread =
        new Thread(
            () -> {
              try {
                reader.lines().forEach(lines::add);
              } catch (UncheckedIOException e) {
                lines.add("(cut off: %s)".formatted(e.getMessage())); // it was killed
              }
            });
    thread.setDaemon(true);
    thread.start();
    readers.add(thread);
  }

  void type(String line) {
    try {
      process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void signal(String name) {
    try {
      new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /// What its memory is of, as Linux tells.
  Path maps() {
    return Path.of("/proc/%d/maps".formatted(process.pid()));
  }

  ProcessHandle handle() {
    return process.toHandle();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  List<String> out() {
    return out;
  }

  List<String> err() {
    return err;
  }

  /// Waits for a line on standard error that contains `part`, `times` times in all.
  void awaitError(String part, int times, Duration limit) {
    await(limit, node -> node.err.stream().filter(line -> line.contains(part)).count() >= times);
  }

  void await(Duration limit, Predicate<NodeProcess> condition) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!condition.test(this)) {
      assertTrue(System.nanoTime() < deadline, () -> "after " + limit + ": " + this);
      sleep(10);
    }
  }

  /// Waits for the end; the exit code.
  int exit(Duration limit) {
    try {
      assertTrue(process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS), this::toString);
      for (Thread reader : readers) {
        reader.join(5000);
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  static void sleep(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    signal("CONT"); // may have been stopped
    process.destroyForcibly();
  }

  @Override
  public String toString() {
    return "pid %d alive=%s out=%s err=%s".formatted(process.pid(), isAlive(), out, err);
  }
}
