package dllama.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.Conformance;
import dllama.error.UserException;
import dllama.format.dllama.DllamaFile;
import dllama.format.dllama.TokenizerFile;
import dllama.format.dllama.TokenizerWriter;
import dllama.format.file.ModelFile;
import dllama.format.gguf.GgufFile;
import dllama.format.gguf.GgufMetadata;
import dllama.model.ModelSpec;
import dllama.model.QuantizationMix;
import dllama.model.Shapes;
import dllama.model.TensorRole;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import dllama.tokenizer.ChatTemplate;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

class SynthTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @FieldSource("dllama.format.dllama.DllamaHeader#WEIGHT_TYPES")
  void shouldScaleWeightsByTheirColumns(DType type) {
    ModelSpec spec = Shapes.spec("tiny", type);
    Path file = folder.resolve("tiny.m");
    SynthModel.write(file, spec, 3, (bytes, total) -> {});
    try (DllamaFile model = DllamaFile.open(file)) {
      var weights = model.weights();
      int last = spec.layers() - 1;
      for (TensorRole role :
          List.of(TensorRole.WQ, TensorRole.WO, TensorRole.W1, TensorRole.W2, TensorRole.W3)) {
        Matrix matrix = weights.get(role, last);
        assertSpread(1 / Math.sqrt(matrix.cols()), matrix);
      }
      assertSpread(3 / Math.sqrt(spec.dim()), weights.get(TensorRole.WCLS));
      assertSpread(1, weights.get(TensorRole.EMBEDDING));
      Matrix norm = weights.get(TensorRole.FFN_NORM, last);
      for (long i = 0; i < norm.cols(); i++) {
        assertEquals(1, value(norm, i), 0.2);
      }
    }
  }

  @Test
  void shouldMakeTheSameBytesFromTheSameSeed() throws IOException {
    assertArrayEquals(bytes(5), bytes(5));
    assertNotEquals(Arrays.hashCode(bytes(5)), Arrays.hashCode(bytes(6)));
  }

  /// As every version has written them, on one thread or on all: measurements name shape and seed.
  @ParameterizedTest
  @CsvSource({
    "m, Q4_0, 11a75046ebd92594532f22dfddb9cd4534a1039ade2ec1b0c82db301c4110407",
    "m, F16, ef277e0bb36411e909a701718dc1ca57b5217fdb38900031f69976487cc8aa68",
    "gguf, Q4_0, 5e680b00835999de29aa4f30c7aa18e321585fed77a725929be51ccb59db0270",
    "gguf, F16, d9597704fd97a370bb76ac5b0874daaafa5fb29ce6e57595a17aa21817c566fc",
    "gguf, Q6_K, 4da761f0952349f281fe0f6052b29241b2825a9885527df40695ca2d24f56433"
  })
  void shouldMakeTheBytesOfEarlierVersions(String format, DType type, String digest)
      throws Exception {
    Path file = folder.resolve("tiny." + format);
    ModelSpec spec = Shapes.spec("tiny", type);
    if (format.equals("m")) {
      SynthModel.write(file, spec, 1, (_, _) -> {});
    } else {
      SynthModel.writeGguf(file, spec, SynthVocabulary.of(spec.vocabSize()), 1, (_, _) -> {});
    }
    byte[] found = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
    assertEquals(digest, HexFormat.of().formatHex(found));
  }

  /// A file with the mix of types of [QuantizationMix#q4km].
  private record Mixed(Path path, ModelSpec spec) {}

  private Mixed mixed(String shape) {
    Path file = folder.resolve(shape + ".gguf");
    ModelSpec spec = QuantizationMix.q4km(small(Shapes.spec(shape, DType.F32, Optional.of(8))));
    SynthModel.writeGguf(file, spec, SynthVocabulary.of(spec.vocabSize()), 3, (_, _) -> {});
    return new Mixed(file, spec);
  }

  /// Each tensor in the type that llama-quantize would give it; a `.m` file has one for all.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "tiny",
        "qwen2.5-0.5b",
        "qwen3-30b-a3b",
        "gemma3-4b",
        "gemma4-e2b",
        "gemma4-26b-a4b",
        "gpt-oss-20b",
        "qwen3.5-4b",
        "qwen3.5-35b-a3b"
      })
  void shouldWriteAMixOfTypes(String shape) {
    Mixed mixed = mixed(shape);
    ModelSpec spec = mixed.spec();
    assertTrue(spec.weightTypes().size() > 1, spec.toString());
    try (ModelFile read = ModelFiles.open(mixed.path(), ModelFile.Hints.NONE)) {
      for (TensorRole.Name name : TensorRole.ofModel(spec)) {
        assertEquals(spec.type(name), read.spec().type(name), name.text());
        assertEquals(spec.type(name), read.weights().get(name).dtype(), name.text());
      }
      assertEquals(spec.sliding(), read.spec().sliding());
      assertEquals(spec.layering(), read.spec().layering());
      assertEquals(spec.mixture(), read.spec().mixture());
      assertEquals(spec.scales(), read.spec().scales());
      assertEquals(spec.deltaNet(), read.spec().deltaNet());
      assertEquals(spec.activation(), read.spec().activation());
    }
    Path other = folder.resolve("mixed.m");
    var told =
        assertThrows(UserException.class, () -> SynthModel.write(other, spec, 3, (_, _) -> {}));
    assertTrue(told.getMessage().contains(".gguf"), told.getMessage());
  }

  /// Axes and keys that llama.cpp asks for and that our own reader does without.
  @Test
  void shouldWriteWhatLlamaCppAsksFor() {
    try (GgufFile file = GgufFile.open(mixed("gpt-oss-20b").path())) {
      assertArrayEquals(new long[] {224, 4}, dims(file, "blk.0.ffn_gate_exps.bias"));
      assertArrayEquals(new long[] {224, 224, 4}, dims(file, "blk.0.ffn_gate_exps.weight"));
    }
    try (GgufFile file = GgufFile.open(mixed("qwen3.5-4b").path())) {
      GgufMetadata metadata = file.metadata();
      int[] sections = metadata.ints("qwen35.rope.dimension_sections").orElseThrow();
      assertEquals(4, sections.length);
      assertEquals(metadata.u32("qwen35.rope.dimension_count"), 2 * Arrays.stream(sections).sum());
    }
  }

  private static long[] dims(GgufFile file, String name) {
    return file.tensor(name).orElseThrow().dims();
  }

  /// The same with fewer and smaller matrices.
  private static ModelSpec small(ModelSpec spec) {
    boolean differs = spec.sliding().headDim() > 0; // then its rope has a factor for each pair
    return new ModelSpec(
        spec.architecture(),
        spec.types(),
        spec.dim() % 256 == 0 ? 256 : 224,
        spec.ffnDim() % 256 == 0 ? 256 : 224,
        Math.min(spec.experts(), 4),
        Math.min(spec.activeExperts(), 2),
        spec.layers(),
        4,
        2,
        differs ? spec.headDim() : 64,
        1024,
        128,
        spec.rmsEpsilon(),
        spec.activation(),
        spec.rope(),
        differs ? spec.sliding().withHeads(256, 4) : spec.sliding(),
        spec.architecture().scales(256).withCap(spec.scales().cap()),
        spec.mixture().withShared(Math.min(spec.mixture().shared(), 256)),
        spec.layering().resized(spec.layers(), spec.sliding()),
        spec.deltaNet().narrowed(1, 256));
  }

  private byte[] bytes(long seed) throws IOException {
    Path file = folder.resolve("seed.m");
    SynthModel.write(file, Shapes.spec("tiny", DType.Q4_0), seed, (bytes, total) -> {});
    return Files.readAllBytes(file);
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 1024, 32_000, 128_256})
  void shouldMakeAVocabularyOfAnySize(int size) {
    Path file = folder.resolve("synth.t");
    TokenizerWriter.write(file, SynthVocabulary.of(size));
    Vocabulary vocabulary = TokenizerFile.read(file);
    assertEquals(size, vocabulary.size());
    assertEquals(
        size, Arrays.stream(vocabulary.pieces()).map(Arrays::hashCode).distinct().count(), 20);
    assertEquals("<|begin_of_text|>", vocabulary.text(vocabulary.bosId()));
    assertEquals("<|eot_id|>", vocabulary.text(vocabulary.eosIds().getFirst()));
    assertEquals(ChatTemplate.LLAMA3, ChatTemplate.of(vocabulary));

    Tokenizer tokenizer = Tokenizer.of(vocabulary);
    int[] ids = tokenizer.encode(" the<|eot_id|>ż", true, true);
    assertEquals(5, ids.length);
    assertEquals(vocabulary.bosId(), ids[0]);
    assertEquals(" the", vocabulary.text(ids[1]));
    assertEquals("<|eot_id|>", vocabulary.text(ids[2]));
  }

  @Test
  void shouldHaveUniquePieces() {
    Vocabulary vocabulary = SynthVocabulary.of(128_256);
    long distinct =
        Arrays.stream(vocabulary.pieces())
            .map(piece -> new String(piece, StandardCharsets.ISO_8859_1))
            .distinct()
            .count();
    assertEquals(vocabulary.size(), distinct);
    assertThrows(IllegalArgumentException.class, () -> SynthVocabulary.of(100));
  }

  @ParameterizedTest
  @ValueSource(strings = {"tok_llama3", "tok_chatml"})
  void shouldWriteTokenizersAsTheConverterDoes(String caseName) throws IOException {
    Path golden = Conformance.file(caseName, "tokenizer.t");
    Path file = folder.resolve("copy.t");
    TokenizerWriter.write(file, TokenizerFile.read(golden));
    assertArrayEquals(Files.readAllBytes(golden), Files.readAllBytes(file));
  }

  private static void assertSpread(double expected, Matrix matrix) {
    double sum = 0;
    double squares = 0;
    long count = matrix.rows() * matrix.cols();
    for (long i = 0; i < count; i++) {
      double value = value(matrix, i);
      sum += value;
      squares += value * value;
    }
    assertEquals(0, sum / count, expected * 0.03);
    assertEquals(expected, Math.sqrt(squares / count), expected * 0.03);
  }

  private static float value(Matrix matrix, long i) {
    MemorySegment data = matrix.data();
    long block = i / 32 * matrix.dtype().blockBytes();
    int at = (int) (i % 32);
    return switch (matrix.dtype().name()) {
      case "F32" -> data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, i * 4);
      case "F16" -> Float.float16ToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, i * 2));
      case "Q4_0" -> {
        int pair = data.get(ValueLayout.JAVA_BYTE, block + 2 + at % 16);
        yield scale(data, block) * (((at < 16 ? pair : pair >> 4) & 15) - 8);
      }
      default -> scale(data, block) * data.get(ValueLayout.JAVA_BYTE, block + 2 + at);
    };
  }

  private static float scale(MemorySegment data, long block) {
    return Float.float16ToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, block));
  }
}
