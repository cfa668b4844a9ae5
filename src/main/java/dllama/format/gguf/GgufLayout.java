package dllama.format.gguf;

import dllama.error.UserException;
import dllama.format.dllama.DllamaLayout;
import dllama.format.file.Tensor;
import dllama.model.ModelSpec;
import dllama.model.TensorRole;
import dllama.tensor.DType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Which tensors a GGUF file has, in the order of a `.m` file. The experts of a layer are one
/// tensor, and so are matrices that are fused ([GgufFused]).
///
/// @param groups what each tensor of the file is made of, one after the other
public record GgufLayout(List<Group> groups) {
  /// A tensor of the file.
  ///
  /// @param tensors one, one for each expert, or those that are fused
  public record Group(String name, List<Tensor> tensors) {
    public Group {
      tensors = List.copyOf(tensors);
    }

    public long bytes() {
      return tensors.stream().mapToLong(Tensor::bytes).sum();
    }

    /// @throws UserException if it would be more than one
    DType dtype() {
      DType type = tensors.getFirst().dtype();
      if (tensors.stream().anyMatch(tensor -> !tensor.dtype().equals(type))) {
        throw new UserException("a GGUF file has %s in one type".formatted(name));
      }
      return type;
    }

    /// Values along each axis, the length of a row first.
    long[] dims(ModelSpec spec) {
      Tensor first = tensors.getFirst();
      if (first.role() == TensorRole.DELTA_FILTER) {
        int kernel = spec.deltaNet().kernel();
        return new long[] {kernel, first.cols() / kernel};
      }
      int experts = tensors.getLast().name().expert() + 1;
      if (experts > 1 && first.role().isVector()) {
        return new long[] {first.cols(), experts};
      }
      long rows = tensors.stream().mapToLong(Tensor::rows).sum() / experts;
      if (experts > 1) {
        return new long[] {first.cols(), rows, experts};
      }
      if (first.role().isVector()) {
        return new long[] {tensors.stream().mapToLong(Tensor::cols).sum()};
      }
      return new long[] {first.cols(), rows};
    }
  }

  /// The layout of a model.
  ///
  /// @param tied whether the output is the embedding, so that it is no tensor of its own
  public static GgufLayout of(ModelSpec spec, boolean tied) {
    Map<String, List<Tensor>> groups = new LinkedHashMap<>();
    for (Tensor tensor : DllamaLayout.order(spec)) {
      if (!tied || tensor.role() != TensorRole.WCLS) {
        groups.computeIfAbsent(name(tensor, spec), _ -> new ArrayList<>()).add(tensor);
      }
    }
    List<Group> all = new ArrayList<>();
    groups.forEach((name, tensors) -> all.add(new Group(name, tensors)));
    return new GgufLayout(List.copyOf(all));
  }

  private static String name(Tensor tensor, ModelSpec spec) {
    int layer = tensor.name().layer();
    Optional<GgufFused> fused = GgufFused.of(spec.architecture(), tensor.role());
    if (fused.isPresent()) {
      return fused.get().name(layer);
    }
    return tensor.role().isOfExpert(spec.architecture())
        ? GgufNames.ofExperts(spec.architecture(), tensor.role(), layer)
        : GgufNames.of(spec.architecture(), tensor.role(), layer);
  }
}
