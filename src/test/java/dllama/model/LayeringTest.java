package dllama.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dllama.error.UserException;
import dllama.tensor.DType;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LayeringTest {
  private static List<Integer> sources(ModelSpec spec) {
    return IntStream.range(0, spec.layers())
        .map(layer -> spec.attention(layer).source())
        .boxed()
        .toList();
  }

  /// As published: of E2B's 35 layers, every fifth of which sees everything, 15 have keys.
  @Test
  void shouldBorrowFromTheLastLayerOfAKind() {
    List<Integer> sources = sources(Shapes.spec("gemma4-e2b", DType.F32));
    assertEquals(IntStream.range(0, 15).boxed().toList(), sources.subList(0, 15));
    assertEquals(List.of(13, 13, 13, 13, 14), sources.subList(15, 20));
    assertEquals(sources.subList(15, 20), sources.subList(30, 35));
  }

  @Test
  void shouldTellWidthsOfLayers() {
    ModelSpec spec = Shapes.spec("gemma4-e2b", DType.F32);
    assertEquals(6144, spec.ffnDim(14));
    assertEquals(12288, spec.ffnDim(15));
    assertEquals(256, spec.attention(0).headDim());
    assertEquals(512, spec.attention(4).headDim());
    assertEquals(512, spec.attention(0).window());
    assertEquals(0, spec.attention(4).window());
    assertEquals(35 * 256, TensorRole.Axis.ALL_INPUTS.size(spec));
  }

  @Test
  void shouldRefuseLayersWithoutKeysToRead() {
    ModelSpec spec = Shapes.spec("gemma4-e2b", DType.F32);
    assertEquals(30, spec.with(borrowing(30)).layering().borrowers());
    assertThrows(UserException.class, () -> spec.with(borrowing(31)));
    assertThrows(UserException.class, () -> spec.with(borrowing(35)));
    assertThrows(UserException.class, () -> borrowing(-1));
  }

  private static Layering borrowing(int layers) {
    return new Layering(List.of(), layers, false, 0);
  }

  /// What is left of it in a small model has to be possible there.
  @Test
  void shouldBorrowInSmallModelsAsFarAsThatGoes() {
    ModelSpec spec = Shapes.spec("gemma4-e2b", DType.F32);
    for (int layers = 1; layers < 12; layers++) {
      Sliding sliding = spec.sliding().resized(layers);
      int borrowers = spec.layering().resized(layers, sliding).borrowers();
      assertEquals(layers < 5 ? layers - 1 : layers - 5, borrowers, "layers=" + layers);
    }
  }

  @Test
  void shouldRefuseWidthsThatAreNotThoseOfTheModel() {
    ModelSpec spec = Shapes.spec("gemma4-e4b", DType.F32);
    assertThrows(
        UserException.class, () -> spec.with(Layering.NONE.withFfnDims(List.of(10240, 10240))));
  }
}
