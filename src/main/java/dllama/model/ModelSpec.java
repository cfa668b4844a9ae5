package dllama.model;

import dllama.error.UserException;
import dllama.tensor.DType;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;

/// Hyperparameters of a model. Names are those of the glossary in docs/ARCHITECTURE.md; all sizes
/// in elements.
///
/// `ffnDim` is the width of the feed-forward network, with experts that of each of them; a dense
/// model has `experts` and `activeExperts` of 0. `kvHeads`, `headDim` and `rope` are those of
/// layers that see everything, `ffnDim` is that of the widest layer: [#attention] and
/// [#ffnDim(int)] tell what a layer has.
///
/// A spec comes from a file or from another node, so it is checked where it is made: whoever holds
/// one may multiply its sizes as `long` and allocate lists of `layers` without fear.
public record ModelSpec(
    Architecture architecture,
    TensorTypes types,
    int dim,
    int ffnDim,
    int experts,
    int activeExperts,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    int vocabSize,
    int contextLength,
    float rmsEpsilon,
    Activation activation,
    Rope rope,
    Sliding sliding,
    Scales scales,
    Mixture mixture,
    Layering layering,
    DeltaNet deltaNet) {

  /// What the feed-forward network makes of gate g and up u.
  public enum Activation {
    /// gelu(g) · u
    GELU,
    /// silu(g) · u
    SILU,
    /// min(g, 7) · sigmoid(1.702 · min(g, 7)) · (clamp(u, −7, 7) + 1), as gpt-oss has it
    CLAMPED
  }

  public ModelSpec {
    if (architecture.has(Architecture.Trait.ROPE_IN_SLIDING_LAYERS) && sliding.window() > 0) {
      rope = Rope.NONE;
    }
    range("dim", dim, 1, 1 << 18);
    range("ffnDim", ffnDim, 1, 1 << 20);
    range("layers", layers, 1, 1 << 10);
    range("heads", heads, 1, 1 << 12);
    checkHeads(heads, kvHeads, headDim);
    checkHeads(heads, sliding.kvHeadsOr(kvHeads), sliding.headDimOr(headDim));
    range("vocabSize", vocabSize, 1, 1 << 24);
    range("contextLength", contextLength, 1, 1 << 28);
    positive("rmsEpsilon", rmsEpsilon);
    if (!rope.fits(headDim)) {
      throw new UserException(
          "model header: headDim=%d does not go with rope factors of %d pairs"
              .formatted(headDim, rope.factors().size()));
    }
    if (!sliding.fits(layers, headDim)) {
      throw new UserException(
          "model header: layers=%d do not go with %d that slide or not"
              .formatted(layers, sliding.layers().size()));
    }
    layering.check(layers, ffnDim, sliding);
    boolean deltaNets = architecture.has(Architecture.Trait.DELTA_NETS);
    if (!deltaNet.fits(layers) || (deltaNet.exists() && !deltaNets)) {
      throw new UserException(
          "model header: layers=%d of architecture %s do not go with %d that have delta networks or not"
              .formatted(layers, architecture.name(), deltaNet.layers().size()));
    }
    if (architecture.has(Architecture.Trait.EXPERTS)) {
      range("experts", experts, 1, 1 << 10);
      range("activeExperts", activeExperts, 1, experts);
      range("layers * experts", layers * experts, 1, 1 << 16);
    } else if (experts != 0 || activeExperts != 0) {
      throw new UserException(
          "model header: experts=%d of which %d are active do not go with architecture %s, which has none"
              .formatted(experts, activeExperts, architecture.name()));
    }
    if (mixture.denseLayers() > 0
        && (mixture.denseLayers() >= layers
            || !architecture.has(Architecture.Trait.DENSE_LAYERS))) {
      throw new UserException(
          "model header: %d layers without experts of %d do not go with architecture %s"
              .formatted(mixture.denseLayers(), layers, architecture.name()));
    }
    if (mixture.shared() > 0 && !architecture.has(Architecture.Trait.SHARED_EXPERT)) {
      throw new UserException(
          "model header: a shared expert does not go with architecture %s"
              .formatted(architecture.name()));
    }
    if (!types.fit(layers)) {
      throw new UserException("model header: layers=%d have %s".formatted(layers, types));
    }
    for (TensorRole role : TensorRole.values()) {
      if (!role.mayBeIn(architecture, mixture, layering, deltaNet)) {
        continue;
      }
      for (int layer = 0; layer < (role.isInLayer() ? layers : 1); layer++) {
        DType type = type(architecture, types, new TensorRole.Name(role, layer));
        boolean slides = sliding.at(layer);
        switch (role.cols()) {
          case DIM -> wholeBlocks(role, dim, type);
          case QUERY ->
              wholeBlocks(role, heads * (slides ? sliding.headDimOr(headDim) : headDim), type);
          case FFN ->
              wholeBlocks(
                  role,
                  layering.ffnDims().isEmpty() ? ffnDim : layering.ffnDims().get(layer),
                  type);
          case SHARED_FFN -> wholeBlocks(role, mixture.shared(), type);
          case DENSE_FFN -> wholeBlocks(role, mixture.dense(), type);
          case INPUT -> wholeBlocks(role, layering.inputDim(), type);
          case ALL_INPUTS -> wholeBlocks(role, layers * layering.inputDim(), type);
          case DELTA_VALUE -> wholeBlocks(role, deltaNet.valueDim(), type);
          default -> {} // of vectors
        }
      }
    }
  }

  /// Checks a model that has the scales and the mixture of its architecture, and in which nothing
  /// slides.
  public ModelSpec(
      Architecture architecture,
      TensorTypes types,
      int dim,
      int ffnDim,
      int experts,
      int activeExperts,
      int layers,
      int heads,
      int kvHeads,
      int headDim,
      int vocabSize,
      int contextLength,
      float rmsEpsilon,
      Activation activation,
      Rope rope) {
    this(
        architecture,
        types,
        dim,
        ffnDim,
        experts,
        activeExperts,
        layers,
        heads,
        kvHeads,
        headDim,
        vocabSize,
        contextLength,
        rmsEpsilon,
        activation,
        rope,
        Sliding.NONE,
        architecture.scales(dim),
        architecture.mixture(),
        Layering.NONE,
        DeltaNet.NONE);
  }

  /// Checks one whose matrices are all of one type, too.
  public ModelSpec(
      Architecture architecture,
      DType weightType,
      int dim,
      int ffnDim,
      int experts,
      int activeExperts,
      int layers,
      int heads,
      int kvHeads,
      int headDim,
      int vocabSize,
      int contextLength,
      float rmsEpsilon,
      Activation activation,
      Rope rope) {
    this(
        architecture,
        TensorTypes.all(weightType),
        dim,
        ffnDim,
        experts,
        activeExperts,
        layers,
        heads,
        kvHeads,
        headDim,
        vocabSize,
        contextLength,
        rmsEpsilon,
        activation,
        rope);
  }

  /// The same model with weights of other types, and positions turned otherwise.
  public ModelSpec with(TensorTypes otherTypes, Rope otherRope) {
    return with(otherTypes, otherRope, sliding, scales, mixture, layering, deltaNet);
  }

  /// The same model with layers that slide, or do not.
  public ModelSpec with(Sliding other) {
    return with(types, rope, other, scales, mixture, layering, deltaNet);
  }

  /// The same model with another mixture of its experts.
  public ModelSpec with(Mixture other) {
    return with(types, rope, sliding, scales, other, layering, deltaNet);
  }

  /// The same model with layers that differ, or have more.
  public ModelSpec with(Layering other) {
    return with(types, rope, sliding, scales, mixture, other, deltaNet);
  }

  /// The same model with other scales.
  public ModelSpec with(Scales other) {
    return with(types, rope, sliding, other, mixture, layering, deltaNet);
  }

  /// The same model with delta networks in some layers.
  public ModelSpec with(DeltaNet other) {
    return with(types, rope, sliding, scales, mixture, layering, other);
  }

  private ModelSpec with(
      TensorTypes otherTypes,
      Rope otherRope,
      Sliding otherSliding,
      Scales otherScales,
      Mixture otherMixture,
      Layering otherLayering,
      DeltaNet otherDeltaNet) {
    return new ModelSpec(
        architecture,
        otherTypes,
        dim,
        ffnDim,
        experts,
        activeExperts,
        layers,
        heads,
        kvHeads,
        headDim,
        vocabSize,
        contextLength,
        rmsEpsilon,
        activation,
        otherRope,
        otherSliding,
        otherScales,
        otherMixture,
        otherLayering,
        otherDeltaNet);
  }

  /// What the attention of a layer is like.
  public LayerAttention attention(int layer) {
    boolean slides = sliding.at(layer);
    return new LayerAttention(
        slides ? sliding.headDimOr(headDim) : headDim,
        slides ? sliding.kvHeadsOr(kvHeads) : kvHeads,
        slides ? sliding.window() : 0,
        slides ? sliding.rope() : rope,
        layering.source(layer, layers, sliding),
        !slides && layering.keysAreValues());
  }

  /// What all layers' numbers of key and value heads are multiples of: query heads can be cut where
  /// those of none are.
  public int commonKvHeads() {
    return BigInteger.valueOf(kvHeads)
        .gcd(BigInteger.valueOf(sliding.kvHeadsOr(kvHeads)))
        .intValue();
  }

  /// Width of the feed-forward network of a layer, or of each of its experts.
  public int ffnDim(int layer) {
    return layering.ffnDims().isEmpty() ? ffnDim : layering.ffnDims().get(layer);
  }

  /// Sums that the feed-forward part of a layer comes to: two where what the shared expert gives is
  /// normed apart from what the others give.
  public int feedForwardSums() {
    boolean apart = architecture.has(Architecture.Trait.SHARED_EXPERT_NORMS);
    return apart && mixture.shared() > 0 ? 2 : 1;
  }

  /// The type of a tensor.
  public DType type(TensorRole.Name name) {
    return type(architecture, types, name);
  }

  private static DType type(Architecture architecture, TensorTypes types, TensorRole.Name name) {
    boolean plain = name.role().isPlain(architecture) && !types.names(name.role());
    return plain ? DType.F32 : types.of(name);
  }

  /// The types that tensors of these roles have in any layer, each once.
  public List<DType> typesOf(TensorRole... roles) {
    return Arrays.stream(roles)
        .flatMap(role -> types.kinds().stream().map(layer -> new TensorRole.Name(role, layer)))
        .map(this::type)
        .distinct()
        .toList();
  }

  /// Types of those matrices that are not F32 in any case, each once.
  public List<DType> weightTypes() {
    return typesOf(
        TensorRole.ofAnyLayer(this).stream()
            .filter(TensorRole::isMultiplied)
            .filter(role -> types.names(role) || !role.isPlain(architecture))
            .toArray(TensorRole[]::new));
  }

  /// Whether a model of these sizes could have weights of this type.
  public boolean holdsBlocksOf(DType type) {
    int size = type.blockSize();
    return dim % size == 0
        && heads * headDim % size == 0
        && heads * sliding.headDimOr(headDim) % size == 0
        && ffnDim % size == 0
        && layering.ffnDims().stream().allMatch(width -> width % size == 0)
        && mixture.shared() % size == 0
        && mixture.dense() % size == 0
        && layering.inputDim() % size == 0
        && deltaNet.valueDim() % size == 0;
  }

  /// Width of all query heads together, in layers that see everything.
  public int qDim() {
    return heads * headDim;
  }

  /// Width of all key heads together, and of all value heads, in layers that see everything.
  public int kvDim() {
    return kvHeads * headDim;
  }

  /// Numbers that the model is made of.
  public long parameters() {
    return TensorRole.ofModel(this).stream().mapToLong(this::values).sum();
  }

  /// Bytes that these take in a file.
  public long weightBytes() {
    return TensorRole.ofModel(this).stream()
        .mapToLong(name -> type(name).byteSize(values(name)))
        .sum();
  }

  private long values(TensorRole.Name name) {
    return (long) name.rows(this) * name.cols(this);
  }

  /// Feed-forward networks of a layer: its experts, or the one of a dense model.
  public int feedForwards() {
    return Math.max(1, experts);
  }

  private static void checkHeads(int heads, int kvHeads, int headDim) {
    range("kvHeads", kvHeads, 1, heads);
    range("headDim", headDim, 2, 1 << 12);
    range("heads * headDim", heads * headDim, 2, 1 << 20);
    if (heads % kvHeads != 0) {
      throw new UserException(
          "model header: heads=%d is not a multiple of kvHeads=%d".formatted(heads, kvHeads));
    }
    if (headDim % 2 != 0) {
      throw new UserException("model header: headDim=%d is odd".formatted(headDim));
    }
  }

  private static void range(String what, int value, int min, int max) {
    if (value < min || value > max) {
      throw new UserException(
          "model header: %s=%d is outside %d to %d".formatted(what, value, min, max));
    }
  }

  private static void positive(String what, float value) {
    if (!(value > 0) || Float.isInfinite(value)) {
      throw new UserException("model header: %s=%s must be positive".formatted(what, value));
    }
  }

  private static void wholeBlocks(TensorRole role, int value, DType type) {
    if (value % type.blockSize() != 0) {
      throw new UserException(
          "model header: %s=%d is not a multiple of %d, as %s weights need"
              .formatted(role.cols().text(), value, type.blockSize(), type));
    }
  }
}
