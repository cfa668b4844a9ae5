package dllama.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.tensor.DType;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ShapesTest {
  @Test
  void shouldRunTinyOnUpToEightNodesWithBlocks() {
    ModelSpec tiny = Shapes.spec("tiny", DType.Q40);
    for (int nodes = 1; nodes <= 8; nodes *= 2) {
      assertEquals(0, tiny.kvHeads() % nodes);
      assertEquals(0, tiny.qDim() % (nodes * DType.BLOCK));
      assertEquals(0, tiny.ffnDim() % (nodes * DType.BLOCK));
    }
  }

  @Test
  void shouldCountTheWeightsOfKnownModels() {
    assertEquals(1.236e9, multiplyAdds("llama3.2-1b"), 0.001e9);
    assertEquals(7.505e9, multiplyAdds("llama3-8b"), 0.001e9);
    assertEquals(70.6e9, multiplyAdds("llama3-70b") + 1.05e9, 0.1e9);
  }

  @Test
  void shouldTakeAnotherNumberOfLayers() {
    assertEquals(2, Shapes.spec("llama3-70b", DType.Q40, Optional.of(2)).layers());
    assertThrows(UserException.class, () -> Shapes.spec("tiny", DType.F32, Optional.of(0)));
  }

  @Test
  void shouldNameTheKnownShapes() {
    UserException e = assertThrows(UserException.class, () -> Shapes.spec("llama9", DType.F32));
    assertTrue(e.getMessage().contains("tiny, llama3.2-1b"), e.getMessage());
  }

  private static double multiplyAdds(String name) {
    ModelSpec spec = Shapes.spec(name, DType.F32);
    double layer =
        2.0 * spec.dim() * spec.qDim()
            + 2.0 * spec.dim() * spec.kvDim()
            + 3.0 * spec.dim() * spec.ffnDim();
    return spec.layers() * layer + (double) spec.vocabSize() * spec.dim();
  }
}
