package dllama.format.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.Conformance;
import dllama.error.UserException;
import dllama.format.file.ModelFile.Hints;
import dllama.model.Architecture;
import dllama.tensor.DType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What the reader of models makes of a file, apart from the numbers.
@Timeout(60)
class GgufModelTest {
  private static final Path MODEL = Conformance.file("gguf/llama_q4_k_m", "model.gguf");

  @TempDir Path folder;

  /// The model with all places changed where some bytes stand; every character is a byte.
  private Path edited(String bytes, String to) throws IOException {
    String content = Files.readString(MODEL, StandardCharsets.ISO_8859_1);
    assertTrue(content.contains(bytes) && bytes.length() == to.length(), bytes);
    return Files.writeString(
        folder.resolve("edited.gguf"), content.replace(bytes, to), StandardCharsets.ISO_8859_1);
  }

  private static String refusal(Path path, Hints hints) {
    String message =
        assertThrows(UserException.class, () -> GgufModel.open(path, hints)).getMessage();
    assertTrue(message.lines().count() == 1 && message.contains("; "), message);
    return message;
  }

  /// Whatever of the model's own is not known may change its answers.
  @ParameterizedTest
  @CsvSource({
    "llama.vocab_size, llama.vocab_sizx, llama.vocab_sizx is 320.0",
    "blk.1.ffn_up.weight, blk.1.ffn_ux.weight, tensor blk.1.ffn_up.weight is missing",
    "rope.freq_base, rope.freq_basx, rope.freq_basx is",
  })
  void shouldRefuseWhatIsNotKnownByItsName(String from, String to, String words)
      throws IOException {
    String message = refusal(edited(from, to), Hints.NONE);
    assertTrue(message.contains(words), message);
  }

  /// Without its own name the tensor counts as missing, and the embedding takes its place.
  @Test
  void shouldRefuseATensorThatIsNotKnown() throws IOException {
    String message = refusal(edited("\0output.weight", "\0outpux.weight"), Hints.NONE);
    assertTrue(message.contains("tensor outpux.weight is not known of llama models"), message);
  }

  @Test
  void shouldNameTheFileOfARopeThatCanNotBe() throws IOException {
    String key = "llama.rope.freq_base\u0006\0\0\0";
    String message = refusal(edited(key + "\0@\u001cF", key + "\0\0\0\0"), Hints.NONE);
    assertTrue(message.contains("edited.gguf: model header: rope theta=0.0"), message);
  }

  /// As many layers as a number can tell are not gone through one by one.
  @ParameterizedTest
  @CsvSource({"ffffff7f", "ffffffff", "00000000", "01040000"})
  void shouldRefuseNumbersOfLayersThatCanNotBe(String number) throws IOException {
    String before = "llama.block_count\u0004\0\0\0";
    String value = new String(HexFormat.of().parseHex(number), StandardCharsets.ISO_8859_1);
    String message = refusal(edited(before + "\u0002\0\0\0", before + value), Hints.NONE);
    assertTrue(message.contains("block_count"), message);
  }

  @Test
  void shouldRefuseHintsThatContradictTheFile() {
    Hints type = new Hints(Optional.empty(), Optional.of(DType.Q8_0));
    assertTrue(refusal(MODEL, type).contains("leave --weights-float-type out"));
    Hints qwen = new Hints(Optional.of(Architecture.QWEN3), Optional.empty());
    assertTrue(refusal(MODEL, qwen).contains("it is a llama model; leave --arch out"));
  }

  @Test
  void shouldMakeTheVocabularyOnce() {
    try (GgufModel model = GgufModel.open(MODEL, Hints.NONE)) {
      assertEquals(320, model.vocabulary().orElseThrow().size());
      assertSame(model.vocabulary().orElseThrow(), model.vocabulary().orElseThrow());
    }
  }

  /// Its tokenizer is given apart, then.
  @Test
  void shouldHaveNoVocabularyWhereTheFileHasNone() throws IOException {
    Path path = edited("tokenizer.ggml.model", "tokenizer.ggml.modex");
    try (GgufModel model = GgufModel.open(path, Hints.NONE)) {
      assertEquals(Optional.empty(), model.vocabulary());
    }
  }
}
