package dllama.model;

import dllama.error.UserException;
import dllama.model.ModelSpec.Activation;
import dllama.model.ModelSpec.Rope;
import dllama.tensor.DType;
import java.util.List;
import java.util.Optional;

/// Shapes of well-known models by name, for synthetic models and measurements.
public final class Shapes {
  private static final Rope LLAMA3_ROPE = Rope.unscaled(500_000);
  private static final Rope LLAMA32_ROPE = new Rope(500_000, 32, 1, 4, 8192);

  /// Small, but made for up to 8 nodes: every rank has a kv head, and columns of wo and w2 in whole
  /// blocks.
  private static final Shape TINY =
      new Shape("tiny", 256, 512, 4, 16, 8, 32, 1024, 2048, Rope.unscaled(10_000));

  private static final List<Shape> ALL =
      List.of(
          TINY,
          new Shape("llama3.2-1b", 2048, 8192, 16, 32, 8, 64, 128_256, 131_072, LLAMA32_ROPE),
          new Shape("llama3.2-3b", 3072, 8192, 28, 24, 8, 128, 128_256, 131_072, LLAMA32_ROPE),
          new Shape("llama3-8b", 4096, 14_336, 32, 32, 8, 128, 128_256, 8192, LLAMA3_ROPE),
          new Shape("llama3-70b", 8192, 28_672, 80, 64, 8, 128, 128_256, 8192, LLAMA3_ROPE));

  private record Shape(
      String name,
      int dim,
      int ffnDim,
      int layers,
      int heads,
      int kvHeads,
      int headDim,
      int vocabSize,
      int contextLength,
      Rope rope) {}

  private Shapes() {}

  /// The names that [#spec] knows.
  public static List<String> names() {
    return ALL.stream().map(Shape::name).toList();
  }

  /// A shape with all its layers.
  ///
  /// @throws UserException for an unknown name
  public static ModelSpec spec(String name, DType weightType) {
    return spec(name, weightType, Optional.empty());
  }

  /// A shape, with fewer or more layers than the model of that name where `layers` is given.
  ///
  /// @throws UserException for an unknown name or less than one layer
  public static ModelSpec spec(String name, DType weightType, Optional<Integer> layers) {
    Shape shape =
        ALL.stream()
            .filter(known -> known.name.equals(name))
            .findFirst()
            .orElseThrow(
                () ->
                    new UserException(
                        "shape '%s' is not known; choose one of %s"
                            .formatted(name, String.join(", ", names()))));
    int layerCount = layers.orElse(shape.layers);
    if (layerCount < 1) {
      throw new UserException("layers=%d must be at least 1".formatted(layerCount));
    }
    return new ModelSpec(
        Architecture.LLAMA,
        weightType,
        shape.dim,
        shape.ffnDim,
        0,
        0,
        layerCount,
        shape.heads,
        shape.kvHeads,
        shape.headDim,
        shape.vocabSize,
        shape.contextLength,
        1e-5f,
        Activation.SILU,
        shape.rope);
  }
}
