package dllama.format;

import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Activation;
import dllama.model.ModelSpec.Rope;
import dllama.tensor.DType;
import java.util.List;
import java.util.Map;

/// The header of a `.m` file: numbers of keys and values as distributed-llama defines them.
///
/// Limits are far above every published model and low enough that no product of two of them times
/// the size of an element leaves a long.
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
  private static final int ROPE_FALCON = 1;
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

  private static final int MAX_DIM = 1 << 20;

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

  ModelSpec spec() {
    Architecture architecture = architecture();
    int dim = require(DIM, MAX_DIM);
    int heads = require(HEADS, 1 << 16);
    int kvHeads = require(KV_HEADS, 1 << 16);
    if (heads % kvHeads != 0) {
      throw file.damaged("heads=%d is not a multiple of kvHeads=%d".formatted(heads, kvHeads));
    }
    ModelSpec spec =
        new ModelSpec(
            architecture,
            weightType(),
            dim,
            require(FFN_DIM, 1 << 22),
            require(LAYERS, 1 << 12),
            heads,
            kvHeads,
            headDim(dim, heads),
            require(VOCAB_SIZE, 1 << 22),
            require(CONTEXT_LENGTH, 1 << 27),
            epsilon(),
            activation(),
            rope());
    checkBlocks(spec);
    return spec;
  }

  private Architecture architecture() {
    if (!header.has(ARCH)) {
      throw file.damaged("the header does not tell arch");
    }
    int arch = header.get(ARCH, 0);
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

  private RuntimeException unsupported(int arch, String what) {
    return file.refused(
        "arch 0x%X (%s) is not supported".formatted(arch, what), "use a Llama model");
  }

  private DType weightType() {
    return WEIGHT_TYPES.get(
        header.require(WEIGHT_TYPE, name(WEIGHT_TYPE), 0, WEIGHT_TYPES.size() - 1));
  }

  private int headDim(int dim, int heads) {
    if (!header.has(HEAD_DIM) && dim % heads != 0) {
      throw file.damaged("dim=%d does not divide into heads=%d".formatted(dim, heads));
    }
    int headDim = header.optional(HEAD_DIM, name(HEAD_DIM), dim / heads, 1, 1 << 16);
    if (headDim % 2 != 0 || (long) headDim * heads > MAX_DIM) {
      throw file.damaged("headDim=%d with heads=%d is not possible".formatted(headDim, heads));
    }
    return headDim;
  }

  private float epsilon() {
    return header.optional(EPSILON, name(EPSILON), 5, 5, 6) == 5 ? 1e-5f : 1e-6f;
  }

  private Activation activation() {
    return header.optional(ACTIVATION, name(ACTIVATION), 1, 0, 1) == 0
        ? Activation.GELU
        : Activation.SILU;
  }

  private Rope rope() {
    int theta = header.optional(ROPE_THETA, name(ROPE_THETA), 10_000, 1, Integer.MAX_VALUE);
    int type = header.optional(ROPE_TYPE, name(ROPE_TYPE), ROPE_LLAMA, ROPE_LLAMA, ROPE_LLAMA31);
    if (type == ROPE_FALCON) {
      throw file.refused(
          "ropeType=1 (falcon) does not go with arch llama", "convert the model again");
    }
    if (type == ROPE_LLAMA) {
      return Rope.unscaled(theta);
    }
    int low = require(ROPE_LOW, 1 << 20);
    int high = require(ROPE_HIGH, 1 << 20);
    if (high <= low) {
      throw file.damaged("ropeHighFrequency=%d is not above %d".formatted(high, low));
    }
    return new Rope(
        theta, require(ROPE_FACTOR, 1 << 20), low, high, require(ROPE_ORIGINAL, 1 << 27));
  }

  /// Blocks of 32 values share a scale and never cross the end of a row.
  private void checkBlocks(ModelSpec spec) {
    if (!spec.weightType().quantized()) {
      return;
    }
    for (int cols : new int[] {spec.dim(), spec.qDim(), spec.ffnDim()}) {
      if (cols % DType.BLOCK != 0) {
        throw file.damaged(
            "rows of %d values do not divide into the blocks of 32 of weight type %s"
                .formatted(cols, spec.weightType()));
      }
    }
  }

  private int require(int key, int max) {
    return header.require(key, name(key), 1, max);
  }

  private static String name(int key) {
    return NAMES.getOrDefault(key, "key " + key);
  }
}
