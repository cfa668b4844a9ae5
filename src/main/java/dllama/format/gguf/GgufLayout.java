package dllama.format.gguf;

import dllama.format.dllama.DllamaLayout;
import dllama.format.file.Tensor;
import dllama.model.ModelSpec;
import dllama.model.TensorRole;
import dllama.tensor.DType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Which tensors a GGUF file has, in the order of a `.m` file. The experts of a layer are one
/// tensor.
///
/// @param groups what each tensor of the file is made of, one after the other
public record GgufLayout(List<Group> groups) {
  /// A tensor of the file.
  ///
  /// @param tensors one, or one for each expert
  public record Group(String name, List<Tensor> tensors) {
    public Group {
      tensors = List.copyOf(tensors);
    }

    public long bytes() {
      return tensors.stream().mapToLong(Tensor::bytes).sum();
    }

    DType dtype() {
      return tensors.getFirst().dtype();
    }

    /// Values along each axis, the length of a row first.
    long[] dims() {
      Tensor first = tensors.getFirst();
      return tensors.size() > 1
          ? new long[] {first.cols(), first.rows(), tensors.size()}
          : first.rows() == 1 ? new long[] {first.cols()} : new long[] {first.cols(), first.rows()};
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
    return tensor.role().isOfExpert(spec.architecture())
        ? GgufNames.ofExperts(spec.architecture(), tensor.role(), layer)
        : GgufNames.of(spec.architecture(), tensor.role(), layer);
  }
}
