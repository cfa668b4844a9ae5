package dllama.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dllama.Conformance;
import dllama.format.dllama.DllamaFile;
import dllama.format.dllama.TokenizerFile;
import dllama.format.dllama.TokenizerWriter;
import dllama.model.ModelSpec;
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
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
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
