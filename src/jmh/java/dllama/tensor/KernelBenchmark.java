package dllama.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;

/// Speed of the kernels: GB of weights per second in decode (1 token), GMAC per second in prefill
/// (32 tokens); median and best of 15 rounds after 10 to warm up. Arguments: threads, types.
///
/// Weights of decode are larger than the caches, as those of a model are.
public final class KernelBenchmark {
  private static final int WARM_UP = 10;
  private static final int ROUNDS = 15;
  private static final long DECODE_BYTES = 600L << 20;

  private final Kernels kernels;
  private final WorkerPool pool;
  private final Random random = new Random(1);

  private KernelBenchmark(Kernels kernels, WorkerPool pool) {
    this.kernels = kernels;
    this.pool = pool;
  }

  public static void main(String[] args) {
    int threads = args.length > 0 ? Integer.parseInt(args[0]) : 1;
    String types = args.length > 1 ? args[1] : "Q40";
    Kernels kernels = Kernels.choose(true);
    System.out.printf(
        "%s, %s, %d threads%n",
        kernels.getClass().getSimpleName(), Vectors.SHORTS.vectorShape(), threads);
    try (var pool = new WorkerPool(threads)) {
      var benchmark = new KernelBenchmark(kernels, pool);
      for (String type : types.split(",")) {
        if (type.equals("attend")) {
          benchmark.attend(DType.F32);
          benchmark.attend(DType.F16);
        } else if (type.equals("rows")) {
          benchmark.rows();
        } else {
          benchmark.products(DType.valueOf(type), 2048, 8192);
          benchmark.products(DType.valueOf(type), 4096, 14336);
        }
      }
    }
  }

  private void products(DType dtype, int rows, int cols) {
    try (var arena = Arena.ofShared()) {
      long bytes = PackedMatrix.byteSize(dtype, rows, cols);
      int copies = (int) Math.max(1, DECODE_BYTES / bytes);
      MemorySegment data = WeightMemory.allocate(bytes * copies, arena);
      fill(data);
      var w = new PackedMatrix[copies];
      for (int i = 0; i < copies; i++) {
        w[i] = new PackedMatrix(data.asSlice(i * bytes, bytes), dtype, rows, cols);
      }
      String shape = "%s %d x %d".formatted(dtype, rows, cols);
      report(shape + " decode", "GB/s", copies * bytes, () -> multiply(w, 1));
      PackedMatrix[] one = {w[0]};
      report(shape + " 32 tokens", "GMAC/s", 32L * rows * cols, () -> multiply(one, 32));
    }
  }

  private Runnable multiply(PackedMatrix[] weights, int tokens) {
    int cols = weights[0].cols();
    int rows = weights[0].rows();
    var x = new Activations(weights[0].dtype(), tokens, cols);
    float[] input = new float[cols];
    for (int token = 0; token < tokens; token++) {
      for (int i = 0; i < cols; i++) {
        input[i] = (float) random.nextGaussian();
      }
      kernels.load(input, 0, x, token);
    }
    float[] out = new float[tokens * rows];
    int groups = weights[0].groups();
    WorkerPool.Task[] tasks = new WorkerPool.Task[weights.length];
    for (int i = 0; i < tasks.length; i++) {
      PackedMatrix w = weights[i];
      tasks[i] =
          (thread, threads) ->
              kernels.matmul(
                  w,
                  WorkerPool.from(groups, thread, threads),
                  WorkerPool.from(groups, thread + 1, threads),
                  x,
                  tokens,
                  out,
                  0,
                  rows);
    }
    return () -> {
      for (WorkerPool.Task task : tasks) {
        pool.run(task);
      }
    };
  }

  private void attend(DType dtype) {
    int headDim = 128;
    int length = 4096;
    try (var arena = Arena.ofShared()) {
      long bytes = KvHead.byteSize(dtype, headDim, length);
      var cache =
          new KvHead(arena.allocate(bytes, 64), arena.allocate(bytes, 64), dtype, headDim, length);
      float[] x = new float[headDim];
      for (int position = 0; position < length; position++) {
        for (int i = 0; i < headDim; i++) {
          x[i] = (float) random.nextGaussian();
        }
        kernels.append(cache, position, x, 0, x, 0);
      }
      float[] scores = new float[Kernels.HEADS_TOGETHER * length];
      float[] out = new float[headDim];
      report(
          "attend %s %d positions x %d".formatted(dtype, length, headDim),
          "GMAC/s",
          2L * length * headDim * 20,
          () ->
              () -> {
                for (int i = 0; i < 20; i++) {
                  kernels.attend(x, 0, 1, cache, length, scores, out, 0);
                }
              });
    }
  }

  private void rows() {
    int size = 4096;
    float[] x = new float[size];
    float[] y = new float[size];
    float[] z = new float[size];
    for (int i = 0; i < size; i++) {
      x[i] = (float) random.nextGaussian();
      y[i] = (float) random.nextGaussian();
    }
    var loaded = new Activations(DType.Q40, 1, size);
    MemorySegment to = MemorySegment.ofArray(new byte[size / 32 * 34]);
    elements("load", size, () -> kernels.load(x, 0, loaded, 0));
    elements("rmsNorm", size, () -> kernels.rmsNorm(x, 0, y, size, 1e-5f, z, 0));
    elements("swiglu", size, () -> kernels.swiglu(x.clone(), 0, y, 0, size));
    elements("geglu", size, () -> kernels.geglu(x.clone(), 0, y, 0, size));
    elements("add", size, () -> kernels.add(z, 0, y, 0, size));
    elements("encode", size, () -> kernels.encode(x, 0, size, DType.Q80, to, 0));
    elements("decode", size, () -> kernels.decode(to, 0, DType.Q80, size, true, z, 0));
  }

  private static void elements(String what, int size, Runnable once) {
    report(
        what,
        "G elements/s",
        1000L * size,
        () ->
            () -> {
              for (int i = 0; i < 1000; i++) {
                once.run();
              }
            });
  }

  private static void report(
      String what, String unit, long amount, java.util.function.Supplier<Runnable> setup) {
    Runnable run = setup.get();
    double[] speeds = new double[ROUNDS];
    for (int round = -WARM_UP; round < ROUNDS; round++) {
      long start = System.nanoTime();
      run.run();
      if (round >= 0) {
        speeds[round] = (double) amount / (System.nanoTime() - start);
      }
    }
    Arrays.sort(speeds);
    System.out.printf(
        "%-32s %6.1f median %6.1f best %s%n", what, speeds[ROUNDS / 2], speeds[ROUNDS - 1], unit);
  }

  /// Noise whose float16 scales and floats are small, but not subnormal, which would be slow.
  private void fill(MemorySegment data) {
    byte[] noise = new byte[1 << 16];
    random.nextBytes(noise);
    for (int i = 1; i < noise.length; i += 2) {
      noise[i] = (byte) ((noise[i] & 0x83) | 0x20);
    }
    for (long at = 0; at < data.byteSize(); at += noise.length) {
      int length = (int) Math.min(noise.length, data.byteSize() - at);
      MemorySegment.copy(noise, 0, data, ValueLayout.JAVA_BYTE, at, length);
    }
  }
}
