package dllama.format.gguf;

import dllama.error.UserException;
import dllama.files.OutputFile;
import dllama.format.dllama.DllamaLayout;
import dllama.format.file.Progress;
import dllama.format.file.RowSource;
import dllama.format.file.Tensor;
import dllama.format.file.TensorOutput;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Activation;
import dllama.model.Rope;
import dllama.tensor.DType;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Writes a Llama model as a GGUF file that llama.cpp loads, so that both programs can be measured
/// on the same weights: the tensors of the `.m` file, in its order, with the same bytes.
///
/// No byte needs to change: ggml's blocks of Q4_0 and Q8_0 are the same, and for `llama` it rotates
/// adjacent pairs, for which the rows of wq and wk of a `.m` file are ordered. The scaling of
/// llama3.1 is a tensor there, of divisors of the frequencies.
public final class GgufWriter {
  /// llama.cpp's number for "mostly this type".
  private static final Map<DType, Integer> FILE_TYPES =
      Map.ofEntries(
          Map.entry(DType.F32, 0),
          Map.entry(DType.F16, 1),
          Map.entry(DType.BF16, 32),
          Map.entry(DType.Q4_0, 2),
          Map.entry(DType.Q4_1, 3),
          Map.entry(DType.Q5_0, 8),
          Map.entry(DType.Q5_1, 9),
          Map.entry(DType.Q8_0, 7),
          Map.entry(DType.Q2_K, 10),
          Map.entry(DType.Q3_K, 12),
          Map.entry(DType.Q4_K, 15),
          Map.entry(DType.Q5_K, 17),
          Map.entry(DType.Q6_K, 18),
          Map.entry(DType.IQ4_NL, 25),
          Map.entry(DType.IQ4_XS, 30),
          Map.entry(DType.MXFP4, 38));

  private GgufWriter() {}

  /// Writes a model.
  ///
  /// @throws UserException if the file can not be written, or the format can not hold this model
  public static void write(
      Path path, ModelSpec spec, Vocabulary vocabulary, RowSource source, Progress progress) {
    GgufHeaderWriter header = header(spec, vocabulary);
    ByteBuffer start = header.bytes();
    long total = start.remaining() + header.dataBytes();
    try (OutputFile file = OutputFile.create(path, total)) {
      TensorOutput output = new TensorOutput(file, total, progress);
      output.write(start);
      List<Tensor> tensors = DllamaLayout.of(spec).tensors();
      for (int index = 0; index < tensors.size(); index++) {
        output.write(tensors.get(index), index, source);
        output.pad(GgufHeaderWriter.ALIGNMENT);
      }
      if (spec.rope().scaling() != Rope.Scaling.NONE) {
        output.write(ropeFactors(spec));
        output.pad(GgufHeaderWriter.ALIGNMENT);
      }
      file.finish();
    }
  }

  private static GgufHeaderWriter header(ModelSpec spec, Vocabulary vocabulary) {
    if (!spec.architecture().equals(Architecture.LLAMA) || spec.activation() != Activation.SILU) {
      throw new UserException(
          "a GGUF file can be written of llama models with SiLU only, not of %s with %s"
              .formatted(spec.architecture().name(), spec.activation()));
    }
    GgufHeaderWriter header = new GgufHeaderWriter();
    header
        .put("general.architecture", "llama")
        .put("general.name", "synthetic")
        .put("general.alignment", GgufHeaderWriter.ALIGNMENT)
        .put("general.quantization_version", 2)
        .put("general.file_type", fileType(spec.types().matrices()))
        .put("llama.vocab_size", spec.vocabSize())
        .put("llama.context_length", spec.contextLength())
        .put("llama.embedding_length", spec.dim())
        .put("llama.block_count", spec.layers())
        .put("llama.feed_forward_length", spec.ffnDim())
        .put("llama.attention.head_count", spec.heads())
        .put("llama.attention.head_count_kv", spec.kvHeads())
        .put("llama.attention.key_length", spec.headDim())
        .put("llama.attention.value_length", spec.headDim())
        .put("llama.attention.layer_norm_rms_epsilon", spec.rmsEpsilon())
        .put("llama.rope.dimension_count", spec.headDim())
        .put("llama.rope.freq_base", spec.rope().theta());
    new GgufVocabularyWriter(vocabulary).describe(header);
    for (Tensor tensor : DllamaLayout.of(spec).tensors()) {
      header.tensor(
          GgufNames.of(tensor.role(), tensor.name().layer()),
          type(tensor.dtype()),
          tensor.rows(),
          tensor.cols(),
          tensor.bytes());
    }
    if (spec.rope().scaling() != Rope.Scaling.NONE) {
      int pairs = spec.headDim() / 2;
      header.tensor(GgufNames.ROPE_FACTORS, type(DType.F32), 1, pairs, DType.F32.byteSize(pairs));
    }
    return header;
  }

  /// ggml's number of a type.
  private static int type(DType dtype) {
    return GgmlType.valueOf(dtype.name()).id();
  }

  private static int fileType(DType dtype) {
    Integer number = FILE_TYPES.get(dtype);
    if (number == null) {
      throw new UserException("a GGUF file can not be written with %s weights".formatted(dtype));
    }
    return number;
  }

  static ByteBuffer ropeFactors(ModelSpec spec) {
    int pairs = spec.headDim() / 2;
    Rope unscaled = Rope.unscaled(spec.rope().theta());
    ByteBuffer factors = ByteBuffer.allocate(pairs * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int pair = 0; pair < pairs; pair++) {
      double plain = unscaled.frequency(pair, spec.headDim());
      double scaled = spec.rope().frequency(pair, spec.headDim());
      factors.putFloat((float) (plain / scaled));
    }
    return factors.flip();
  }
}
