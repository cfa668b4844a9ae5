package dllama.tensor;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// What is done with one row of 4096 values between the products.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 12, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RowsBenchmark {
  private static final int SIZE = 4096;

  private final Kernels kernels = Kernels.choose(true);
  private final float[] x = new float[SIZE];
  private final float[] y = new float[SIZE];
  private final float[] out = new float[SIZE];
  private final Activations loaded = new Activations(DType.Q4_0, 1, SIZE);

  @Setup
  public void setUp() {
    Random random = new Random(1);
    for (int i = 0; i < SIZE; i++) {
      x[i] = (float) random.nextGaussian();
      y[i] = (float) random.nextGaussian();
    }
  }

  @Benchmark
  public Activations load() {
    kernels.load(x, 0, loaded, 0);
    return loaded;
  }

  @Benchmark
  public float[] rmsNorm() {
    kernels.rmsNorm(x, 0, y, SIZE, 1e-5f, out, 0);
    return out;
  }

  /// With the copy of a row, because the kernel overwrites it.
  @Benchmark
  public float[] swiglu() {
    System.arraycopy(x, 0, out, 0, SIZE);
    kernels.swiglu(out, 0, y, 0, SIZE);
    return out;
  }
}
