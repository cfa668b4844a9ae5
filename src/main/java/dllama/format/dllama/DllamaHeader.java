package dllama.format.dllama;

import dllama.error.UserException;
import dllama.format.file.FileKind;
import dllama.format.file.InputFile;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Activation;
import dllama.model.Rope;
import dllama.tensor.DType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/// The header of a `.m` file, of keys and values or of the older fixed kind: numbers as
/// distributed-llama defines them.
final class DllamaHeader {
  static final int MAGIC = 0x0A00ABCD;

  /// Architectures by id. Those from 0xDA0000 on are our own; distributed-llama has no such model.
  private static final Map<Integer, Architecture> ARCHITECTURES =
      Map.of(
          0xABCD00, Architecture.LLAMA,
          0xABCD01, Architecture.QWEN3,
          0xABCD02, Architecture.QWEN3_MOE,
          0xDA0000, Architecture.QWEN2);

  /// What the same ids meant up to distributed-llama 0.10.6.
  private static final Map<Integer, Architecture> ARCHITECTURES_V0_10 =
      Map.of(
          0xABCD00, Architecture.LLAMA,
          0xABCD01, Architecture.GROK1,
          0xABCD02, Architecture.MIXTRAL);

  /// Those whose files are as distributed-llama 0.10.6 read them.
  static final Set<Architecture> V0_10 = Set.of(Architecture.GROK1, Architecture.MIXTRAL);

  static final int VERSION = 0;
  static final int ARCH = 1;
  static final int DIM = 2;
  static final int FFN_DIM = 3;
  static final int LAYERS = 4;
  static final int HEADS = 5;
  static final int KV_HEADS = 6;
  static final int EXPERTS = 7;
  static final int ACTIVE_EXPERTS = 8;
  static final int VOCAB_SIZE = 9;
  static final int CONTEXT_LENGTH = 10;
  static final int ACTIVATION = 11;
  static final int ROPE_THETA = 12;
  static final int WEIGHT_TYPE = 13;
  static final int ROPE_FACTOR = 14;
  static final int ROPE_LOW = 15;
  static final int ROPE_HIGH = 16;
  static final int ROPE_ORIGINAL = 17;
  static final int ROPE_TYPE = 18;
  static final int HEAD_DIM = 19;
  static final int EPSILON = 20;
  static final int MOE_FFN_DIM = 21;

  private static final int ROPE_LLAMA = 0;
  private static final int ROPE_FALCON = 1;
  static final int ROPE_LLAMA31 = 2;

  /// What follows the magic number of the old fixed header, which is the id of the architecture.
  private static final List<Integer> FIXED =
      List.of(
          DIM,
          FFN_DIM,
          LAYERS,
          HEADS,
          KV_HEADS,
          EXPERTS,
          ACTIVE_EXPERTS,
          VOCAB_SIZE,
          CONTEXT_LENGTH);

  private static final int MAGIC_LLAMA = 0xABCD00;
  private static final int MAGIC_GROK1 = 0xABCD01;

  /// Value = position.
  static final List<DType> WEIGHT_TYPES = List.of(DType.F32, DType.F16, DType.Q4_0, DType.Q8_0);

  private static final Map<Integer, String> NAMES =
      Map.ofEntries(
          Map.entry(VERSION, "version"),
          Map.entry(ARCH, "arch"),
          Map.entry(DIM, "dim"),
          Map.entry(FFN_DIM, "ffnDim"),
          Map.entry(LAYERS, "layers"),
          Map.entry(HEADS, "heads"),
          Map.entry(KV_HEADS, "kvHeads"),
          Map.entry(EXPERTS, "experts"),
          Map.entry(ACTIVE_EXPERTS, "activeExperts"),
          Map.entry(VOCAB_SIZE, "vocabSize"),
          Map.entry(CONTEXT_LENGTH, "contextLength"),
          Map.entry(ACTIVATION, "activation"),
          Map.entry(ROPE_THETA, "ropeTheta"),
          Map.entry(WEIGHT_TYPE, "weightType"),
          Map.entry(ROPE_FACTOR, "ropeFactor"),
          Map.entry(ROPE_LOW, "ropeLowFrequency"),
          Map.entry(ROPE_HIGH, "ropeHighFrequency"),
          Map.entry(ROPE_ORIGINAL, "ropeOriginalContextLength"),
          Map.entry(ROPE_TYPE, "ropeType"),
          Map.entry(HEAD_DIM, "headDim"),
          Map.entry(EPSILON, "rmsEpsilon"),
          Map.entry(MOE_FFN_DIM, "moeFfnDim"));

  private final InputFile file;
  private final KeyValueHeader header;
  private final Architecture told;

  private DllamaHeader(InputFile file, KeyValueHeader header, Architecture told) {
    this.file = file;
    this.header = header;
    this.told = told;
  }

  static DllamaHeader read(InputFile file) {
    int magic = KeyValueHeader.magic(file);
    return switch (magic) {
      case MAGIC_LLAMA, MAGIC_GROK1 ->
          new DllamaHeader(
              file,
              KeyValueHeader.fixed(file, NAMES, FIXED),
              magic == MAGIC_LLAMA ? Architecture.LLAMA : Architecture.GROK1);
      case MAGIC -> {
        KeyValueHeader header = KeyValueHeader.read(file, NAMES);
        yield new DllamaHeader(file, header, architecture(file, header));
      }
      default -> throw FileKind.refused(file, ".m");
    };
  }

  /// The id of an architecture, if it has one.
  static Optional<Integer> id(Architecture architecture) {
    Map<Integer, Architecture> known =
        V0_10.contains(architecture) ? ARCHITECTURES_V0_10 : ARCHITECTURES;
    return known.entrySet().stream()
        .filter(entry -> entry.getValue().equals(architecture))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  /// The last three keys came after the meaning of the ids had changed, and Qwen's converter writes
  /// all of them that its models need.
  private static Architecture architecture(InputFile file, KeyValueHeader header) {
    int id = header.require(ARCH);
    boolean old = !header.has(HEAD_DIM) && !header.has(EPSILON) && !header.has(MOE_FFN_DIM);
    Architecture architecture = (old ? ARCHITECTURES_V0_10 : ARCHITECTURES).get(id);
    if (architecture == null) {
      throw file.refused(
          "architecture 0x%X is not known".formatted(id),
          "it needs a newer version of this program");
    }
    return architecture;
  }

  /// The architecture, which the header tells unless the user does.
  Architecture architecture(Optional<Architecture> hint) {
    return hint.orElse(told);
  }

  /// The type of the weights; empty if neither the header nor the user tells.
  Optional<DType> weightType(Optional<DType> hint) {
    if (!header.has(WEIGHT_TYPE)) {
      return hint;
    }
    DType type = WEIGHT_TYPES.get(header.require(WEIGHT_TYPE, 0, WEIGHT_TYPES.size() - 1));
    if (hint.isPresent() && hint.get() != type) {
      throw file.refused(
          "it has %s weights, not %s".formatted(type, hint.get()),
          "leave --weights-float-type out");
    }
    return Optional.of(type);
  }

  /// Where the weights start.
  int size() {
    return header.size();
  }

  /// What the header describes, as a model of `architecture`.
  ModelSpec spec(Architecture architecture, DType weightType) {
    int dim = header.require(DIM);
    int ffnDim = header.has(MOE_FFN_DIM) ? moeFfnDim() : header.require(FFN_DIM);
    int experts = header.get(EXPERTS, 0);
    int activeExperts = header.get(ACTIVE_EXPERTS, 0);
    int layers = header.require(LAYERS);
    int heads = header.require(HEADS);
    int kvHeads = header.require(KV_HEADS);
    int headDim = headDim(dim, heads);
    int vocabSize = header.require(VOCAB_SIZE);
    int contextLength = header.require(CONTEXT_LENGTH);
    float epsilon = header.optional(EPSILON, 5, 5, 6) == 5 ? 1e-5f : 1e-6f;
    boolean gelu = header.optional(ACTIVATION, 1, 0, 1) == 0;
    Rope rope = rope(architecture);
    return checked(
        () ->
            new ModelSpec(
                architecture,
                weightType,
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
                epsilon,
                gelu ? Activation.GELU : Activation.SILU,
                rope));
  }

  /// The records of the model check their own values; the file's name is added here.
  private <T> T checked(Supplier<T> values) {
    try {
      return values.get();
    } catch (UserException e) {
      throw file.damaged(String.valueOf(e.getMessage()));
    }
  }

  /// The width of an expert has a key of its own, which dense models carry with a value of 0.
  private int moeFfnDim() {
    int width = header.require(MOE_FFN_DIM);
    return header.get(EXPERTS, 0) > 0 ? width : header.require(FFN_DIM);
  }

  private int headDim(int dim, int heads) {
    if (header.has(HEAD_DIM)) {
      return header.require(HEAD_DIM);
    }
    if (heads <= 0 || dim % heads != 0) {
      throw file.damaged("dim=%d does not divide into heads=%d".formatted(dim, heads));
    }
    return dim / heads;
  }

  /// Which pairs are rotated is a matter of the architecture; the header may repeat it.
  private Rope rope(Architecture architecture) {
    int theta = header.get(ROPE_THETA, 10_000);
    int type = header.get(ROPE_TYPE, ROPE_LLAMA);
    boolean halfSplit = architecture.rope() == Architecture.RopeStyle.HALF_SPLIT;
    switch (type == ROPE_FALCON && halfSplit ? ROPE_LLAMA : type) {
      case ROPE_LLAMA -> {
        return checked(() -> Rope.unscaled(theta));
      }
      case ROPE_LLAMA31 -> {
        int factor = header.require(ROPE_FACTOR);
        int low = header.require(ROPE_LOW);
        int high = header.require(ROPE_HIGH);
        int original = header.require(ROPE_ORIGINAL);
        return checked(() -> Rope.llama31(theta, factor, low, high, original));
      }
      default ->
          throw file.refused(
              "ropeType=%d does not go with architecture %s".formatted(type, architecture.name()),
              "convert the model again");
    }
  }
}
