package dllama.tensor;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/// How long one form takes for a trial, once it is compiled.
///
/// A form whose vectors are boxed allocates with every call; so does every vector form until C2 has
/// compiled it. So one that has stopped to allocate, and gets no quicker, is as quick as it will
/// be, and one that never stops, though no kernel waits for the compiler, is boxed.
final class FormTiming {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final long ROUND_NANOS = 500_000;

  /// So many rounds in a row allocate nothing, and none is quicker than those before by more than 2
  /// %.
  private static final int STEADY_ROUNDS = 30;

  private static final double QUICKER = 0.98;

  /// Boxing makes a thousand times as much; some garbage is the JVM's own.
  private static final long BYTES_PER_ROUND = 64 << 10;

  private final KernelForm form;
  private final KernelTrial trial;
  private int calls = 1;
  private double nanos = Double.POSITIVE_INFINITY;
  private boolean boxed = true;

  FormTiming(KernelForm form, KernelTrial trial) {
    this.form = form;
    this.trial = trial;
  }

  KernelForm form() {
    return form;
  }

  /// Of a call, the least that was seen.
  double nanos() {
    return nanos;
  }

  /// Whether it never stopped to allocate.
  boolean boxed() {
    return boxed;
  }

  /// Repeats the trial until it is steady, or `patience` is over: time that this thread had a core,
  /// because on a busy machine it would be over before anything is compiled.
  ///
  /// @param goOn asked after each round, may wait; false ends it
  /// @return whether it came to an end
  boolean settle(Duration patience, BooleanSupplier goOn) {
    long working = 0;
    int quickest = 0;
    int clean = 0;
    for (int round = 0; clean < STEADY_ROUNDS || round - quickest < STEADY_ROUNDS; round++) {
      long bytes = THREADS.getCurrentThreadAllocatedBytes();
      long from = THREADS.getCurrentThreadCpuTime();
      double before = nanos;
      round();
      working += THREADS.getCurrentThreadCpuTime() - from;
      clean = THREADS.getCurrentThreadAllocatedBytes() - bytes < BYTES_PER_ROUND ? clean + 1 : 0;
      if (nanos < before * QUICKER) {
        quickest = round;
      }
      if (!goOn.getAsBoolean()) {
        return false;
      }
      if (working > patience.toNanos()) {
        if (!CompilerQueue.hasKernels()) {
          return true;
        }
        working = 0;
      }
    }
    boxed = false;
    return true;
  }

  /// Runs it for about half a millisecond.
  void round() {
    long from = System.nanoTime();
    for (int i = 0; i < calls; i++) {
      trial.run(form.kernels());
    }
    double one = Math.max(1, System.nanoTime() - from) / (double) calls;
    nanos = Math.min(nanos, one);
    calls = (int) Math.clamp(ROUND_NANOS / one, 1, 2.0 * calls);
  }
}
