package dllama.engine;

import dllama.model.Architecture;
import dllama.model.Layering;
import dllama.model.ModelSpec;
import dllama.model.Rope;
import dllama.model.Sliding;
import dllama.model.TensorTypes;
import java.util.List;
import java.util.stream.IntStream;

/// Small models as transformers can describe them.
public final class HfSpecs {
  private HfSpecs() {}

  /// With a vocabulary of 512 tokens, and with what transformers can say of layers.
  ///
  /// @param keysAreValues as in the largest dense Gemma 4
  public static ModelSpec of(TensorTypes types, Architecture architecture, boolean keysAreValues) {
    ModelSpec small = Specs.small(types, architecture);
    boolean layered = small.layering().inputDim() > 0;
    // Networks are twice as wide where keys are borrowed.
    Layering layering =
        keysAreValues
            ? new Layering(List.of(), 0, true, 0)
            : small.layering().withFfnDims(List.of(512, 512, 1024, 1024));
    Sliding slides = small.sliding();
    Rope rope = rope(small);
    return new ModelSpec(
        architecture,
        types,
        small.dim(),
        layered ? 1024 : small.ffnDim(),
        small.experts(),
        small.activeExperts(),
        small.layers(),
        small.heads(),
        small.kvHeads(),
        small.headDim(),
        512,
        small.contextLength(),
        small.rmsEpsilon(),
        small.activation(),
        rope,
        layered
            ? slides.withHeads(slides.headDim(), small.kvHeads() * (keysAreValues ? 2 : 1))
            : Sliding.of(slides.window(), slides.layers(), rope),
        small.scales(),
        small.mixture(),
        layered ? layering : small.layering(),
        small.deltaNet());
  }

  private static Rope rope(ModelSpec small) {
    if (small.layering().inputDim() > 0) {
      int pairs = small.headDim() / 2;
      return Rope.perPair(
          10_000,
          IntStream.range(0, pairs).mapToObj(pair -> pair < pairs / 4 ? 1f : 1e30f).toList());
    }
    return small.architecture().equals(Architecture.GPT_OSS)
        ? Rope.yarn(150_000, 32, 1, 32, 64, 1)
        : small.rope();
  }
}
