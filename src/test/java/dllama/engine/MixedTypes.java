package dllama.engine;

import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.ModelWeights;
import dllama.model.Range;
import dllama.model.TensorRole;
import dllama.model.TensorTypes;
import dllama.slice.RandomWeights;
import dllama.slice.ShardPlan;
import dllama.slice.SliceLayout;
import dllama.slice.SliceLayout.Entry;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import java.util.HashMap;
import java.util.Map;

/// Made-up models whose tensors have all kinds of types, in one layer and from layer to layer.
public final class MixedTypes {
  private MixedTypes() {}

  /// Of two layers, for up to 16 nodes: inputs that matrices of three types share, leaves of two
  /// types, and logits of unrounded input.
  public static ModelSpec spec(Architecture architecture) {
    TensorTypes types =
        TensorTypes.all(DType.Q4_0)
            .with(TensorRole.WK, DType.Q8_0)
            .with(TensorRole.WV, DType.F16, DType.Q4_0)
            .with(TensorRole.WO, DType.Q8_0, DType.F32)
            .with(TensorRole.W3, DType.F16)
            .with(TensorRole.W2, DType.Q8_0, DType.Q4_0)
            .with(TensorRole.WCLS, DType.F16);
    return Specs.small(types, architecture);
  }

  /// The random weights of a seed as matrices in a file, with an embedding.
  public static ModelWeights whole(ModelSpec spec, long seed) {
    RandomWeights random = new RandomWeights(spec, seed);
    Map<TensorRole.Name, Matrix> tensors = new HashMap<>();
    for (Entry entry : new SliceLayout(new ShardPlan(spec, DType.Q8_0, 1), 0).entries()) {
      tensors.put(entry.name(), random.part(entry.name(), entry.rows(), entry.cols()));
    }
    TensorRole.Name embedding = new TensorRole.Name(TensorRole.EMBEDDING);
    Range rows = new Range(0, spec.vocabSize());
    tensors.put(embedding, random.part(embedding, rows, new Range(0, spec.dim())));
    return new ModelWeights(tensors);
  }
}
