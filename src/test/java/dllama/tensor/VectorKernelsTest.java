package dllama.tensor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Vector kernels give the bits of the scalar ones at every width. The vectors of this process are
/// as wide as the machine's; others run in processes of their own.
@Tag("without-agent")
class VectorKernelsTest {
  private final long seed = System.nanoTime();
  private final KernelEquality equality = new KernelEquality(new Random(seed));

  VectorKernelsTest() {
    System.out.println("VectorKernelsTest seed=" + seed);
  }

  @ParameterizedTest
  @MethodSource("dllama.tensor.DType#all")
  void shouldMultiplyAsTheSpecification(DType dtype) {
    for (int cols : new int[] {32, 64, 96, 4096, 4128}) {
      for (int tokens : new int[] {1, 2, 3, 7, 8, 9, 17, 33, 90}) {
        equality.matmul(dtype, cols > 1000 ? 33 : 150, cols, tokens);
      }
    }
  }

  @Test
  void shouldMultiplyColumnsThatAreNoWholeTiles() {
    for (int tokens : new int[] {1, 5, 12}) {
      equality.matmul(DType.F32, 70, 45, tokens);
      equality.matmul(DType.F16, 70, 45, tokens);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"F32", "F16"})
  void shouldAttendAsTheSpecification(DType dtype) {
    for (int headDim : new int[] {8, 24, 64, 72, 128}) {
      for (int length : new int[] {1, 2, 31, 32, 33, 100, 257, 800}) {
        equality.attend(dtype, headDim, length);
      }
    }
  }

  @Test
  void shouldComputeRowsAsTheSpecification() {
    IntStream.of(1, 8, 15, 16, 17, 32, 96, 100, 4096).forEach(equality::rows);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 8, 16, 24, 64, 128})
  void shouldComputeDeltaNetworksAsTheSpecification(int headDim) {
    for (int tokens : new int[] {1, 2, 9}) {
      equality.delta(headDim, Math.min(headDim, 32), tokens);
      equality.delta(headDim, 1 + headDim / 3, tokens);
    }
  }

  @Test
  void shouldConvertBlocksAsTheSpecification() {
    IntStream.of(32, 64, 96, 4096).forEach(equality::blocks);
  }

  @Test
  void shouldComputeTheExponentialAsTheSpecification() {
    equality.exponentials();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void shouldNotDependOnThreads(int threads) {
    equality.threads(threads);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-XX:UseAVX=2", "-XX:MaxVectorSize=16", "-Ddllama.vector.bits=512"})
  @Tag("slow")
  void shouldGiveTheSameBitsAtEveryWidth(String flag, @TempDir Path folder)
      throws IOException, InterruptedException {
    ChildJvm.run(flag, folder, KernelEquality.class, Long.toString(seed));
  }
}
