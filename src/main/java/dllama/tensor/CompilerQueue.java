package dllama.tensor;

import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.ObjectName;

/// What the JVM's compilers have still to do.
final class CompilerQueue {
  private static final String PACKAGE = CompilerQueue.class.getPackageName() + ".";

  private CompilerQueue() {}

  /// Whether a method of this package is being compiled, or waits for it; false where the JVM does
  /// not say.
  static boolean hasKernels() {
    try {
      Object printed =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  "compilerQueue",
                  new Object[0],
                  new String[0]);
      return String.valueOf(printed).contains(PACKAGE);
    } catch (JMException e) {
      return false;
    }
  }
}
