package dllama.convert;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.format.ModelFiles;
import dllama.format.SynthModel;
import dllama.format.SynthVocabulary;
import dllama.format.dllama.DllamaFile;
import dllama.format.file.ModelFile;
import dllama.format.hf.HfTokenizer;
import dllama.model.ModelSpec;
import dllama.model.Shapes;
import dllama.tensor.DType;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/// Files of PyTorch and transformers beside what distributed-llama's converters made of them, and
/// work that is interrupted.
class ConverterTest {
  @TempDir Path folder;

  private Optional<Path> vocabulary = Optional.empty();

  private final List<String> notes = new ArrayList<>();

  private static Path resource(String name) throws URISyntaxException {
    return Path.of(ConverterTest.class.getResource("/convert/" + name).toURI());
  }

  private static String digest(Path path) throws IOException, NoSuchAlgorithmException {
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(path));
    return HexFormat.of().formatHex(digest);
  }

  private Path convert(Path in, String out, DType type) throws InterruptedException {
    return convert(in, out, type, Long.MAX_VALUE);
  }

  /// @param last bytes after which it is interrupted
  private Path convert(Path in, String out, DType type, long last) throws InterruptedException {
    Path to = folder.resolve(out);
    Path tokenizer = folder.resolve("out.t");
    Converter.run(
        new Converter.Wanted(in, to, tokenizer, vocabulary, type),
        new Converter.Listener() {
          @Override
          public void note(String line) {
            notes.add(line);
          }

          @Override
          public void written(long bytes, long total) {
            if (bytes > last) {
              throw new IllegalStateException("interrupted");
            }
          }
        });
    return to;
  }

  @ParameterizedTest
  @CsvSource({
    "meta, F32, 506d6aa491afa4dc993db49f8e304e949e113c22f2f59afc3b027bde11a7c2b1",
    "meta, F16, 2fab3f8f24cb6fc9e5b45d137897413c75c89cdbe4eb16daa3de5f23c3036c73",
    "meta, Q4_0, 6d789aa3d8f3a1e040c8a6118fb520fe609a1a29dda9d6e460c171ec8ee129d9",
    "meta, Q8_0, 3cc0f3f3f4c4687aba10bbc69bb8fb3ce4c81316bf8a66a7088a961cb87fddf5",
    "hf, F32, 9423923c149fa8df08068e430d1961f55f19dd9dc8aa443241a8dd0b30c636e5",
    "hf, F16, e856dd71e585ba3d98c7af46488baa952ad7b6120bd79ed39cb27c6eb50af026",
    "hf, Q4_0, 72387efe93af24a3e7a1b0fdefa60eea4025fb7eb41aa4f9d0e18e3e072070cb",
    "hf, Q8_0, 637455761cb5c13cd05d8cbd977bc5a869bf8a14fcd5569c0c4f1e5af6f234c1",
  })
  void shouldWriteTheBytesOfDistributedLlama(String in, String type, String expected)
      throws Exception {
    assertEquals(expected, digest(convert(resource(in), "out.m", DType.named(type))));
    assertFalse(Files.exists(folder.resolve("out.m.part")));
    assertFalse(Files.exists(folder.resolve("out.m.part.done")));
  }

  @ParameterizedTest
  @CsvSource({
    "meta, 54a1de4840b6dde8fc4bf8acc69ab7f274f9c93506675af0e75af178dcc2c12f",
    "hf, a5e7ebd077840ec35f2ea4d87e6bb3a7cd745a606becab0c76cc525d84f4644f",
  })
  void shouldWriteTheTokenizersOfDistributedLlama(String in, String expected) throws Exception {
    convert(resource(in), "out.m", DType.Q4_0);
    assertEquals(expected, digest(folder.resolve("out.t")));
  }

  @ParameterizedTest
  @FieldSource("dllama.tensor.DType#ALL")
  void shouldKeepWhatNeedsNoRounding(DType type) throws Exception {
    if (!List.of(DType.F32, DType.F16, DType.Q4_0, DType.Q8_0).contains(type)) {
      assertThrows(UserException.class, () -> convert(resource("meta"), "out.m", type));
      return;
    }
    ModelSpec spec = Shapes.spec("tiny", type);
    Path gguf = folder.resolve("in.gguf");
    Path expected = folder.resolve("in.m");
    SynthModel.writeGguf(gguf, spec, SynthVocabulary.of(spec.vocabSize()), 3, (_, _) -> {});
    SynthModel.write(expected, spec, 3, (_, _) -> {});
    Path out = convert(gguf, "out.m", type);
    assertArrayEquals(Files.readAllBytes(expected), Files.readAllBytes(out));
    assertArrayEquals(Files.readAllBytes(expected), Files.readAllBytes(convert(out, "2.m", type)));
    assertEquals(List.of("%s: 1024 tokens".formatted(folder.resolve("out.t"))), notes);
  }

  /// A folder becomes one file that needs nothing else.
  @Test
  void shouldWriteAFoldersTokenizerIntoAGgufFile() throws Exception {
    Path out = convert(resource("hf"), "out.gguf", DType.Q8_0);
    assertEquals(List.of(), notes);
    Tokenizer expected = Tokenizer.of(HfTokenizer.read(resource("hf")).vocabulary());
    try (ModelFile file = ModelFiles.open(out, ModelFile.Hints.NONE)) {
      Vocabulary read = file.vocabulary().orElseThrow();
      assertEquals(file.spec().vocabSize(), read.size());
      assertEquals(expected.vocabulary().eosIds(), read.eosIds());
      assertEquals(expected.vocabulary().chatTemplate(), read.chatTemplate());
      for (String text : List.of("", "Hello world 123, it's  <|eot_id|>\n", "grüße 東京")) {
        assertArrayEquals(
            expected.encode(text, true, true), Tokenizer.of(read).encode(text, true, true));
      }
    }
    // The same with another file's model, from the folder and from the file just written.
    Path in = convert(resource("hf"), "out.m", DType.Q8_0);
    vocabulary = Optional.of(out);
    byte[] fromFile = Files.readAllBytes(convert(in, "2.gguf", DType.Q8_0));
    vocabulary = Optional.of(resource("hf"));
    assertArrayEquals(fromFile, Files.readAllBytes(convert(in, "2.gguf", DType.Q8_0)));
  }

  @Test
  void shouldGoOnWhereItWas() throws Exception {
    Path in = folder.resolve("in.m");
    ModelSpec spec = Shapes.spec("tiny", DType.F32);
    SynthModel.write(in, spec, 3, (_, _) -> {});
    Path expected = convert(in, "whole.m", DType.Q4_0);
    long total = Files.size(expected);
    for (long last : new long[] {1, total / 3, total / 2, total - 100}) {
      assertThrows(IllegalStateException.class, () -> convert(in, "out.m", DType.Q4_0, last));
      assertFalse(Files.exists(folder.resolve("out.m")));
    }
    long there = Files.size(folder.resolve("out.m.part"));
    assertTrue(there > total / 2 && there <= total);
    Path out = convert(in, "out.m", DType.Q4_0);
    assertArrayEquals(Files.readAllBytes(expected), Files.readAllBytes(out));
    assertTrue(notes.getLast().contains("going on behind the first"), notes.toString());
    assertEquals(4, notes.size()); // the first begins from nothing
  }

  @Test
  void shouldBeginAnewWhereSomethingElseWasBegun() throws Exception {
    Path in = folder.resolve("in.m");
    ModelSpec spec = Shapes.spec("tiny", DType.F32);
    SynthModel.write(in, spec, 3, (_, _) -> {});
    assertThrows(IllegalStateException.class, () -> convert(in, "out.m", DType.Q8_0, 1 << 20));
    Path out = convert(in, "out.m", DType.Q4_0); // other type
    assertThrows(IllegalStateException.class, () -> convert(in, "again.m", DType.Q4_0, 1 << 20));
    SynthModel.write(in, spec, 4, (_, _) -> {}); // other file
    Path again = convert(in, "again.m", DType.Q4_0);
    assertEquals(List.of(), notes);
    try (DllamaFile one = DllamaFile.open(out);
        DllamaFile other = DllamaFile.open(again)) {
      assertEquals(one.spec(), other.spec());
      assertFalse(Files.mismatch(out, again) < 0);
    }
  }

  @Test
  void shouldNotReplaceItsInput() throws Exception {
    Path in = folder.resolve("in.m");
    SynthModel.write(in, Shapes.spec("tiny", DType.F32), 3, (_, _) -> {});
    byte[] before = Files.readAllBytes(in);
    String message =
        assertThrows(UserException.class, () -> convert(in, "in.m", DType.F32)).getMessage();
    assertTrue(message.contains("would replace what it is made of"), message);
    assertArrayEquals(before, Files.readAllBytes(in));
  }

  @Test
  void shouldRefuseNumbersThatAreNone() throws Exception {
    Path in = folder.resolve("in.m");
    SynthModel.write(in, Shapes.spec("tiny", DType.F32), 3, (_, _) -> {});
    byte[] content = Files.readAllBytes(in);
    for (float value : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, 1e30f}) {
      java.nio.ByteBuffer.wrap(content)
          .order(java.nio.ByteOrder.LITTLE_ENDIAN)
          .putFloat(content.length - 400, value);
      Files.write(in, content);
      for (DType type : List.of(DType.F16, DType.Q4_0, DType.Q8_0)) {
        String message =
            assertThrows(UserException.class, () -> convert(in, "out.m", type)).getMessage();
        assertTrue(
            message.contains("value of wcls is no number")
                || message.contains("wcls has a value that is too large"),
            message);
        assertFalse(Files.exists(folder.resolve("out.m")));
      }
    }
    assertTrue(Files.exists(convert(in, "out.m", DType.F32)));
  }

  /// Who has Meta's files and wants to run them is told the one step that is missing.
  @Test
  void shouldBeNamedWhereItIsNeeded() throws Exception {
    Path meta = resource("meta");
    String told = refusal(meta);
    assertTrue(told.contains("convert it first: convert " + meta), told);
    String file = refusal(meta.resolve("consolidated.00.pth"));
    assertTrue(file.contains("of Meta's consolidated.*.pth convert takes the folder"), file);
    assertEquals(2, (told + "\n" + file).lines().count());
  }

  private static String refusal(Path path) {
    return String.valueOf(
        assertThrows(UserException.class, () -> ModelFiles.open(path, ModelFile.Hints.NONE).close())
            .getMessage());
  }

  @Test
  void shouldRefuseFoldersWithoutAModel() {
    String message =
        assertThrows(UserException.class, () -> convert(folder, "out.m", DType.F32)).getMessage();
    assertTrue(message.contains("config.json"), message);
    assertThrows(UserException.class, () -> convert(folder.resolve("none"), "out.m", DType.F32));
  }
}
