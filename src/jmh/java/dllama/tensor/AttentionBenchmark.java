package dllama.tensor;

import java.lang.foreign.Arena;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
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

/// Attention of four heads that share a cache, over all of it.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 12, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class AttentionBenchmark {
  private static final int HEAD_DIM = 128;
  private static final int LENGTH = 4096;
  private static final int HEADS = Kernels.HEADS_TOGETHER;
  private static final float[] NO_SINKS = {};

  @Param({"F16", "F32"})
  String type;

  private final Kernels kernels = Kernels.choose(true);
  private final Arena arena = Arena.ofShared();
  private final float[] query = new float[HEADS * HEAD_DIM];
  private final float[] scores = new float[HEADS * LENGTH];
  private final float[] out = new float[HEADS * HEAD_DIM];
  private final int[] pages = IntStream.range(0, KvHead.pages(LENGTH)).toArray();
  private KvHead cache;

  @Setup
  public void setUp() {
    Random random = new Random(1);
    DType dtype = DType.named(type);
    long bytes = KvHead.byteSize(dtype, HEAD_DIM);
    cache = new KvHead(arena.allocate(pages.length * bytes, 64), 0, bytes, dtype, HEAD_DIM);
    for (int position = 0; position < LENGTH; position++) {
      for (int i = 0; i < query.length; i++) {
        query[i] = (float) random.nextGaussian();
      }
      kernels.append(cache, position / KvHead.PAGE, position % KvHead.PAGE, query, 0, query, 0);
    }
  }

  @TearDown
  public void tearDown() {
    arena.close();
  }

  @Benchmark
  public float[] attend() {
    kernels.attend(query, 0, HEADS, cache, pages, 0, LENGTH, NO_SINKS, 0, scores, out, 0);
    return out;
  }
}
