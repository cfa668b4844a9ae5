package dllama.cli;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.module.ModuleFinder;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Entry point of the jar: starts {@code dllama.cli.Main} on a new enough Java with the flags of
 * {@code /dllama/jvm.options}, which {@code java -jar} can not give.
 *
 * <p>Compiled for Java 11, because it has to run on whatever {@code java} the machine has; the rest
 * of the program is known to it by name only. On Java 25 it replaces itself (see {@code Exec}), so
 * that there is one process with one id. Elsewhere it starts a child, passes signals and the exit
 * code on, and the child ends itself when its launcher is gone, even by {@code kill -9}.
 */
public final class Launcher {
  private static final int NEEDED = 25;
  private static final String VECTOR = "jdk.incubator.vector";

  /** From which Java takes options by itself. */
  private static final List<String> ENVIRONMENT =
      List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

  /**
   * What any new enough Java answers at once, without the flags: to start a second one would take
   * longer than the answer.
   */
  private static final List<String> ASKING = List.of("--help", "-h", "--version", "-V");

  /** Flags of a Java that only answers such a question. */
  private static final List<String> QUICK = List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

  /** Tells the serving process that it is one: the id of the launcher's process. */
  private static final String PARENT = "launcher.pid";

  private static final String HUSHED = "launcher.hushed";

  /**
   * Where the serving process finds its standard error, which it starts without: Java writes a
   * warning about incubator modules there that can not be switched off.
   */
  private static final int SAVED_ERROR = 9;

  private static final Path SHELL = Path.of("/bin/sh");
  private static final boolean WINDOWS = System.getProperty("os.name").startsWith("Windows");

  private Launcher() {}

  public static void main(String[] args) throws Throwable {
    String parent = System.getProperty(PARENT);
    if (parent != null && ModuleLayer.boot().findModule(VECTOR).isPresent()) {
      watch(Long.parseLong(parent));
      if (System.getProperty(HUSHED) != null) {
        call("dllama.cli.Posix", "restoreError", int.class, SAVED_ERROR);
      }
      call("dllama.cli.Main", "main", String[].class, args);
      return;
    }
    if (Runtime.version().feature() >= NEEDED && onlyAsks(args)) {
      call("dllama.cli.Main", "main", String[].class, args);
      return;
    }
    Search search = new Search(System.getenv());
    Optional<Jdk> jdk = search.best();
    if (jdk.isEmpty()) {
      System.err.println(search.nothingFound());
      System.exit(2);
    }
    List<String> command = command(jdk.get(), args);
    command = onlyAsks(args) ? command : hushed(command);
    if (!WINDOWS && Runtime.version().feature() >= NEEDED) {
      replace(command);
    }
    System.exit(serve(command));
  }

  /** For help and version, also of a command, alone. */
  private static boolean onlyAsks(String[] args) {
    boolean afterCommand = args.length == 2 && !args[0].startsWith("-");
    return (args.length == 1 || afterCommand) && ASKING.contains(args[args.length - 1]);
  }

  private static void call(String type, String method, Class<?> parameter, Object argument)
      throws Throwable {
    try {
      Class.forName(type).getDeclaredMethod(method, parameter).invoke(null, argument);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static List<String> command(Jdk jdk, String[] args) throws IOException {
    List<String> given = givenOptions();
    boolean collectorGiven = given.stream().anyMatch(o -> o.matches("-XX:\\+Use\\w+GC"));
    List<String> command = new ArrayList<>();
    command.add(jdk.java().toString());
    for (String flag : onlyAsks(args) ? QUICK : flags()) {
      if (!(collectorGiven && flag.matches("-XX:\\+Use\\w+GC"))) {
        command.add(flag);
      }
    }
    command.addAll(given);
    command.add("-D" + PARENT + "=" + ProcessHandle.current().pid());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Launcher.class.getName());
    command.addAll(Arrays.asList(args));
    return command;
  }

  private static List<String> flags() throws IOException {
    try (InputStream in = Launcher.class.getResourceAsStream("/dllama/jvm.options");
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return lines.lines().filter(line -> !line.isBlank()).collect(Collectors.toList());
    }
  }

  /** What the user gave this JVM, without what the next one reads from the environment itself. */
  private static List<String> givenOptions() {
    List<String> given = new ArrayList<>(ManagementFactory.getRuntimeMXBean().getInputArguments());
    for (String variable : ENVIRONMENT) {
      String value = System.getenv(variable);
      if (value != null) {
        given.removeAll(Arrays.asList(value.trim().split("\\s+")));
      }
    }
    return given;
  }

  /**
   * Without standard error until {@code main}. Not where the user gave options to Java itself,
   * which may have something to say about them.
   */
  private static List<String> hushed(List<String> command) {
    boolean ownOptions =
        givenOptions().stream().anyMatch(option -> !option.startsWith("-D"))
            || ENVIRONMENT.stream().anyMatch(System.getenv()::containsKey);
    if (ownOptions || !Files.isExecutable(SHELL)) {
      return command;
    }
    String script = "exec \"$@\" " + SAVED_ERROR + ">&2 2>/dev/null";
    List<String> hushed = new ArrayList<>(List.of(SHELL.toString(), "-c", script, "sh"));
    hushed.addAll(command);
    hushed.add(5, "-D" + HUSHED + "=true");
    return hushed;
  }

  /** Becomes the command; returns only where the system refuses, and a child will have to do. */
  private static void replace(List<String> command) throws Throwable {
    System.out.flush();
    System.err.flush();
    try {
      call("dllama.cli.Posix", "replace", List.class, command);
    } catch (IOException e) {
      return;
    }
  }

  /** Runs the command as a child and returns its exit code. */
  private static int serve(List<String> command)
      throws IOException, InterruptedException, ReflectiveOperationException {
    Process child = new ProcessBuilder(command).inheritIO().start();
    for (String signal : List.of("INT", "TERM", "HUP")) {
      passOn(signal, child);
    }
    return child.waitFor();
  }

  /**
   * Ctrl-C reaches the child twice then, from the terminal and from here, which does no harm; a
   * {@code kill -INT} of the launcher alone would not reach it otherwise. By reflection, because
   * javac warns of the class in a way that can not be suppressed.
   */
  private static void passOn(String name, Process child) throws ReflectiveOperationException {
    Class<?> signal = Class.forName("sun.misc.Signal");
    Class<?> handler = Class.forName("sun.misc.SignalHandler");
    Object handling =
        Proxy.newProxyInstance(
            Launcher.class.getClassLoader(),
            new Class<?>[] {handler},
            (proxy, method, arguments) -> {
              if (method.getName().equals("handle")) {
                send(name, child);
              }
              return null;
            });
    try {
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance(name), handling);
    } catch (InvocationTargetException e) {
      if (!(e.getCause() instanceof IllegalArgumentException)) {
        throw e;
      } // this platform has no such signal, or nohup has it ignored
    }
  }

  private static void send(String signal, Process child) throws IOException {
    if (signal.equals("TERM")) {
      child.destroy();
    } else if (!WINDOWS) {
      String command = "kill -" + signal + " " + child.pid();
      new ProcessBuilder("/bin/sh", "-c", command).inheritIO().start();
    }
  }

  /**
   * Ends this process soon after its launcher: asks the system who the parent is, which also sees a
   * launcher that is dead but not yet waited for. {@code ProcessHandle.onExit} would look only
   * every 5 s.
   */
  private static void watch(long launcher) {
    if (ProcessHandle.current().pid() == launcher) {
      return;
    }
    Thread watcher =
        new Thread(
            () -> {
              try {
                while (isParent(launcher)) {
                  Thread.sleep(100);
                }
                Thread exit = new Thread(() -> System.exit(143), "exit");
                exit.start(); // gives the terminal back
                exit.join(400);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              Runtime.getRuntime().halt(143);
            },
            "launcher-watch");
    watcher.setDaemon(true);
    watcher.start();
  }

  private static boolean isParent(long launcher) {
    return ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(0L) == launcher;
  }

  /** An installed Java, as its {@code release} file describes it. */
  static final class Jdk {
    final Path home;
    final String version;
    final boolean vector;

    private Jdk(Path home, String version, boolean vector) {
      this.home = home;
      this.version = version;
      this.vector = vector;
    }

    static Optional<Jdk> at(Path home) {
      Map<String, String> release = new LinkedHashMap<>();
      try {
        for (String line : Files.readAllLines(home.resolve("release"))) {
          int equals = line.indexOf('=');
          if (equals > 0) {
            release.put(line.substring(0, equals), line.substring(equals + 1).replace("\"", ""));
          }
        }
      } catch (IOException e) {
        return Optional.empty(); // no Java here
      }
      String modules = release.getOrDefault("MODULES", VECTOR);
      Jdk jdk = new Jdk(home, release.getOrDefault("JAVA_VERSION", ""), modules.contains(VECTOR));
      return Files.isExecutable(jdk.java()) ? Optional.of(jdk) : Optional.empty();
    }

    Path java() {
      return home.resolve("bin").resolve(WINDOWS ? "java.exe" : "java");
    }

    int feature() {
      String digits = version.replaceFirst("^1\\.", "").replaceFirst("\\D.*", "");
      return digits.isEmpty() ? 0 : Integer.parseInt(digits);
    }

    boolean usable() {
      return feature() >= NEEDED && vector;
    }

    /** Releases with long support first, since it is those that the program is tested on. */
    boolean longSupport() {
      return (feature() - NEEDED) % 4 == 0;
    }
  }

  /** Looks for installed Javas: those that are named first, then the usual folders. */
  static final class Search {
    private final Map<String, String> environment;
    private final List<Jdk> found = new ArrayList<>();

    Search(Map<String, String> environment) {
      this.environment = environment;
    }

    Optional<Jdk> best() {
      if (environment.containsKey("DLLAMA_JAVA_HOME")) {
        return look(List.of(Path.of(environment.get("DLLAMA_JAVA_HOME"))));
      }
      Path own = Path.of(System.getProperty("java.home"));
      if (Runtime.version().feature() >= NEEDED
          && ModuleFinder.ofSystem().find(VECTOR).isPresent()) {
        return Optional.of(new Jdk(own, Runtime.version().toString(), true));
      }
      Optional<Jdk> named = look(named(own));
      return named.isPresent() ? named : look(usual());
    }

    /** The first usable one of equal rank in the order of {@code homes}. */
    private Optional<Jdk> look(List<Path> homes) {
      List<Jdk> jdks =
          homes.stream()
              .flatMap(home -> Jdk.at(home).stream())
              .collect(Collectors.toCollection(ArrayList::new));
      found.addAll(jdks);
      jdks.removeIf(jdk -> !jdk.usable());
      jdks.sort(Comparator.comparing(Jdk::longSupport).thenComparing(Jdk::feature).reversed());
      return jdks.stream().findFirst();
    }

    private List<Path> named(Path own) {
      List<Path> homes = new ArrayList<>(List.of(own));
      String javaHome = environment.getOrDefault("JAVA_HOME", "");
      if (!javaHome.isEmpty()) {
        homes.add(Path.of(javaHome));
      }
      for (String folder : environment.getOrDefault("PATH", "").split(File.pathSeparator)) {
        try {
          Path java = Path.of(folder, WINDOWS ? "java.exe" : "java").toRealPath();
          homes.add(java.resolve("../..").normalize());
        } catch (IOException | InvalidPathException e) {
          continue; // no java in this folder
        }
      }
      return homes;
    }

    /** {@code DLLAMA_JAVA_FOLDERS} stands in for the usual folders where it is set. */
    private List<Path> usual() {
      String home = System.getProperty("user.home");
      String folders =
          String.join(
              File.pathSeparator,
              "/usr/lib/jvm",
              "/opt/java",
              "/Library/Java/JavaVirtualMachines",
              home + "/.sdkman/candidates/java",
              home + "/.jdks",
              home + "/Library/Java/JavaVirtualMachines",
              "C:\\Program Files\\Java",
              "C:\\Program Files\\Eclipse Adoptium");
      if (!WINDOWS) {
        folders = folders.substring(0, folders.indexOf(File.pathSeparator + "C:"));
      }
      List<Path> homes = new ArrayList<>();
      for (String folder :
          environment.getOrDefault("DLLAMA_JAVA_FOLDERS", folders).split(File.pathSeparator)) {
        for (Path entry : entries(folder)) {
          homes.add(entry);
          homes.add(entry.resolve("Contents/Home"));
        }
      }
      return homes;
    }

    private static List<Path> entries(String folder) {
      List<Path> entries = new ArrayList<>();
      try (DirectoryStream<Path> stream = Files.newDirectoryStream(Path.of(folder))) {
        stream.forEach(entries::add);
      } catch (IOException | InvalidPathException e) {
        return entries; // not on this machine
      }
      Collections.sort(entries);
      return entries;
    }

    String nothingFound() {
      String javas =
          found.stream()
              .map(
                  jdk -> jdk.version + " in " + jdk.home + (jdk.vector ? "" : " without " + VECTOR))
              .distinct()
              .collect(Collectors.joining(", "));
      return "dllama-akka needs a JDK "
          + NEEDED
          + " or newer, but found "
          + (javas.isEmpty() ? "none" : "only " + javas)
          + ": install one from https://adoptium.net, or name its folder in DLLAMA_JAVA_HOME";
    }
  }
}
