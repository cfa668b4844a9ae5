package dllama.model;

import dllama.model.Architecture.Trait;
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
  /// What the layers are given of a token, one after the other; read only by the root.
  LAYER_EMBEDDING(Axis.VOCABULARY, Axis.ALL_INPUTS),
  /// Makes of the input row what is added to that.
  LAYER_PROJECTION(Axis.ALL_INPUTS, Axis.DIM),
  /// Of that, for each layer the same.
  LAYER_PROJECTION_NORM(Axis.ONE, Axis.INPUT),
  ATTENTION_NORM(Axis.ONE, Axis.DIM),
  WQ(Axis.QUERY, Axis.DIM),
  /// In place of WQ: of each head the rows of its query, then those of its gate.
  GATED_WQ(Axis.GATED_QUERY, Axis.DIM),
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
  /// Queries, keys and values of a delta network, before the convolution.
  DELTA_INPUT(Axis.DELTA_CHANNELS, Axis.DIM),
  /// Gate of what a delta network gives.
  DELTA_GATE(Axis.DELTA_VALUE, Axis.DIM),
  /// How much of a value is written into the state.
  DELTA_BETA(Axis.DELTA_HEADS, Axis.DIM),
  /// What the decay of the state depends on.
  DELTA_ALPHA(Axis.DELTA_HEADS, Axis.DIM),
  /// Of the convolution, channel by channel, the earliest input first.
  DELTA_FILTER(Axis.ONE, Axis.DELTA_FILTER),
  /// Logarithm of the decay for a softplus of 1, below 0.
  DELTA_DECAY(Axis.ONE, Axis.DELTA_HEADS),
  /// Added to alpha.
  DELTA_ALPHA_BIAS(Axis.ONE, Axis.DELTA_HEADS),
  /// The same weights for every value head.
  DELTA_NORM(Axis.ONE, Axis.DELTA_HEAD),
  DELTA_OUTPUT(Axis.DIM, Axis.DELTA_VALUE),
  FFN_NORM(Axis.ONE, Axis.DIM),
  ROUTER_NORM(Axis.ONE, Axis.DIM),
  ROUTER(Axis.EXPERTS, Axis.DIM),
  ROUTER_BIAS(Axis.ONE, Axis.EXPERTS),
  /// Added to the scores of experts, but not to what their shares are made of.
  CHOICE_BIAS(Axis.ONE, Axis.EXPERTS),
  /// What an expert's share is multiplied with.
  EXPERT_SCALES(Axis.ONE, Axis.EXPERTS),
  /// Of what experts are given, where the shared one has [#FFN_NORM].
  EXPERTS_NORM(Axis.ONE, Axis.DIM),
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
  EXPERTS_OUTPUT_NORM(Axis.ONE, Axis.DIM),
  /// Of the expert that all tokens go to, as are the next three: gate.
  SHARED_W1(Axis.SHARED_FFN, Axis.DIM),
  /// Up.
  SHARED_W3(Axis.SHARED_FFN, Axis.DIM),
  /// Down.
  SHARED_W2(Axis.DIM, Axis.SHARED_FFN),
  /// sigmoid of its product is that expert's share.
  SHARED_GATE(Axis.ONE, Axis.DIM),
  /// Of a layer without experts in a mixture, as are the next two: gate.
  DENSE_W1(Axis.DENSE_FFN, Axis.DIM),
  /// Up.
  DENSE_W3(Axis.DENSE_FFN, Axis.DIM),
  /// Down.
  DENSE_W2(Axis.DIM, Axis.DENSE_FFN),
  SHARED_OUTPUT_NORM(Axis.ONE, Axis.DIM),
  FFN_OUTPUT_NORM(Axis.ONE, Axis.DIM),
  /// Of the residual stream; multiplies with the layer's input.
  INPUT_GATE(Axis.INPUT, Axis.DIM),
  INPUT_PROJECTION(Axis.DIM, Axis.INPUT),
  /// Of what that gives, before it is added.
  INPUT_NORM(Axis.ONE, Axis.DIM),
  LAYER_SCALE(Axis.ONE, Axis.ONE),
  FINAL_NORM(Axis.ONE, Axis.DIM),
  WCLS(Axis.VOCABULARY, Axis.DIM);

  /// What rows or columns count. Ranks own parts of some and the whole of others.
  public enum Axis {
    /// A vector is a matrix of one row.
    ONE("one"),
    DIM("dim"),
    /// All query heads together.
    QUERY("heads * headDim"),
    /// All query heads together, each with its gate.
    GATED_QUERY("2 * heads * headDim"),
    /// All key heads together, or all value heads.
    KEY("kvHeads * headDim"),
    HEAD("headDim"),
    /// A number per query head.
    HEADS("heads"),
    EXPERTS("experts"),
    FFN("ffnDim"),
    SHARED_FFN("width of the shared expert"),
    DENSE_FFN("width of layers without experts"),
    /// What one layer is given of a token.
    INPUT("inputs of a layer"),
    /// What all layers are given.
    ALL_INPUTS("inputs of all layers"),
    /// All query, key and value heads of a delta network.
    DELTA_CHANNELS("channels of a delta network"),
    /// What its convolution multiplies all of them with.
    DELTA_FILTER("filters of a delta network"),
    /// All its value heads together.
    DELTA_VALUE("valueHeads * headDim of a delta network"),
    /// A number per value head.
    DELTA_HEADS("valueHeads of a delta network"),
    DELTA_HEAD("headDim of a delta network"),
    VOCABULARY("vocabSize");

    private final String text;

    Axis(String text) {
      this.text = text;
    }

    /// As in the header of a model.
    public String text() {
      return text;
    }

    /// In the first layer.
    public int size(ModelSpec spec) {
      return size(spec, 0);
    }

    public int size(ModelSpec spec, int layer) {
      return switch (this) {
        case ONE -> 1;
        case DIM -> spec.dim();
        case QUERY -> spec.heads() * spec.attention(layer).headDim();
        case GATED_QUERY -> 2 * spec.heads() * spec.attention(layer).headDim();
        case KEY -> spec.attention(layer).kvHeads() * spec.attention(layer).headDim();
        case HEAD -> spec.attention(layer).headDim();
        case HEADS -> spec.heads();
        case EXPERTS -> spec.experts();
        case FFN -> spec.ffnDim(layer);
        case SHARED_FFN -> spec.mixture().shared();
        case DENSE_FFN -> spec.mixture().dense();
        case INPUT -> spec.layering().inputDim();
        case ALL_INPUTS -> spec.layers() * spec.layering().inputDim();
        case DELTA_CHANNELS -> spec.deltaNet().channels();
        case DELTA_FILTER -> spec.deltaNet().channels() * spec.deltaNet().kernel();
        case DELTA_VALUE -> spec.deltaNet().valueDim();
        case DELTA_HEADS -> spec.deltaNet().valueHeads();
        case DELTA_HEAD -> spec.deltaNet().headDim();
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
          CHOICE_BIAS,
          W1_BIAS,
          W3_BIAS,
          W2_BIAS,
          SHARED_GATE,
          DELTA_FILTER,
          DELTA_ALPHA_BIAS);

  /// What stands in place of attention, in the order of computing.
  private static final List<TensorRole> DELTA_NET =
      List.of(
          DELTA_INPUT,
          DELTA_GATE,
          DELTA_BETA,
          DELTA_ALPHA,
          DELTA_FILTER,
          DELTA_DECAY,
          DELTA_ALPHA_BIAS,
          DELTA_NORM,
          DELTA_OUTPUT);

  private static final Set<TensorRole> OF_NETWORK =
      EnumSet.of(W1, W3, W2, W1_BIAS, W3_BIAS, W2_BIAS);

  private static final List<TensorRole> OUTSIDE =
      List.of(
          EMBEDDING, LAYER_EMBEDDING, LAYER_PROJECTION, LAYER_PROJECTION_NORM, FINAL_NORM, WCLS);

  private static final Set<TensorRole> OF_INPUTS =
      EnumSet.of(
          LAYER_EMBEDDING,
          LAYER_PROJECTION,
          LAYER_PROJECTION_NORM,
          INPUT_GATE,
          INPUT_PROJECTION,
          INPUT_NORM);

  private static final Set<TensorRole> OF_SHARED = EnumSet.of(SHARED_W1, SHARED_W3, SHARED_W2);

  private static final Set<TensorRole> OF_DENSE = EnumSet.of(DENSE_W1, DENSE_W3, DENSE_W2);

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
    return !OUTSIDE.contains(this);
  }

  /// Whether it is a table of which the root reads rows, and no rank holds a part.
  public boolean isEmbedding() {
    return this == EMBEDDING || this == LAYER_EMBEDDING;
  }

  /// Whether each expert has one, where there are experts.
  public boolean isOfExpert(Architecture architecture) {
    return architecture.has(Trait.EXPERTS) && OF_NETWORK.contains(this);
  }

  /// Whether a model that is made of these may have it.
  boolean mayBeIn(
      Architecture architecture, Mixture mixture, Layering layering, DeltaNet deltaNet) {
    return (mixture.shared() > 0 || !OF_SHARED.contains(this))
        && (mixture.denseLayers() > 0 || !OF_DENSE.contains(this))
        && (layering.inputDim() > 0 || !OF_INPUTS.contains(this))
        && (deltaNet.exists() || !DELTA_NET.contains(this))
        && this != (architecture.has(Trait.ATTENTION_GATES) ? WQ : GATED_WQ);
  }

  /// All tensors of a model: those outside the layers, then those of each layer.
  public static List<Name> ofModel(ModelSpec spec) {
    List<Name> names = new ArrayList<>(outsideLayers(spec));
    for (int layer = 0; layer < spec.layers(); layer++) {
      names.addAll(ofLayer(spec, layer));
    }
    return names;
  }

  /// The tensors of a model outside the layers.
  public static List<Name> outsideLayers(ModelSpec spec) {
    return OUTSIDE.stream()
        .filter(
            role ->
                role.mayBeIn(spec.architecture(), spec.mixture(), spec.layering(), spec.deltaNet()))
        .map(Name::new)
        .toList();
  }

  /// What a model has tensors for, in any layer or outside.
  static Set<TensorRole> ofAnyLayer(ModelSpec spec) {
    Set<TensorRole> roles = EnumSet.noneOf(TensorRole.class);
    outsideLayers(spec).forEach(name -> roles.add(name.role()));
    for (int layer = 0; layer < spec.layers(); layer++) {
      roles.addAll(rolesOfLayer(spec, layer));
    }
    return roles;
  }

  /// Whether it is F32 unless its type is named, as in files of distributed-llama.
  boolean isPlain(Architecture architecture) {
    return isVector()
        || this == EMBEDDING
        || this == LAYER_PROJECTION
        || (this == ROUTER && !architecture.has(Trait.ROUTER_IN_WEIGHT_TYPE));
  }

  /// Whether a model of this architecture may have it, of what few have.
  public boolean isIn(Architecture architecture) {
    return architecture.has(Trait.DENSE_LAYERS) || !OF_DENSE.contains(this);
  }

  /// Whether a model that has it multiplies with it.
  boolean isMultiplied() {
    return !isVector() && !isEmbedding();
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

    public int rows(ModelSpec spec) {
      return role.rows().size(spec, layer);
    }

    public int cols(ModelSpec spec) {
      return role.cols().size(spec, layer);
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
    List<TensorRole> roles = rolesOfLayer(spec, layer);
    List<TensorRole> network = roles.stream().filter(OF_NETWORK::contains).toList();
    List<Name> names = new ArrayList<>();
    for (TensorRole role : roles) {
      if (!OF_NETWORK.contains(role)) {
        names.add(new Name(role, layer));
      } else if (role == network.getFirst()) {
        for (int expert = 0; expert < spec.feedForwards(); expert++) {
          for (TensorRole of : network) {
            names.add(new Name(of, layer, expert));
          }
        }
      }
    }
    return names;
  }

  /// What a layer has tensors for; those of a network follow each other.
  private static List<TensorRole> rolesOfLayer(ModelSpec spec, int layer) {
    Architecture architecture = spec.architecture();
    List<TensorRole> roles = new ArrayList<>();
    boolean inputNorms = !architecture.has(Trait.WITHOUT_INPUT_NORMS);
    addIf(inputNorms, roles, ATTENTION_NORM);
    if (spec.deltaNet().at(layer)) {
      roles.addAll(DELTA_NET);
    } else {
      addAttention(spec.attention(layer), layer, architecture, roles);
    }
    addIf(architecture.has(Trait.OUTPUT_NORMS), roles, ATTENTION_OUTPUT_NORM);
    addIf(inputNorms, roles, FFN_NORM);
    if (layer < spec.mixture().denseLayers()) {
      roles.addAll(List.of(DENSE_W1, DENSE_W3, DENSE_W2));
    } else {
      addNetworks(spec, roles);
    }
    addIf(architecture.has(Trait.OUTPUT_NORMS), roles, FFN_OUTPUT_NORM);
    addIf(spec.layering().inputDim() > 0, roles, INPUT_GATE, INPUT_PROJECTION, INPUT_NORM);
    addIf(architecture.has(Trait.LAYER_SCALES), roles, LAYER_SCALE);
    return roles;
  }

  private static void addNetworks(ModelSpec spec, List<TensorRole> roles) {
    Architecture architecture = spec.architecture();
    addIf(architecture.has(Trait.ROUTER_NORM), roles, ROUTER_NORM);
    addIf(architecture.has(Trait.EXPERTS), roles, ROUTER);
    boolean biases = architecture.has(Trait.EXPERT_BIASES);
    addIf(biases, roles, ROUTER_BIAS);
    addIf(architecture.has(Trait.CHOICE_BIAS), roles, CHOICE_BIAS);
    addIf(architecture.has(Trait.EXPERT_SCALES), roles, EXPERT_SCALES);
    boolean norms = spec.feedForwardSums() > 1;
    addIf(norms, roles, EXPERTS_NORM);
    roles.addAll(List.of(W1, W3, W2));
    addIf(biases, roles, W1_BIAS, W3_BIAS, W2_BIAS);
    addIf(norms, roles, EXPERTS_OUTPUT_NORM);
    boolean shared = spec.mixture().shared() > 0;
    addIf(shared, roles, SHARED_W1, SHARED_W3, SHARED_W2);
    addIf(shared && architecture.has(Trait.SHARED_EXPERT_GATE), roles, SHARED_GATE);
    addIf(norms, roles, SHARED_OUTPUT_NORM);
  }

  private static void addAttention(
      LayerAttention attention, int layer, Architecture architecture, List<TensorRole> roles) {
    boolean ownKeys = attention.source() == layer;
    boolean ownValues = ownKeys && !attention.keysAreValues();
    roles.add(architecture.has(Trait.ATTENTION_GATES) ? GATED_WQ : WQ);
    addIf(ownKeys, roles, WK);
    addIf(ownValues, roles, WV);
    boolean biases = architecture.has(Trait.ATTENTION_BIAS);
    addIf(biases, roles, QUERY_BIAS);
    addIf(biases && ownKeys, roles, KEY_BIAS);
    addIf(biases && ownValues, roles, VALUE_BIAS);
    boolean norms = architecture.has(Trait.HEAD_NORMS);
    addIf(norms, roles, QUERY_NORM);
    addIf(norms && ownKeys, roles, KEY_NORM);
    addIf(architecture.has(Trait.ATTENTION_SINKS), roles, ATTENTION_SINKS);
    roles.add(WO);
    addIf(architecture.has(Trait.ATTENTION_OUTPUT_BIAS), roles, ATTENTION_OUTPUT_BIAS);
  }

  private static void addIf(boolean has, List<TensorRole> roles, TensorRole... more) {
    if (has) {
      roles.addAll(List.of(more));
    }
  }
}
