package dllama.tensor;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import jdk.incubator.vector.FloatVector;

/// What happens by chance in one JVM of ten, on purpose: a helper that takes and gives vectors is
/// compiled by itself before its caller is. C2 then does not inline it where its code is larger
/// than `InlineSmallCode`, and every call boxes two vectors, unless the flags say that it must.
/// Prints the bytes that gates allocate when they are warm.
final class ReluctantInlining {
  private static final int SIZE = 1024;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private ReluctantInlining() {}

  public static void main(String[] args) {
    Kernels kernels = Kernels.choose(true);
    float[] x = new float[SIZE];
    float[] gate = new float[SIZE];
    for (int i = 0; i < SIZE; i++) {
      x[i] = (i % 17 - 8) * 0.3f;
    }
    FloatVector value = FloatVector.broadcast(Vectors.FLOATS, 0.5f);
    for (int i = 0; i < 200_000; i++) {
      value = VectorExp.exp(value.neg());
    }
    value.intoArray(gate, 0);
    long allocated = 0;
    long deadline = System.nanoTime() + 20_000_000_000L;
    do {
      long before = allocatedBytes();
      for (int i = 0; i < 200; i++) {
        kernels.swiglu(gate, 0, x, 0, SIZE);
        kernels.geglu(gate, 0, x, 0, SIZE);
      }
      allocated = allocatedBytes() - before;
    } while (allocated != 0 && System.nanoTime() < deadline);
    System.out.println("allocated " + allocated);
  }

  private static long allocatedBytes() {
    return THREADS.getCurrentThreadAllocatedBytes();
  }
}
