package dllama.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dllama.error.UserException;
import dllama.settings.Role;
import dllama.settings.Settings;
import dllama.step.ForwardException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/// The program behind [Launcher]: reads arguments and settings, runs what they ask for, and turns
/// every outcome into an exit code.
public final class Main {
  /// Exit codes that scripts rely on.
  static final int DONE = 0;

  static final int BUG = 1;
  static final int USER = 2;
  static final int CLUSTER = 3;

  /// The reader of the output has closed it: what a shell shows for a program that ends by SIGPIPE.
  static final int CLOSED = 141;

  private Main() {}

  public static void main(String[] args) {
    useUtf8();
    System.exit(run(args));
  }

  private static void useUtf8() {
    System.setOut(StandardOutput.open());
    System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.err), true, UTF_8));
  }

  /// Runs a whole command and returns its exit code.
  static int run(String... args) {
    try {
      Optional<Arguments> arguments = Arguments.parse(args);
      return arguments.isEmpty() ? DONE : run(arguments.get());
    } catch (UserException e) {
      return fail(USER, e);
    } catch (ForwardException e) {
      return fail(CLUSTER, e);
    } catch (StandardOutput.Lost e) {
      return e.closedByReader() ? CLOSED : fail(USER, e);
    } catch (Exception e) {
      LoggerFactory.getLogger(Main.class).error("this is a bug, please report it", e);
      return BUG;
    }
  }

  private static int run(Arguments arguments) throws InterruptedException {
    Settings settings =
        FetchedFiles.in(arguments.settings(System.getProperties(), System.getenv()));
    setLogLevels(settings.logLevel().toUpperCase(Locale.ROOT));
    switch (arguments.command().orElse(Command.CHAT)) {
      case PLAN -> Plan.run(settings);
      case SYNTH -> Synth.run(settings);
      case CONVERT -> ConvertCommand.run(settings);
      case TOKENIZE -> Tokenize.run(settings, System.out);
      case INSPECT -> Inspect.run(settings, System.out);
      case FETCH -> FetchCommand.run(settings);
      case MODELS -> ModelsCommand.list(settings);
      case RM -> ModelsCommand.remove(settings);
      case CLUSTER_KEY -> ClusterKeyCommand.run(settings, System.out);
      case CHAT, API, INFERENCE, LOGITS, PERPLEXITY, BENCH ->
          runNode(settings, arguments.command());
    }
    return DONE;
  }

  /// For logback.xml, before the first logger is made.
  private static void setLogLevels(String level) {
    System.setProperty("log-level", level);
    System.setProperty("akka-log-level", level.equals("WARN") ? "ERROR" : level);
    System.setProperty("refusals-log-level", level.equals("WARN") ? "OFF" : level);
  }

  private static void runNode(Settings settings, Optional<Command> mode)
      throws InterruptedException {
    if (settings.role() == Role.ROOT) {
      new RootCommand(settings).run();
    } else if (mode.isPresent()) {
      throw new UserException(
          "a worker has no mode: leave out " + mode.get().word() + ", or use --role root");
    } else {
      WorkerCommand.run(settings);
    }
  }

  private static int fail(int code, RuntimeException e) {
    System.err.println(e.getMessage());
    return code;
  }
}
