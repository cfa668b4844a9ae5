package dllama.settings;

import dllama.error.UserException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Optional;
import java.util.OptionalLong;

/// The model and how it is held in memory. Empty means chosen when the model is known.
///
/// @param prefillBatch tokens of a prompt computed together
/// @param kvMemory bytes of a node for keys and values
public record ModelSettings(
    Optional<Path> model,
    Optional<Path> tokenizer,
    Optional<String> arch,
    Optional<FloatType> weightsFloatType,
    Optional<FloatType> bufferFloatType,
    Optional<FloatType> kvFloatType,
    Optional<Integer> maxSeqLen,
    Optional<Integer> prefillBatch,
    OptionalLong kvMemory) {
  private static final int DEFAULT_CONTEXT = 4096;

  static ModelSettings from(Values values) {
    return new ModelSettings(
        values.pathIfAny("model"),
        values.pathIfAny("tokenizer"),
        values.unlessAuto("arch", Values::text),
        values.unlessAuto(
            "weights-float-type", (v, key) -> v.choice(key, EnumSet.allOf(FloatType.class))),
        values.unlessAuto(
            "buffer-float-type",
            (v, key) -> v.choice(key, EnumSet.of(FloatType.F32, FloatType.Q8_0))),
        values.unlessAuto(
            "kv-float-type", (v, key) -> v.choice(key, EnumSet.of(FloatType.F32, FloatType.F16))),
        values.unlessAuto("max-seq-len", (v, key) -> v.integer(key, 1, 1 << 24)),
        values.unlessAuto("prefill-batch", (v, key) -> v.integer(key, 1, 4096)),
        values
            .unlessAuto("kv-memory", Values::size)
            .map(OptionalLong::of)
            .orElseGet(OptionalLong::empty));
  }

  /// These settings with other files.
  public ModelSettings with(Optional<Path> otherModel, Optional<Path> otherTokenizer) {
    return new ModelSettings(
        otherModel,
        otherTokenizer,
        arch,
        weightsFloatType,
        bufferFloatType,
        kvFloatType,
        maxSeqLen,
        prefillBatch,
        kvMemory);
  }

  /// Type of the exchanged partials of a model.
  ///
  /// @param quantized whether some of its weights are
  public FloatType bufferFloatType(boolean quantized) {
    return bufferFloatType.orElse(quantized ? FloatType.Q8_0 : FloatType.F32);
  }

  /// Type of the key/value cache of a model.
  ///
  /// @param exact whether all of its weights are F32
  public FloatType kvFloatType(boolean exact) {
    return kvFloatType.orElse(exact ? FloatType.F32 : FloatType.F16);
  }

  /// Positions to reserve for a model whose own context is `modelContext` long.
  ///
  /// @throws UserException if more are asked for than the model has
  public int contextLength(int modelContext) {
    int wanted = maxSeqLen.orElse(Math.min(modelContext, DEFAULT_CONTEXT));
    if (wanted > modelContext) {
      throw new UserException(
          "--max-seq-len %d is more than this model's context of %d"
              .formatted(wanted, modelContext));
    }
    return wanted;
  }
}
