package dllama.cluster.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dllama.Conformance;
import dllama.engine.EngineSettings;
import dllama.format.dllama.DllamaFile;
import dllama.settings.CollectiveType;
import dllama.settings.Overlap;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import org.junit.jupiter.api.Test;

class AssignmentTest {
  private static String sliceKey(DType exchange, int rank, int worldSize) {
    try (var file = DllamaFile.open(Conformance.file("llama_gqa_q40", "model.m"))) {
      return new Assignment(
              1,
              rank,
              new WorldSpec(
                  new ShardPlan(file.spec(), exchange, worldSize),
                  new EngineSettings(DType.F32, 64, 32),
                  CollectiveType.AUTO,
                  Overlap.AUTO),
              SliceSource.file("m", false))
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
