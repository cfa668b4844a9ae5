package dllama.model;

import dllama.error.UserException;
import dllama.tensor.DType;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Which types a model's tensors have. Vectors are always F32.
///
/// @param matrices type of all matrices that are not named in `others`, but for those that are F32
///     then: see [ModelSpec#type]
/// @param others types of matrices by what they are for: one for all layers, or one per layer
public record TensorTypes(DType matrices, Map<TensorRole, List<DType>> others) {
  public TensorTypes {
    // In the order of the enum, so that the same types read the same everywhere.
    Map<TensorRole, List<DType>> ordered = new EnumMap<>(TensorRole.class);
    others.forEach((role, types) -> ordered.put(role, List.copyOf(types)));
    others = Collections.unmodifiableMap(ordered);
    others.forEach(TensorTypes::check);
  }

  private static void check(TensorRole role, List<DType> types) {
    if (role.isVector() || types.isEmpty()) {
      throw new UserException("model header: types of %s are %s".formatted(role, types));
    }
  }

  /// One type for all matrices, as in a `.m` file.
  public static TensorTypes all(DType matrices) {
    return new TensorTypes(matrices, Map.of());
  }

  /// These, but for a role.
  ///
  /// @param types one for all layers, or one per layer
  public TensorTypes with(TensorRole role, DType... types) {
    Map<TensorRole, List<DType>> more = new LinkedHashMap<>(others);
    more.put(role, List.of(types));
    return new TensorTypes(matrices, more);
  }

  /// The type of a role in a layer, where it is named.
  private DType other(TensorRole role, int layer) {
    List<DType> types = others.get(role);
    return types == null ? matrices : types.get(types.size() == 1 ? 0 : layer);
  }

  /// Whether a role has a type of its own, or one per layer.
  boolean names(TensorRole role) {
    return others.containsKey(role);
  }

  /// The type of a tensor of a role that is named, or of a matrix that has the type of all.
  DType of(TensorRole.Name name) {
    return other(name.role(), name.layer());
  }

  /// Those of a model of `layers` layers that has a layer of each kind that this one has, as far as
  /// there is room.
  public TensorTypes shortened(int layers) {
    List<Integer> kinds = kinds();
    Map<TensorRole, List<DType>> fewer = new EnumMap<>(TensorRole.class);
    for (Map.Entry<TensorRole, List<DType>> role : others.entrySet()) {
      fewer.put(
          role.getKey(),
          role.getValue().size() == 1
              ? role.getValue()
              : IntStream.range(0, layers)
                  .mapToObj(layer -> other(role.getKey(), kinds.get(layer % kinds.size())))
                  .toList());
    }
    return new TensorTypes(matrices, fewer);
  }

  /// The first layer of each kind: layers of a kind have the same types.
  public List<Integer> kinds() {
    int layers = others.values().stream().mapToInt(List::size).max().orElse(1);
    Map<List<DType>, Integer> first = new LinkedHashMap<>();
    for (int layer = 0; layer < layers; layer++) {
      int at = layer;
      first.putIfAbsent(others.keySet().stream().map(role -> other(role, at)).toList(), layer);
    }
    return List.copyOf(first.values());
  }

  /// A model of this many layers has a type for each.
  boolean fit(int layers) {
    return others.entrySet().stream()
        .allMatch(
            role ->
                role.getValue().size() == 1
                    || (role.getValue().size() == layers && role.getKey().isInLayer()));
  }
}
