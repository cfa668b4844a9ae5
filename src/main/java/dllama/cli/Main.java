package dllama.cli;

import dllama.error.UserException;
import dllama.model.ForwardException;
import dllama.settings.Settings;
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

  private Main() {}

  public static void main(String[] args) {
    System.exit(run(args));
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
    } catch (Exception e) {
      LoggerFactory.getLogger(Main.class).error("this is a bug, please report it", e);
      return BUG;
    }
  }

  private static int run(Arguments arguments) {
    Settings settings = arguments.settings(System.getProperties());
    System.setProperty("log-level", settings.logLevel().toUpperCase(Locale.ROOT));
    return DONE;
  }

  private static int fail(int code, RuntimeException e) {
    System.err.println(e.getMessage());
    return code;
  }
}
