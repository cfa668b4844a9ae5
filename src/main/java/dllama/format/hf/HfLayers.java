package dllama.format.hf;

import dllama.format.hf.HfArchitecture.Trait;
import dllama.model.DeltaNet;
import dllama.model.Layering;
import dllama.model.Rope;
import dllama.model.Sliding;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// What `config.json` says of layers that are not all alike. What can not be is told by the records
/// of the model, without the name of the file.
final class HfLayers {
  private static final String KINDS = "layer_types";
  private static final String FULL = "full_attention";
  private static final String SLIDING = "sliding_attention";
  private static final String LINEAR = "linear_attention";

  private static final int MOST_LAYERS = 1 << 10;

  private final HfValues config;
  private final HfArchitecture architecture;

  HfLayers(HfValues config, HfArchitecture architecture) {
    this.config = config;
    this.architecture = architecture;
  }

  /// Layers, as many as can be gone through.
  int count() {
    int layers = config.required("num_hidden_layers");
    if (layers < 1 || layers > MOST_LAYERS) {
      throw config.unsupported("num_hidden_layers");
    }
    return layers;
  }

  /// The kind of each layer, where it is told.
  private List<?> kinds(String other) {
    List<?> kinds = config.list(KINDS).orElse(List.of());
    boolean known = kinds.stream().allMatch(kind -> FULL.equals(kind) || other.equals(kind));
    if (!known || (!kinds.isEmpty() && kinds.size() != count())) {
      throw config.unsupported(KINDS);
    }
    return kinds;
  }

  /// Positions that layers look back, where that is fewer than the model has: up to there nothing
  /// is out of sight, and the context ends there.
  ///
  /// @param positions that the model has
  Optional<Integer> window(int positions) {
    if (architecture.hasDeltaNets()) {
      return Optional.empty();
    }
    List<?> kinds = kinds(SLIDING);
    if (architecture.has(Trait.WINDOWS)) {
      return Optional.empty();
    }
    boolean slides =
        kinds.isEmpty()
            ? !architecture.has(Trait.OPTIONAL_WINDOW)
                || config.truth("use_sliding_window").orElse(false)
            : kinds.contains(SLIDING);
    return slides
        ? config.natural("sliding_window").filter(window -> window < positions)
        : Optional.empty();
  }

  /// @param rope of the model
  Sliding sliding(int contextLength, Rope rope) {
    if (architecture.has(Trait.WINDOWS)) {
      return windows(rope);
    }
    return architecture.has(Trait.TURNING_LAYERS) ? turning(contextLength, rope) : Sliding.NONE;
  }

  private Sliding windows(Rope rope) {
    int window = config.natural("sliding_window").orElse(0);
    Rope own = architecture.has(Trait.OWN_WINDOW_ROPE) ? new HfRope(config).ofWindows() : rope;
    List<?> kinds = kinds(SLIDING);
    int period = config.natural("sliding_window_pattern").orElse(0);
    if (window == 0 || period < 1) {
      return Sliding.NONE;
    }
    Sliding sliding =
        kinds.isEmpty()
            ? Sliding.inPeriods(window, period, count(), own)
            : Sliding.of(window, kinds.stream().map(SLIDING::equals).toList(), own);
    if (!architecture.has(Trait.LAYERED)) {
      return sliding;
    }
    if (sliding.at(count() - 1)) {
      throw config.unsupported(kinds.isEmpty() ? "num_hidden_layers" : KINDS);
    }
    return sliding.withHeads(config.required("head_dim"), config.required("num_key_value_heads"));
  }

  /// Layers in which positions turn something are those that slide, over the whole context.
  private Sliding turning(int contextLength, Rope rope) {
    int interval = config.natural("no_rope_layer_interval").orElse(4);
    Sliding usual = Sliding.inPeriods(contextLength, interval, count(), rope);
    Optional<List<?>> told = config.list("no_rope_layers");
    List<Boolean> turning =
        told.isPresent()
            ? told.get().stream().map(turns -> turns.equals(1L) || turns.equals(1)).toList()
            : usual.layers();
    if (turning.size() != count()) {
      throw config.unsupported("no_rope_layers");
    }
    return Sliding.of(contextLength, turning, rope);
  }

  /// Heads of keys and values in layers that see everything.
  int kvHeads(int heads) {
    int usual = config.natural("num_key_value_heads").orElse(heads);
    return keysAreValues() ? config.natural("num_global_key_value_heads").orElse(usual) : usual;
  }

  private boolean keysAreValues() {
    return architecture.has(Trait.LAYERED) && config.truth("attention_k_eq_v").orElse(false);
  }

  /// @param ffnDim width of networks in the first layer
  Layering layering(int ffnDim) {
    if (!architecture.has(Trait.LAYERED)) {
      return Layering.NONE;
    }
    int layers = count();
    int borrowers = config.natural("num_kv_shared_layers").orElse(0);
    boolean wide = borrowers > 0 && config.truth("use_double_wide_mlp").orElse(false);
    List<Integer> widths =
        wide
            ? IntStream.range(0, layers)
                .mapToObj(layer -> layer < layers - borrowers ? ffnDim : 2 * ffnDim)
                .toList()
            : List.of();
    int inputs = config.natural("hidden_size_per_layer_input").orElse(0);
    return new Layering(widths, borrowers, keysAreValues(), inputs);
  }

  DeltaNet deltaNet() {
    if (!architecture.hasDeltaNets()) {
      return DeltaNet.NONE;
    }
    int headDim = config.required("linear_key_head_dim");
    if (config.required("linear_value_head_dim") != headDim) {
      throw config.unsupported("linear_value_head_dim");
    }
    List<?> kinds = kinds(LINEAR);
    int period = config.required("full_attention_interval");
    if (period < 1) {
      throw config.unsupported("full_attention_interval");
    }
    List<Boolean> layers =
        kinds.isEmpty()
            ? DeltaNet.inPeriods(period, count())
            : kinds.stream().map(LINEAR::equals).toList();
    int keyHeads = config.required("linear_num_key_heads");
    int valueHeads = config.required("linear_num_value_heads");
    return DeltaNet.of(
        layers,
        keyHeads,
        valueHeads,
        headDim,
        config.required("linear_conv_kernel_dim"),
        DeltaNet.together(architecture.groupsValueHeads(), keyHeads, valueHeads));
  }
}
