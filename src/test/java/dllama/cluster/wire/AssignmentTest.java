package dllama.cluster.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dllama.Conformance;
import dllama.format.DllamaFile;
import dllama.settings.CollectiveType;
import dllama.settings.Overlap;
import dllama.tensor.DType;
import org.junit.jupiter.api.Test;

class AssignmentTest {
  private static String sliceKey(DType exchange, int rank, int worldSize) {
    try (var file = DllamaFile.open(Conformance.file("llama_gqa_q40", "model.m"))) {
      return new Assignment(
              1,
              rank,
              worldSize,
              file.spec(),
              exchange,
              CollectiveType.AUTO,
              Overlap.AUTO,
              DType.F32,
              64,
              1,
              32,
              "m",
              false,
              false,
              0)
          .sliceKey();
    }
  }

  @Test
  void shouldNameSlicesOfOtherBytesDifferently() {
    assertNotEquals(sliceKey(DType.F32, 1, 2), sliceKey(DType.Q8_0, 1, 2));
    assertNotEquals(sliceKey(DType.F32, 1, 2), sliceKey(DType.F32, 0, 2));
    assertNotEquals(sliceKey(DType.F32, 1, 2), sliceKey(DType.F32, 1, 4));
  }

  @Test
  void shouldKeepASliceWhoseRanksHaveOneLeafAnyway() {
    assertEquals(sliceKey(DType.F32, 1, 4), sliceKey(DType.Q8_0, 1, 4));
  }
}
