package dllama.cli;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Entry point of the jar: starts {@code dllama.cli.Main} on a new enough Java with the flags of
 * {@code /dllama/jvm.options}, which {@code java -jar} can not give.
 *
 * <p>Compiled for Java 11, with {@link Jdk}, {@link JdkSearch}, {@link GetJdk} and its helpers,
 * {@link JvmOptions} and {@link ClassArchive}, because it has to run on whatever {@code java} the
 * machine has; the rest of the program is known to it by name only. On Java 25 it replaces itself
 * (see {@code Exec}), so that there is one process with one id. Elsewhere it starts a child, passes
 * signals and the exit code on, and the child ends with its launcher, even by {@code kill -9}.
 */
public final class Launcher {
  static final int NEEDED = 25;
  static final String VECTOR = "jdk.incubator.vector";

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

  /**
   * Before a command: names of files, the environment and the terminal are UTF-8, whatever the
   * locale.
   */
  private static final List<String> IN_UTF8 = List.of("/usr/bin/env", "LC_ALL=C.UTF-8");

  private static final int SIGKILL = 9;

  private static final Path SHELL = Path.of("/bin/sh");
  static final boolean WINDOWS = System.getProperty("os.name").startsWith("Windows");

  private Launcher() {}

  public static void main(String[] given) throws Throwable {
    String[] args = arguments(given);
    boolean asks = onlyAsks(args);
    String parent = System.getProperty(PARENT);
    if (parent != null && ModuleLayer.boot().findModule(VECTOR).isPresent()) {
      watch(Long.parseLong(parent));
      if (System.getProperty(HUSHED) != null) {
        call("dllama.cli.Posix", "restoreError", int.class, SAVED_ERROR);
      }
      call("dllama.cli.Main", "main", String[].class, args);
      return;
    }
    if (Arrays.asList(args).equals(List.of(GetJdk.OPTION))) {
      System.exit(GetJdk.run());
    }
    if (asks && Runtime.version().feature() >= NEEDED) {
      call("dllama.cli.Main", "main", String[].class, args);
      return;
    }
    JdkSearch search = new JdkSearch(System.getenv());
    Optional<Jdk> jdk = search.best();
    if (jdk.isEmpty()) {
      jdk = Optional.of(GetJdk.offer(search));
    }
    List<String> options = givenOptions();
    List<String> flags = new ArrayList<>(asks ? QUICK : JvmOptions.all());
    if (!asks) {
      flags.addAll(new ClassArchive(jdk.get(), classPath(), System.getenv()).flags(options));
    }
    List<String> command = command(jdk.get(), flags, options, args);
    if (!asks) {
      command = hushed(command, options);
    }
    if (!WINDOWS && Runtime.version().feature() >= NEEDED) {
      replace(command);
    }
    System.exit(serve(RawArguments.forChild(command, command.indexOf(parent()), args)));
  }

  private static String[] arguments(String[] given) throws IOException {
    try {
      return System.getProperty(PARENT) == null
          ? RawArguments.of(given)
          : RawArguments.inChild(given);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(2);
      throw e;
    }
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

  private static List<String> command(
      Jdk jdk, List<String> flags, List<String> given, String[] args) throws IOException {
    boolean collectorGiven = false;
    for (String option : given) {
      collectorGiven |= JvmOptions.choosesCollector(option);
    }
    List<String> command = new ArrayList<>();
    if (!RawArguments.localeIsUtf8() && Files.isExecutable(Path.of(IN_UTF8.get(0)))) {
      command.addAll(IN_UTF8);
    }
    command.add(jdk.java().toString());
    for (String flag : flags) {
      if (!(collectorGiven && JvmOptions.choosesCollector(flag))) {
        command.add(flag);
      }
    }
    command.addAll(given);
    command.addAll(serving(classPath()));
    command.addAll(Arrays.asList(args));
    return command;
  }

  /** The end of a command that serves for this process, but for the program's arguments. */
  static List<String> serving(String classPath) {
    return List.of(parent(), "-cp", classPath, Launcher.class.getName());
  }

  /** The option that tells who serves for whom, after all other options. */
  private static String parent() {
    return "-D" + PARENT + "=" + ProcessHandle.current().pid();
  }

  /** A jar alone by its whole path: the archive of its classes is bound to that. */
  static String classPath() throws IOException {
    String classPath = RawArguments.classPath(System.getProperty("java.class.path"));
    boolean oneJar = !classPath.contains(File.pathSeparator) && classPath.endsWith(".jar");
    return oneJar ? Path.of(classPath).toAbsolutePath().normalize().toString() : classPath;
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
  private static List<String> hushed(List<String> command, List<String> given) {
    boolean ownOptions = false;
    for (String option : given) {
      ownOptions |= !option.startsWith("-D");
    }
    for (String variable : ENVIRONMENT) {
      ownOptions |= System.getenv(variable) != null;
    }
    if (ownOptions || !Files.isExecutable(SHELL)) {
      return command;
    }
    String script = "exec \"$@\" " + SAVED_ERROR + ">&2 2>/dev/null";
    List<String> hushed = new ArrayList<>(List.of(SHELL.toString(), "-c", script, "sh"));
    hushed.addAll(command);
    hushed.add(hushed.indexOf(parent()), "-D" + HUSHED + "=true");
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
   * Ends this process with its launcher, as if both were one: at once where the system can be asked
   * to ({@code Posix.endWithParent}), so that peers see its connections close. Elsewhere a thread
   * asks who the parent is, which also sees a launcher that is dead but not yet waited for, and one
   * that died before the system was asked. {@code ProcessHandle.onExit} would look only every 5 s.
   */
  private static void watch(long launcher) {
    if (ProcessHandle.current().pid() == launcher) {
      return;
    }
    try {
      call("dllama.cli.Posix", "endWithParent", int.class, SIGKILL);
    } catch (Throwable e) {
      // not this system: looking does it
    }
    Thread watcher =
        new Thread(
            () -> {
              try {
                while (isParent(launcher)) {
                  Thread.sleep(50);
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              Runtime.getRuntime().halt(128 + SIGKILL);
            },
            "launcher-watch");
    watcher.setDaemon(true);
    watcher.start();
  }

  private static boolean isParent(long launcher) {
    return ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(0L) == launcher;
  }
}
