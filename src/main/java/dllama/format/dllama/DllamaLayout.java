package dllama.format.dllama;

import dllama.format.file.Tensor;
import dllama.model.Architecture;
import dllama.model.Architecture.Trait;
import dllama.model.Layering;
import dllama.model.ModelSpec;
import dllama.model.TensorRole;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Which tensors follow the header of a `.m` file, in which order: embedding, layers, final norm,
/// wcls. Reader and writer both walk this description.
///
/// @param layer the tensors of layer 0; the others have the same
public record DllamaLayout(Tensor embedding, List<Tensor> layer, int layers, List<Tensor> end) {
  /// The layout of a model.
  ///
  /// @throws IllegalArgumentException if layers have different types, which no `.m` file can
  public static DllamaLayout of(ModelSpec spec) {
    if (spec.types().kinds().size() > 1) {
      throw new IllegalArgumentException("types=" + spec.types());
    }
    return ofFirstLayer(spec);
  }

  /// All tensors in the order of a `.m` file, each with the type that it has; of models that no
  /// such file can hold, because layers differ, in an order of our own.
  public static List<Tensor> order(ModelSpec spec) {
    boolean alike =
        spec.layering().equals(Layering.NONE)
            && spec.sliding().headDim() == 0
            && spec.mixture().denseLayers() == 0
            && !spec.deltaNet().exists();
    Stream<TensorRole.Name> names =
        alike
            ? ofFirstLayer(spec).tensors().stream().map(Tensor::name)
            : TensorRole.ofModel(spec).stream();
    return names.map(name -> Tensor.of(name, spec)).toList();
  }

  private static DllamaLayout ofFirstLayer(ModelSpec spec) {
    return new DllamaLayout(
        Tensor.of(TensorRole.EMBEDDING, 0, spec),
        layer(spec, 0),
        spec.layers(),
        List.of(Tensor.of(TensorRole.FINAL_NORM, 0, spec), Tensor.of(TensorRole.WCLS, 0, spec)));
  }

  private static List<Tensor> layer(ModelSpec spec, int layer) {
    Architecture architecture = spec.architecture();
    List<Tensor> tensors = new ArrayList<>();
    add(tensors, spec, TensorRole.WQ, TensorRole.WK, TensorRole.WV, TensorRole.WO);
    if (architecture.has(Trait.ATTENTION_BIAS)) {
      add(tensors, spec, TensorRole.QUERY_BIAS, TensorRole.KEY_BIAS, TensorRole.VALUE_BIAS);
    }
    if (architecture.has(Trait.ATTENTION_OUTPUT_BIAS)) {
      add(tensors, spec, TensorRole.ATTENTION_OUTPUT_BIAS);
    }
    if (architecture.has(Trait.ATTENTION_SINKS)) {
      add(tensors, spec, TensorRole.ATTENTION_SINKS);
    }
    if (layer < spec.mixture().denseLayers()) {
      add(tensors, spec, TensorRole.DENSE_W1, TensorRole.DENSE_W2, TensorRole.DENSE_W3);
    } else {
      addNetworks(tensors, spec);
    }
    if (architecture.has(Trait.HEAD_NORMS)) {
      add(tensors, spec, TensorRole.QUERY_NORM, TensorRole.KEY_NORM);
    }
    boolean inputNorms = !architecture.has(Trait.WITHOUT_INPUT_NORMS);
    if (inputNorms) {
      add(tensors, spec, TensorRole.ATTENTION_NORM);
    }
    if (architecture.has(Trait.OUTPUT_NORMS)) {
      add(tensors, spec, TensorRole.ATTENTION_OUTPUT_NORM);
    }
    if (inputNorms) {
      add(tensors, spec, TensorRole.FFN_NORM);
    }
    if (architecture.has(Trait.OUTPUT_NORMS)) {
      add(tensors, spec, TensorRole.FFN_OUTPUT_NORM);
    }
    return List.copyOf(tensors);
  }

  private static void addNetworks(List<Tensor> tensors, ModelSpec spec) {
    Architecture architecture = spec.architecture();
    if (architecture.has(Trait.EXPERTS)) {
      add(tensors, spec, TensorRole.ROUTER);
    }
    if (architecture.has(Trait.EXPERT_BIASES)) {
      add(tensors, spec, TensorRole.ROUTER_BIAS);
    }
    if (architecture.has(Trait.CHOICE_BIAS)) {
      add(tensors, spec, TensorRole.CHOICE_BIAS);
    }
    for (int expert = 0; expert < spec.feedForwards(); expert++) {
      for (TensorRole role : network(architecture)) {
        tensors.add(Tensor.of(role, expert, spec));
      }
    }
    if (spec.mixture().shared() > 0) {
      add(tensors, spec, TensorRole.SHARED_W1, TensorRole.SHARED_W2, TensorRole.SHARED_W3);
      if (architecture.has(Trait.SHARED_EXPERT_GATE)) {
        add(tensors, spec, TensorRole.SHARED_GATE);
      }
    }
  }

  /// The tensors of one feed-forward network; those of experts came in another order up to
  /// distributed-llama 0.10.6.
  private static List<TensorRole> network(Architecture architecture) {
    if (architecture.has(Trait.EXPERT_BIASES)) {
      return List.of(
          TensorRole.W1,
          TensorRole.W2,
          TensorRole.W3,
          TensorRole.W1_BIAS,
          TensorRole.W2_BIAS,
          TensorRole.W3_BIAS);
    }
    return DllamaHeader.V0_10.contains(architecture)
        ? List.of(TensorRole.W3, TensorRole.W1, TensorRole.W2)
        : List.of(TensorRole.W1, TensorRole.W2, TensorRole.W3);
  }

  private static void add(List<Tensor> tensors, ModelSpec spec, TensorRole... roles) {
    for (TensorRole role : roles) {
      tensors.add(Tensor.of(role, 0, spec));
    }
  }

  /// Bytes of all tensors.
  public long bytes() {
    return embedding.bytes() + layers * bytes(layer) + bytes(end);
  }

  private static long bytes(List<Tensor> tensors) {
    return tensors.stream().mapToLong(Tensor::bytes).sum();
  }

  /// All tensors in file order.
  public List<Tensor> tensors() {
    List<Tensor> all = new ArrayList<>();
    all.add(embedding);
    for (int i = 0; i < layers; i++) {
      for (Tensor tensor : layer) {
        all.add(tensor.inLayer(i));
      }
    }
    all.addAll(end);
    return all;
  }
}
