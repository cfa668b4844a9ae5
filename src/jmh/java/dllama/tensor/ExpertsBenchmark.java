package dllama.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// A token's mixture of experts in one layer, on that rank of several which the others wait for:
/// with a slice of every expert on each rank, as the program has it, or with whole experts on
/// ranks. Experts are chosen at random, which is the best that whole ones can hope for.
///
/// Experts are others each time, and together they are larger than the caches.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 8, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ExpertsBenchmark {
  private static final long ALL_BYTES = 600L << 20;

  /// What is on a rank.
  public enum Cut {
    SLICES,
    WHOLE
  }

  private record Expert(PackedMatrix w1, PackedMatrix w3, PackedMatrix w2) {}

  @Param({"Q4_K"})
  String type;

  /// Dim, width of an expert, experts, and those that are chosen.
  @Param({"2048x768x128x8", "2880x2880x32x4"})
  String shape;

  @Param({"1", "2", "4", "8"})
  int ranks;

  @Param Cut cut;

  @Param({"2"})
  int threads;

  private final Kernels kernels = Kernels.choose(true);
  private final Arena arena = Arena.ofShared();
  private final Random random = new Random(1);
  private final WorkerPool.Task up = this::up;
  private final WorkerPool.Task down = this::down;
  private WorkerPool pool;
  private Expert[] experts;
  private Activations x;
  private Activations hidden;
  private float[] wide;
  private float[] out;
  private int all;
  private int active;
  private int count;
  private int next;

  @Setup
  public void setUp() {
    String[] size = shape.split("x");
    int dim = Integer.parseInt(size[0]);
    int whole = Integer.parseInt(size[1]);
    int block = DType.MXFP4.blockSize(); // what slices are cut at; the widest is waited for
    int width = cut == Cut.SLICES ? Math.ceilDiv(whole, block * ranks) * block : whole;
    all = Integer.parseInt(size[2]);
    active = Integer.parseInt(size[3]);
    pool = new WorkerPool(threads);
    DType dtype = DType.named(type);
    long bytes = PackedMatrix.byteSize(dtype, width, dim);
    long downBytes = PackedMatrix.byteSize(dtype, dim, width);
    experts = new Expert[(int) (ALL_BYTES / (2 * bytes + downBytes))];
    for (int i = 0; i < experts.length; i++) {
      experts[i] =
          new Expert(
              matrix(bytes, dtype, width, dim),
              matrix(bytes, dtype, width, dim),
              matrix(downBytes, dtype, dim, width));
    }
    x = KernelBenchmark.activations(kernels, dtype, 1, dim);
    hidden = KernelBenchmark.activations(kernels, dtype, 1, width);
    wide = new float[2 * width];
    out = new float[dim];
  }

  private PackedMatrix matrix(long bytes, DType dtype, int rows, int cols) {
    MemorySegment data = WeightMemory.allocate(bytes, arena);
    KernelBenchmark.fill(data);
    return new PackedMatrix(data, dtype, rows, cols);
  }

  /// Those on the rank that has the most of them.
  private int chosen() {
    if (cut == Cut.SLICES) {
      return active;
    }
    boolean[] taken = new boolean[all];
    int[] counts = new int[ranks];
    int most = 0;
    for (int i = 0; i < active; i++) {
      int expert = random.nextInt(all);
      while (taken[expert]) {
        expert = random.nextInt(all);
      }
      taken[expert] = true;
      most = Math.max(most, ++counts[expert % ranks]);
    }
    return most;
  }

  /// Row groups of all chosen experts in one line.
  private void up(int thread, int threads) {
    int groups = experts[0].w1.groups();
    int begin = WorkerPool.from(count * groups, thread, threads);
    int end = WorkerPool.from(count * groups, thread + 1, threads);
    for (int i = 0; i < count; i++) {
      int from = Math.clamp(begin - (long) i * groups, 0, groups);
      int to = Math.clamp(end - (long) i * groups, 0, groups);
      if (from < to) {
        Expert expert = experts[(next + i) % experts.length];
        int rows = expert.w1.rows();
        kernels.matmul(expert.w1, from, to, x, 1, wide, 0, rows);
        kernels.matmul(expert.w3, from, to, x, 1, wide, rows, rows);
      }
    }
  }

  private void down(int thread, int threads) {
    int groups = experts[0].w2.groups();
    int from = WorkerPool.from(groups, thread, threads);
    int to = WorkerPool.from(groups, thread + 1, threads);
    for (int i = 0; i < count; i++) {
      Expert expert = experts[(next + i) % experts.length];
      kernels.matmul(expert.w2, from, to, hidden, 1, out, 0, expert.w2.rows());
    }
  }

  @TearDown
  public void tearDown() {
    pool.close();
    arena.close();
  }

  @Benchmark
  public void layer() {
    count = chosen();
    pool.run(up);
    pool.run(down);
    next = (next + count) % experts.length;
  }
}
