package dllama.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Warm kernels allocate nothing. A vector that the compiler boxes (see [Vectors]) makes a kernel
/// many times slower and nothing else shows it.
@Tag("without-agent")
class KernelAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final Kernels kernels = Kernels.choose(true);
  private final Random random = new Random(3);

  @ParameterizedTest
  @MethodSource("dllama.tensor.DType#all")
  void shouldMultiplyWithoutAllocation(DType dtype) {
    shouldMultiplyWithoutAllocation(dtype, List.of(dtype), 1);
    shouldMultiplyWithoutAllocation(dtype, List.of(dtype), 9);
    shouldMultiplyWithoutAllocation(dtype, List.of(dtype), 16);
  }

  @Test
  void shouldLoadForSeveralTypesWithoutAllocation() {
    shouldMultiplyWithoutAllocation(DType.Q8_0, DType.all(), 9);
  }

  private void shouldMultiplyWithoutAllocation(DType dtype, List<DType> inputs, int tokens) {
    try (var arena = Arena.ofConfined()) {
      PackedMatrix w = TestData.packed(random, dtype, 160, 320, arena);
      var x = new Activations(inputs, tokens, 320);
      float[] input = TestData.floats(random, 320);
      float[] out = new float[tokens * 160];
      assertAllocatesNothing(
          () -> {
            for (int token = 0; token < tokens; token++) {
              kernels.load(input, 0, x, token);
            }
            kernels.matmul(w, 0, w.groups(), x, tokens, out, 0, 160);
          });
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"F32", "F16"})
  void shouldAttendWithoutAllocation(DType dtype) {
    try (var arena = Arena.ofConfined()) {
      long bytes = KvHead.byteSize(dtype, 88);
      var cache = new KvHead(arena.allocate(2 * bytes, 64), 0, bytes, dtype, 88);
      int[] pages = {1, 0};
      int heads = Kernels.HEADS_TOGETHER + 1;
      float[] x = TestData.floats(random, heads * 88);
      float[] scores = new float[Kernels.HEADS_TOGETHER * 512];
      float[] out = new float[heads * 88];
      assertAllocatesNothing(
          () -> {
            kernels.append(cache, 0, 43, x, 0, x, 0);
            kernels.attend(x, 0, heads, cache, pages, 0, 300, x, 0, scores, out, 0);
          });
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldComputeRowsWithoutAllocation(boolean vectorApi) {
    Kernels kernels = Kernels.choose(vectorApi);
    float[] x = TestData.floats(random, 1024);
    float[] y = TestData.floats(random, 1024);
    float[] z = TestData.floats(random, 1024);
    MemorySegment blocks = MemorySegment.ofArray(new byte[4096]);
    assertAllocatesNothing(
        () -> {
          kernels.rmsNorm(x, 0, y, 1024, 1e-5f, z, 0);
          kernels.swiglu(z, 0, y, 0, 1024);
          kernels.geglu(z, 0, y, 0, 1024);
          kernels.clampedSwiglu(z, 0, y, 0, 1024);
          kernels.softcap(z, 0, 1024, 30);
          kernels.add(z, 0, y, 0, 1024);
          kernels.sigmoidGate(z, 0, y, 0, 1024);
          kernels.encode(z, 0, 1024, DType.Q8_0, blocks, 0);
          kernels.decode(blocks, 0, DType.Q8_0, 1024, true, z, 0);
          kernels.encode(z, 0, 1024, DType.F32, blocks, 0);
          kernels.decode(blocks, 0, DType.F32, 1024, true, z, 0);
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 32, 128})
  void shouldComputeDeltaNetworksWithoutAllocation(int headDim) {
    float[] x = TestData.floats(random, 12 * headDim);
    float[] past = new float[3 * 3 * headDim];
    float[] state = new float[32 * headDim];
    float[] gates = {0.5f, 0.5f, 0.5f, 0.5f};
    float[] out = new float[x.length];
    int stride = 3 * headDim;
    int cols = Math.min(headDim, 32);
    assertAllocatesNothing(
        () -> {
          kernels.convolve(x, 0, stride, 4, x, 0, stride, 4, past, stride, out);
          kernels.l2Norm(out, 0, 2 * headDim, 1e-6f);
          kernels.deltaRule(
              state, headDim, cols, 4, out, 0, headDim, 2 * headDim, stride, gates, gates, 0, x);
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 100})
  void shouldRunTasksWithoutAllocation(int spins) {
    int[] done = new int[2];
    WorkerPool.Task task = (thread, threads) -> done[thread]++;
    try (var pool = new WorkerPool(2, spins)) {
      assertAllocatesNothing(() -> pool.run(task));
    }
  }

  @Test
  void shouldNotDependOnWhatIsCompiledFirst(@TempDir Path folder)
      throws IOException, InterruptedException {
    String printed = ChildJvm.run("-XX:InlineSmallCode=600", folder, ReluctantInlining.class);
    assertTrue(printed.contains("allocated 0\n"), printed);
  }

  @ParameterizedTest
  @ValueSource(ints = {128, 256, 512})
  void shouldNotDependOnWhatWasCalledBefore(int bits, @TempDir Path folder)
      throws IOException, InterruptedException {
    String printed =
        ChildJvm.run("-XX:-UseTypeProfile", folder, EarlyKernels.class, String.valueOf(bits));
    assertTrue(printed.contains("boxed []"), printed);
  }

  /// Runs until 200 runs allocate nothing; on a busy machine the compiler needs its time.
  private static void assertAllocatesNothing(Runnable run) {
    long deadline = System.nanoTime() + 90_000_000_000L;
    long allocated;
    do {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 200; i++) {
        run.run();
      }
      allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    } while (allocated != 0 && System.nanoTime() < deadline);
    assertEquals(0, allocated, "bytes in 200 runs");
  }
}
