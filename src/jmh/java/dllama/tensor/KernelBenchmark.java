package dllama.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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

/// Products of one matrix, over the threads of a pool: time per product.
///
/// The matrix is another one each time, and together they are larger than the caches, as those of
/// a model are: GB/s of decode is the size of one by the time.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 12, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class KernelBenchmark {
  private static final long ALL_BYTES = 600L << 20;

  @Param({"Q4_0", "Q8_0", "F16", "F32"})
  String type;

  @Param({"2048x8192", "4096x14336"})
  String shape;

  @Param({"1", "32"})
  int tokens;

  @Param({"1", "2"})
  int threads;

  private final Kernels kernels = Kernels.choose(true);
  private final Arena arena = Arena.ofShared();
  private WorkerPool pool;
  private WorkerPool.Task[] products;
  private int next;

  @Setup
  public void setUp() {
    String[] size = shape.split("x");
    int rows = Integer.parseInt(size[0]);
    int cols = Integer.parseInt(size[1]);
    pool = new WorkerPool(threads);
    long bytes = PackedMatrix.byteSize(DType.named(type), rows, cols);
    products = new WorkerPool.Task[(int) Math.max(1, ALL_BYTES / bytes)];
    MemorySegment data = WeightMemory.allocate(bytes * products.length, arena);
    fill(data);
    Activations x = activations(kernels, DType.named(type), tokens, cols);
    float[] out = new float[tokens * rows];
    for (int i = 0; i < products.length; i++) {
      var w = new PackedMatrix(data.asSlice(i * bytes, bytes), DType.named(type), rows, cols);
      products[i] = (thread, of) -> multiply(w, thread, of, x, out);
    }
  }

  static Activations activations(Kernels kernels, DType type, int tokens, int cols) {
    Activations x = new Activations(type, tokens, cols);
    Random random = new Random(1);
    float[] input = new float[cols];
    for (int token = 0; token < tokens; token++) {
      for (int i = 0; i < cols; i++) {
        input[i] = (float) random.nextGaussian();
      }
      kernels.load(input, 0, x, token);
    }
    return x;
  }

  private void multiply(PackedMatrix w, int thread, int of, Activations x, float[] out) {
    int from = WorkerPool.from(w.groups(), thread, of);
    int to = WorkerPool.from(w.groups(), thread + 1, of);
    kernels.matmul(w, from, to, x, tokens, out, 0, w.rows());
  }

  /// Noise whose float16 scales and floats are small, but not subnormal, which would be slow.
  static void fill(MemorySegment data) {
    byte[] noise = new byte[1 << 16];
    new Random(1).nextBytes(noise);
    for (int i = 1; i < noise.length; i += 2) {
      noise[i] = (byte) ((noise[i] & 0x83) | 0x20);
    }
    for (long at = 0; at < data.byteSize(); at += noise.length) {
      int length = (int) Math.min(noise.length, data.byteSize() - at);
      MemorySegment.copy(noise, 0, data, ValueLayout.JAVA_BYTE, at, length);
    }
  }

  @TearDown
  public void tearDown() {
    pool.close();
    arena.close();
  }

  @Benchmark
  public void matmul() {
    pool.run(products[next]);
    next = (next + 1) % products.length;
  }
}
