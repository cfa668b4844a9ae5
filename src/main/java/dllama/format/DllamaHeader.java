package dllama.format;

import dllama.error.UserException;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Activation;
import dllama.model.ModelSpec.Rope;
import dllama.tensor.DType;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// The header of a `.m` file: numbers of keys and values as distributed-llama defines them.
final class DllamaHeader {
  static final int MAGIC = 0x0A00ABCD;

  static final int ARCH_LLAMA = 0xABCD00;
  private static final int ARCH_QWEN3_OR_GROK1 = 0xABCD01;
  private static final int ARCH_QWEN3_MOE_OR_MIXTRAL = 0xABCD02;

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
  static final int ROPE_LLAMA31 = 2;

  /// Value = position.
  static final List<DType> WEIGHT_TYPES = List.of(DType.F32, DType.F16, DType.Q40, DType.Q80);

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

  private DllamaHeader(InputFile file, KeyValueHeader header) {
    this.file = file;
    this.header = header;
  }

  static DllamaHeader read(InputFile file) {
    int magic = KeyValueHeader.magic(file);
    if (magic == 0xABCD00 || magic == 0xABCD01) {
      throw file.refused(
          "its old header (magic 0x%X) is not supported yet".formatted(magic),
          "convert the model with distributed-llama 0.11 or newer");
    }
    if (magic != MAGIC) {
      throw file.refused(
          "magic number 0x%08X is not that of a .m file".formatted(magic),
          "name a .m file made by the converter");
    }
    return new DllamaHeader(file, KeyValueHeader.read(file, NAMES));
  }

  /// Where the weights start.
  int size() {
    return header.size();
  }

  /// What the header describes.
  ModelSpec spec() {
    Architecture architecture = architecture();
    DType weightType = weightType();
    int dim = header.require(DIM);
    int ffnDim = header.require(FFN_DIM);
    int layers = header.require(LAYERS);
    int heads = header.require(HEADS);
    int kvHeads = header.require(KV_HEADS);
    int headDim = headDim(dim, heads);
    int vocabSize = header.require(VOCAB_SIZE);
    int contextLength = header.require(CONTEXT_LENGTH);
    float epsilon = header.optional(EPSILON, 5, 5, 6) == 5 ? 1e-5f : 1e-6f;
    boolean gelu = header.optional(ACTIVATION, 1, 0, 1) == 0;
    Rope rope = rope();
    return checked(
        () ->
            new ModelSpec(
                architecture,
                weightType,
                dim,
                ffnDim,
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

  private Architecture architecture() {
    int arch = header.require(ARCH);
    Architecture architecture =
        switch (arch) {
          case ARCH_LLAMA -> Architecture.LLAMA;
          case ARCH_QWEN3_OR_GROK1 -> throw unsupported(arch, "Qwen 3 or Grok-1");
          case ARCH_QWEN3_MOE_OR_MIXTRAL -> throw unsupported(arch, "Qwen 3 MoE or Mixtral");
          default -> throw unsupported(arch, "unknown");
        };
    int experts = header.get(EXPERTS, 0);
    if (experts != 0) {
      throw file.refused(
          "experts=%d does not go with arch llama".formatted(experts), "use a dense Llama model");
    }
    return architecture;
  }

  private UserException unsupported(int arch, String what) {
    return file.refused(
        "arch 0x%X (%s) is not supported".formatted(arch, what), "use a Llama model");
  }

  private DType weightType() {
    return WEIGHT_TYPES.get(header.require(WEIGHT_TYPE, 0, WEIGHT_TYPES.size() - 1));
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

  private Rope rope() {
    int theta = header.get(ROPE_THETA, 10_000);
    int type = header.get(ROPE_TYPE, ROPE_LLAMA);
    switch (type) {
      case ROPE_LLAMA -> {
        return checked(() -> Rope.unscaled(theta));
      }
      case ROPE_LLAMA31 -> {
        int factor = header.require(ROPE_FACTOR);
        int low = header.require(ROPE_LOW);
        int high = header.require(ROPE_HIGH);
        int original = header.require(ROPE_ORIGINAL);
        return checked(() -> new Rope(theta, factor, low, high, original));
      }
      default ->
          throw file.refused(
              "ropeType=%d does not go with arch llama".formatted(type), "convert the model again");
    }
  }
}
