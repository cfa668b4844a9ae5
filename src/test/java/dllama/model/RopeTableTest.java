package dllama.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dllama.model.ModelSpec.Activation;
import dllama.tensor.DType;
import java.util.List;
import org.junit.jupiter.api.Test;

class RopeTableTest {
  private static final Rope LLAMA31 = Rope.llama31(500000, 8, 1, 4, 8192);

  private static ModelSpec spec(Architecture architecture) {
    return new ModelSpec(
        architecture,
        DType.F32,
        8,
        8,
        0,
        0,
        1,
        2,
        2,
        4,
        16,
        64,
        1e-5f,
        Activation.SILU,
        Rope.unscaled(100));
  }

  private static RopeTable table(ModelSpec spec, int contextLength) {
    return new RopeTable(spec.architecture().rope(), spec.rope(), spec.headDim(), contextLength);
  }

  @Test
  void shouldTurnAdjacentPairs() {
    float[] head = {9, 1, 0, 1, 0, 9};
    table(spec(Architecture.LLAMA), 64).rotate(head, 1, 3);
    float[] expected = {
      9, (float) Math.cos(3), (float) Math.sin(3), (float) Math.cos(0.3), (float) Math.sin(0.3), 9
    };
    assertArrayEquals(expected, head, 1e-6f);
  }

  @Test
  void shouldTurnHalvesAgainstEachOther() {
    float[] head = {1, 1, 0, 0};
    table(spec(Architecture.QWEN3), 64).rotate(head, 0, 3);
    float[] expected = {
      (float) Math.cos(3), (float) Math.cos(0.3), (float) Math.sin(3), (float) Math.sin(0.3)
    };
    assertArrayEquals(expected, head, 1e-6f);
  }

  @Test
  void shouldTurnTheFirstValuesOnly() {
    float[] head = {1, 0, 5, 6};
    Rope half = Rope.unscaled(100).turning(2);
    for (Architecture architecture : List.of(Architecture.LLAMA, Architecture.QWEN3)) {
      float[] turned = head.clone();
      new RopeTable(architecture.rope(), half, 4, 64).rotate(turned, 0, 3);
      float[] expected = {(float) Math.cos(3), (float) Math.sin(3), 5, 6};
      assertArrayEquals(expected, turned, 1e-6f);
    }
    assertEquals(0.1, Rope.unscaled(100).turning(4).frequency(1, 8), 1e-15);
    new RopeTable(Architecture.LLAMA.rope(), Rope.NONE, 4, 64).rotate(head, 0, 3);
    assertArrayEquals(new float[] {1, 0, 5, 6}, head);
  }

  @Test
  void shouldLeavePositionZeroAlone() {
    float[] head = {1, 2, 3, 4};
    table(spec(Architecture.LLAMA), 1).rotate(head, 0, 0);
    assertArrayEquals(new float[] {1, 2, 3, 4}, head);
  }

  @Test
  void shouldScaleOnlyLongWavesForLlama31() {
    int headDim = 128;
    double fast = LLAMA31.frequency(0, headDim);
    double slow = LLAMA31.frequency(63, headDim);
    assertEquals(1, fast);
    assertEquals(Math.pow(500000, -126.0 / 128) / 8, slow, 1e-15);
  }

  @Test
  void shouldGoOverSmoothlyFromShortToLongWaves() {
    double previous = Double.MAX_VALUE;
    for (int pair = 0; pair < 64; pair++) {
      double unscaled = Rope.unscaled(500000).frequency(pair, 128);
      double scaled = LLAMA31.frequency(pair, 128);
      assertEquals(true, scaled < previous && scaled <= unscaled && scaled >= unscaled / 8);
      previous = scaled;
    }
  }
}
