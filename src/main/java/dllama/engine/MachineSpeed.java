package dllama.engine;

import dllama.tensor.Activations;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.PackedMatrix;
import dllama.tensor.WeightMemory;
import dllama.tensor.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/// How fast this machine is at what decode spends its time with: products of one token with weights
/// that are not in its caches.
///
/// Measured in rounds until they get no quicker, since the first ones are those of the compiler.
/// The mean of a round counts, not its best moment: a machine that may use half of its time is half
/// as fast.
public final class MachineSpeed {
  private static final DType TYPE = DType.Q4_0;
  private static final int COLS = 4096;
  private static final int ROWS = 32768; // 72 MB, more than the caches of what stands in homes
  private static final Duration ROUND = Duration.ofMillis(250);
  private static final int STEADY_ROUNDS = 2;
  private static final int MAX_ROUNDS = 16;
  private static final double QUICKER = 1.05;

  private final Kernels kernels;
  private final WorkerPool pool;
  private final PackedMatrix weights;
  private final Activations input;
  private final float[] output = new float[ROWS];
  private final WorkerPool.Task share = this::share;

  private MachineSpeed(Kernels kernels, WorkerPool pool, MemorySegment memory) {
    this.kernels = kernels;
    this.pool = pool;
    weights = new PackedMatrix(memory, TYPE, ROWS, COLS);
    input = new Activations(TYPE, 1, COLS);
    kernels.load(new float[COLS], 0, input, 0);
  }

  /// Bytes of weights per second, on all threads of `pool`; takes one to four seconds. The thread
  /// that calls is the pool's first.
  public static long measure(Kernels kernels, WorkerPool pool) {
    long bytes = PackedMatrix.byteSize(TYPE, ROWS, COLS);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = WeightMemory.allocate(bytes, arena);
      memory.fill((byte) 0); // pages of their own, not one of zeros for all
      var speed = new MachineSpeed(kernels, pool, memory);
      return (long) (bytes / speed.seconds());
    }
  }

  /// Of one product.
  private double seconds() {
    double best = Double.MAX_VALUE;
    int steady = 0;
    for (int round = 0; round < MAX_ROUNDS && steady < STEADY_ROUNDS; round++) {
      double seconds = round();
      steady = seconds * QUICKER < best ? 0 : steady + 1;
      best = Math.min(best, seconds);
    }
    return best;
  }

  private double round() {
    long from = System.nanoTime();
    long now = from;
    int products = 0;
    while (now - from < ROUND.toNanos()) {
      pool.run(share);
      products++;
      now = System.nanoTime();
    }
    return (now - from) / 1e9 / products;
  }

  private void share(int thread, int threads) {
    int groups = weights.groups();
    int portion = pool.portion(groups, PackedMatrix.GROUPS_OF_PASS);
    for (int from = pool.take(portion); from < groups; from = pool.take(portion)) {
      int to = Math.min(from + portion, groups);
      kernels.matmul(weights, from, to, input, 1, output, 0, ROWS);
    }
  }
}
