package dllama.tensor;

import java.lang.foreign.Arena;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/// Kernels that are right, and boxed on purpose: before every product they compute something with
/// [BoxedPrefill].
final class BoxedKernels {
  private static final int TIMES = 50;

  private BoxedKernels() {}

  static Kernels of(Kernels right) {
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (_, method, arguments) -> {
              if (method.getName().equals("matmul")) {
                compute();
              }
              try {
                return method.invoke(right, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static final long MEMORY = Arena.global().allocate(1 << 16, 64).address();
  private static final int[] OFFSETS = new int[Activations.BUNDLE];
  private static final short[] SUMS = new short[2 * Activations.BUNDLE * Vectors.L];

  private static void compute() {
    for (int i = 0; i < TIMES; i++) {
      BoxedPrefill.eightSums(MEMORY, MEMORY, MEMORY, OFFSETS, 0, SUMS, 0);
    }
  }
}
