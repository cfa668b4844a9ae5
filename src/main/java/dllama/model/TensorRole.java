package dllama.model;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// What a tensor of a model is for, and its shape `[out, in]`; y = W x.
///
/// Readers, layouts and slices all go by this list: a tensor is described here once.
public enum TensorRole {
  /// Read only by the root.
  EMBEDDING(Axis.VOCABULARY, Axis.DIM),
  ATTENTION_NORM(Axis.ONE, Axis.DIM),
  WQ(Axis.QUERY, Axis.DIM),
  WK(Axis.KEY, Axis.DIM),
  WV(Axis.KEY, Axis.DIM),
  QUERY_BIAS(Axis.ONE, Axis.QUERY),
  KEY_BIAS(Axis.ONE, Axis.KEY),
  VALUE_BIAS(Axis.ONE, Axis.KEY),
  /// The same weights for every query head.
  QUERY_NORM(Axis.ONE, Axis.HEAD),
  /// The same weights for every key head.
  KEY_NORM(Axis.ONE, Axis.HEAD),
  /// A score of each head.
  ATTENTION_SINKS(Axis.ONE, Axis.HEADS),
  WO(Axis.DIM, Axis.QUERY),
  /// Added to the sum of all ranks' products, so that it counts once and in any world alike.
  ATTENTION_OUTPUT_BIAS(Axis.ONE, Axis.DIM),
  ATTENTION_OUTPUT_NORM(Axis.ONE, Axis.DIM),
  FFN_NORM(Axis.ONE, Axis.DIM),
  ROUTER(Axis.EXPERTS, Axis.DIM),
  ROUTER_BIAS(Axis.ONE, Axis.EXPERTS),
  /// Gate.
  W1(Axis.FFN, Axis.DIM),
  /// Up.
  W3(Axis.FFN, Axis.DIM),
  /// Down.
  W2(Axis.DIM, Axis.FFN),
  W1_BIAS(Axis.ONE, Axis.FFN),
  W3_BIAS(Axis.ONE, Axis.FFN),
  /// Added by the one rank that has the first leaf of w2.
  W2_BIAS(Axis.ONE, Axis.DIM),
  /// Of the expert that all tokens go to, as are the next three: gate.
  SHARED_W1(Axis.SHARED_FFN, Axis.DIM),
  /// Up.
  SHARED_W3(Axis.SHARED_FFN, Axis.DIM),
  /// Down.
  SHARED_W2(Axis.DIM, Axis.SHARED_FFN),
  /// sigmoid of its product is that expert's share.
  SHARED_GATE(Axis.ONE, Axis.DIM),
  FFN_OUTPUT_NORM(Axis.ONE, Axis.DIM),
  FINAL_NORM(Axis.ONE, Axis.DIM),
  WCLS(Axis.VOCABULARY, Axis.DIM);

  /// What rows or columns count. Ranks own parts of some and the whole of others.
  public enum Axis {
    /// A vector is a matrix of one row.
    ONE("one"),
    DIM("dim"),
    /// All query heads together.
    QUERY("heads * headDim"),
    /// All key heads together, or all value heads.
    KEY("kvHeads * headDim"),
    HEAD("headDim"),
    /// A number per query head.
    HEADS("heads"),
    EXPERTS("experts"),
    FFN("ffnDim"),
    SHARED_FFN("width of the shared expert"),
    VOCABULARY("vocabSize");

    private final String text;

    Axis(String text) {
      this.text = text;
    }

    /// As in the header of a model.
    public String text() {
      return text;
    }

    public int size(ModelSpec spec) {
      return switch (this) {
        case ONE -> 1;
        case DIM -> spec.dim();
        case QUERY -> spec.qDim();
        case KEY -> spec.kvDim();
        case HEAD -> spec.headDim();
        case HEADS -> spec.heads();
        case EXPERTS -> spec.experts();
        case FFN -> spec.ffnDim();
        case SHARED_FFN -> spec.mixture().shared();
        case VOCABULARY -> spec.vocabSize();
      };
    }
  }

  private static final Set<TensorRole> BIASES =
      EnumSet.of(
          QUERY_BIAS,
          KEY_BIAS,
          VALUE_BIAS,
          ATTENTION_SINKS,
          ATTENTION_OUTPUT_BIAS,
          ROUTER_BIAS,
          W1_BIAS,
          W3_BIAS,
          W2_BIAS,
          SHARED_GATE);

  private static final Set<TensorRole> OF_NETWORK =
      EnumSet.of(W1, W3, W2, W1_BIAS, W3_BIAS, W2_BIAS);

  private static final Set<TensorRole> OF_SHARED = EnumSet.of(SHARED_W1, SHARED_W3, SHARED_W2);

  private final Axis rows;
  private final Axis cols;

  TensorRole(Axis rows, Axis cols) {
    this.rows = rows;
    this.cols = cols;
  }

  public Axis rows() {
    return rows;
  }

  public Axis cols() {
    return cols;
  }

  public boolean isVector() {
    return rows == Axis.ONE;
  }

  /// Whether the vector is added, or multiplied with as a matrix is, with values around 0; others
  /// are factors, around 1.
  public boolean isBias() {
    return BIASES.contains(this);
  }

  /// Whether every layer has one, or more.
  public boolean isInLayer() {
    return this != EMBEDDING && this != FINAL_NORM && this != WCLS;
  }

  /// Whether each expert has one, where there are experts.
  public boolean isOfExpert(Architecture architecture) {
    return architecture.has(Architecture.Trait.EXPERTS) && OF_NETWORK.contains(this);
  }

  /// All tensors of a model: those outside the layers, then those of each layer.
  public static List<Name> ofModel(ModelSpec spec) {
    List<Name> names = new ArrayList<>();
    for (TensorRole role : values()) {
      if (!role.isInLayer()) {
        names.add(new Name(role));
      }
    }
    for (int layer = 0; layer < spec.layers(); layer++) {
      names.addAll(ofLayer(spec, layer));
    }
    return names;
  }

  /// Whether it is F32 unless its type is named, as in files of distributed-llama.
  boolean isPlain(Architecture architecture) {
    return isVector()
        || this == EMBEDDING
        || (this == ROUTER && !architecture.has(Architecture.Trait.ROUTER_IN_WEIGHT_TYPE));
  }

  /// Whether a model of this architecture multiplies with it.
  boolean isMatrix(Architecture architecture) {
    return !isVector() && this != EMBEDDING && isIn(architecture);
  }

  /// Whether a model of this architecture may have it, if it is no vector.
  boolean isIn(Architecture architecture) {
    if (OF_SHARED.contains(this)) {
      return architecture.has(Architecture.Trait.SHARED_EXPERT);
    }
    return this != ROUTER || architecture.has(Architecture.Trait.EXPERTS);
  }

  /// One tensor of a model.
  ///
  /// @param layer 0 for tensors outside the layers
  /// @param expert 0 for tensors outside the experts
  public record Name(TensorRole role, int layer, int expert) {
    /// For the user, such as "w2 of layer 3".
    public String text() {
      String name = role.name().toLowerCase(Locale.ROOT);
      String ofExpert = expert == 0 ? "" : " of expert %d".formatted(expert + 1);
      return name + ofExpert + (role.isInLayer() ? " of layer %d".formatted(layer + 1) : "");
    }

    public Name(TensorRole role) {
      this(role, 0, 0);
    }

    public Name(TensorRole role, int layer) {
      this(role, layer, 0);
    }
  }

  /// The tensors of a layer in the order in which they are computed with.
  public static List<Name> ofLayer(ModelSpec spec, int layer) {
    Architecture architecture = spec.architecture();
    List<Name> names = new ArrayList<>();
    for (TensorRole role : List.of(ATTENTION_NORM, WQ, WK, WV)) {
      names.add(new Name(role, layer));
    }
    if (architecture.has(Architecture.Trait.ATTENTION_BIAS)) {
      for (TensorRole role : List.of(QUERY_BIAS, KEY_BIAS, VALUE_BIAS)) {
        names.add(new Name(role, layer));
      }
    }
    if (architecture.has(Architecture.Trait.HEAD_NORMS)) {
      names.add(new Name(QUERY_NORM, layer));
      names.add(new Name(KEY_NORM, layer));
    }
    if (architecture.has(Architecture.Trait.ATTENTION_SINKS)) {
      names.add(new Name(ATTENTION_SINKS, layer));
    }
    names.add(new Name(WO, layer));
    if (architecture.has(Architecture.Trait.ATTENTION_OUTPUT_BIAS)) {
      names.add(new Name(ATTENTION_OUTPUT_BIAS, layer));
    }
    if (architecture.has(Architecture.Trait.OUTPUT_NORMS)) {
      names.add(new Name(ATTENTION_OUTPUT_NORM, layer));
    }
    names.add(new Name(FFN_NORM, layer));
    if (architecture.has(Architecture.Trait.EXPERTS)) {
      names.add(new Name(ROUTER, layer));
    }
    boolean biases = architecture.has(Architecture.Trait.EXPERT_BIASES);
    if (biases) {
      names.add(new Name(ROUTER_BIAS, layer));
    }
    List<TensorRole> network =
        biases ? List.of(W1, W3, W2, W1_BIAS, W3_BIAS, W2_BIAS) : List.of(W1, W3, W2);
    for (int expert = 0; expert < spec.feedForwards(); expert++) {
      for (TensorRole role : network) {
        names.add(new Name(role, layer, expert));
      }
    }
    if (spec.mixture().shared() > 0) {
      for (TensorRole role : List.of(SHARED_W1, SHARED_W3, SHARED_W2)) {
        names.add(new Name(role, layer));
      }
      if (architecture.has(Architecture.Trait.SHARED_EXPERT_GATE)) {
        names.add(new Name(SHARED_GATE, layer));
      }
    }
    if (architecture.has(Architecture.Trait.OUTPUT_NORMS)) {
      names.add(new Name(FFN_OUTPUT_NORM, layer));
    }
    return names;
  }
}
