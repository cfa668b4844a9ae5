package dllama.tensor;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;

/// Has all kernels compiled as a start does, after a few calls, in a JVM whose compiler knows no
/// classes of what was called before (`-XX:-UseTypeProfile`): as good as that of a start, which
/// knows few. Prints the forms that still allocate. Its argument is how many bits vectors have.
final class EarlyKernels {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final int CALLS = 20;
  private static final long PATIENCE_NANOS = 3_000_000_000L;

  private EarlyKernels() {}

  public static void main(String[] args) {
    Kernels.limitVectors(Integer.parseInt(args[0]));
    ChosenKernels kernels = (ChosenKernels) Kernels.choose(true);
    List<String> boxed = new ArrayList<>();
    for (DType type : DType.all()) {
      DType cache = type == DType.F32 ? DType.F32 : DType.F16;
      KernelGuard.compile(kernels, List.of(type), cache, () -> true);
      for (KernelPart part : EnumSet.allOf(KernelPart.class)) {
        DType tried = part == KernelPart.ATTENTION ? cache : type;
        for (KernelForm form : kernels.forms(part, tried)) {
          if (allocates(form.kernels(), KernelTrial.of(part, tried))) {
            boxed.add("%s of %s with %s".formatted(part, tried, form.name()));
          }
        }
      }
    }
    System.out.println("boxed " + boxed);
  }

  private static boolean allocates(Kernels kernels, KernelTrial trial) {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    long allocated;
    do {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int call = 0; call < CALLS; call++) {
        trial.run(kernels);
      }
      allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    } while (allocated > 0 && System.nanoTime() < deadline);
    return allocated > 0;
  }
}
