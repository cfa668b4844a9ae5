package dllama.format.dllama;

import dllama.error.UserException;
import dllama.files.OutputFile;
import dllama.format.file.Progress;
import dllama.format.file.RowSource;
import dllama.format.file.Tensor;
import dllama.format.file.TensorOutput;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Activation;
import dllama.model.Rope;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Writes `.m` files of any size with little memory. Keys come in the order of distributed-llama's
/// converter; those that its older versions refuse only where their values are not the default.
public final class DllamaWriter {
  private DllamaWriter() {}

  /// Writes a model.
  ///
  /// @throws UserException if the file can not be written, or the format can not hold this model
  public static void write(Path path, ModelSpec spec, RowSource source, Progress progress) {
    ByteBuffer header = header(spec);
    DllamaLayout layout = DllamaLayout.of(spec);
    long total = header.remaining() + layout.bytes();
    try (OutputFile file = OutputFile.create(path, total)) {
      TensorOutput output = new TensorOutput(file, total, progress);
      output.write(header);
      List<Tensor> tensors = layout.tensors();
      for (int index = 0; index < tensors.size(); index++) {
        output.write(tensors.get(index), index, source);
      }
      file.finish();
    }
  }

  /// The number of the type that all matrices have.
  private static int weightType(ModelSpec spec) {
    int number = DllamaHeader.WEIGHT_TYPES.indexOf(spec.types().matrices());
    if (number < 0 || !spec.types().others().isEmpty()) {
      throw new UserException(
          "a .m file holds weights of one type, %s, not %s"
              .formatted(DllamaHeader.WEIGHT_TYPES, spec.weightTypes()));
    }
    return number;
  }

  /// The whole header, magic and size included.
  static ByteBuffer header(ModelSpec spec) {
    Map<Integer, Integer> keys = new LinkedHashMap<>();
    keys.put(DllamaHeader.VERSION, 0);
    keys.put(DllamaHeader.ARCH, DllamaHeader.id(spec.architecture()));
    keys.put(DllamaHeader.ACTIVATION, spec.activation() == Activation.GELU ? 0 : 1);
    keys.put(DllamaHeader.DIM, spec.dim());
    keys.put(DllamaHeader.FFN_DIM, spec.ffnDim());
    keys.put(DllamaHeader.LAYERS, spec.layers());
    keys.put(DllamaHeader.HEADS, spec.heads());
    keys.put(DllamaHeader.KV_HEADS, spec.kvHeads());
    keys.put(DllamaHeader.WEIGHT_TYPE, weightType(spec));
    keys.put(DllamaHeader.CONTEXT_LENGTH, spec.contextLength());
    keys.put(DllamaHeader.VOCAB_SIZE, spec.vocabSize());
    keys.put(DllamaHeader.EXPERTS, spec.experts());
    keys.put(DllamaHeader.ACTIVE_EXPERTS, spec.activeExperts());
    Rope rope = spec.rope();
    keys.put(DllamaHeader.ROPE_THETA, (int) rope.theta());
    if (rope.scaling() == Rope.Scaling.LLAMA31) {
      keys.put(DllamaHeader.ROPE_FACTOR, (int) rope.factor());
      keys.put(DllamaHeader.ROPE_LOW, (int) rope.low());
      keys.put(DllamaHeader.ROPE_HIGH, (int) rope.high());
      keys.put(DllamaHeader.ROPE_ORIGINAL, rope.originalContextLength());
      keys.put(DllamaHeader.ROPE_TYPE, DllamaHeader.ROPE_LLAMA31);
    }
    boolean defaults = spec.headDim() * spec.heads() == spec.dim() && spec.rmsEpsilon() == 1e-5f;
    // These keys tell one meaning of an architecture's id from the other.
    boolean needsKeys = DllamaHeader.id(spec.architecture()) != DllamaHeader.id(Architecture.LLAMA);
    if (DllamaHeader.V0_10.contains(spec.architecture())) {
      if (!defaults) {
        throw new UserException(
            "a .m file can not tell headDim=%d and rmsEpsilon=%s of a %s model"
                .formatted(spec.headDim(), spec.rmsEpsilon(), spec.architecture().name()));
      }
    } else if (needsKeys || !defaults) {
      keys.put(DllamaHeader.HEAD_DIM, spec.headDim());
      keys.put(DllamaHeader.EPSILON, spec.rmsEpsilon() == 1e-5f ? 5 : 6);
    }
    if (spec.experts() > 0 && !DllamaHeader.V0_10.contains(spec.architecture())) {
      keys.put(DllamaHeader.MOE_FFN_DIM, spec.ffnDim());
    }
    return KeyValueHeader.bytes(DllamaHeader.MAGIC, keys);
  }
}
