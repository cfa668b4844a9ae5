package dllama.cli;

import java.io.Console;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;

/// The system calls that the launcher and the terminal need and Java does not have. [Launcher]
/// calls them by name, since it is compiled for an older Java.
final class Posix {
  private static final int STDERR = 2;
  private static final String OS = System.getProperty("os.name");
  private static final int PR_SET_PDEATHSIG = 1;

  /// The request `TIOCGWINSZ` of `ioctl(2)`, as systems number it.
  private static final long WINDOW_SIZE = OS.equals("Linux") ? 0x5413 : 0x40087468;

  private Posix() {}

  /// `execv(2)`: replaces this process by `command`, whose first element is a path. The new
  /// program has the same id, terminal and parent.
  ///
  /// @throws IOException if the system refuses; this process then goes on
  static void replace(List<String> command) throws Throwable {
    MethodHandle execv = function("execv", ValueLayout.ADDRESS, ValueLayout.ADDRESS);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment argv = arena.allocate(ValueLayout.ADDRESS, command.size() + 1);
      for (int i = 0; i < command.size(); i++) {
        argv.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(command.get(i)));
      }
      int result = (int) execv.invokeExact(arena.allocateFrom(command.getFirst()), argv);
      throw new IOException("execv of " + command.getFirst() + " returned " + result);
    }
  }

  /// Has the kernel send this process `signal` when the thread that started it ends, or its whole
  /// process: `prctl(PR_SET_PDEATHSIG, signal)`, which only Linux has. What has ended before does
  /// not count.
  ///
  /// @throws IOException if the system refuses
  static void endWithParent(int signal) throws Throwable {
    MethodHandle prctl = function("prctl", ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG);
    int result = (int) prctl.invokeExact(PR_SET_PDEATHSIG, (long) signal);
    if (result != 0) {
      throw new IOException("prctl returned " + result);
    }
  }

  /// Makes `saved` the standard error again, see `Launcher.hushed`.
  ///
  /// @throws IOException if there is no such file descriptor
  static void restoreError(int saved) throws Throwable {
    MethodHandle dup2 = function("dup2", ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    int result = (int) dup2.invokeExact(saved, STDERR);
    if (result != STDERR) {
      throw new IOException("dup2 of " + saved + " returned " + result);
    }
    int closed = (int) function("close", ValueLayout.JAVA_INT).invokeExact(saved);
    assert closed == 0 : closed;
  }

  /// Whether standard input (0), output (1) or error (2) is a terminal.
  static boolean isTerminal(int descriptor) {
    try {
      MethodHandle isatty = function("isatty", ValueLayout.JAVA_INT);
      return (int) isatty.invokeExact(descriptor) == 1;
    } catch (NoSuchElementException e) {
      return Optional.ofNullable(System.console())
          .map(Console::isTerminal)
          .orElse(false); // Windows
    } catch (Throwable e) {
      throw new IllegalStateException("descriptor=" + descriptor, e);
    }
  }

  /// Columns of the terminal that a descriptor is; 0 if it is none, or does not tell.
  static int columns(int descriptor) {
    if (!isTerminal(descriptor) || OS.startsWith("Windows")) {
      return 0;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(4 * Short.BYTES); // rows, columns, pixels
      MethodHandle ioctl =
          function(
              "ioctl",
              List.of(Linker.Option.firstVariadicArg(2)),
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.ADDRESS);
      int result = (int) ioctl.invokeExact(descriptor, WINDOW_SIZE, size);
      return result == 0 ? size.get(ValueLayout.JAVA_SHORT, Short.BYTES) : 0;
    } catch (Throwable e) {
      throw new IllegalStateException("descriptor=" + descriptor, e);
    }
  }

  private static MethodHandle function(String name, MemoryLayout... parameters) {
    return function(name, List.of(), parameters);
  }

  @SuppressWarnings("restricted") // jvm.options and the manifest allow native access
  private static MethodHandle function(
      String name, List<Linker.Option> options, MemoryLayout... parameters) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name),
        FunctionDescriptor.of(ValueLayout.JAVA_INT, parameters),
        options.toArray(Linker.Option[]::new));
  }
}
