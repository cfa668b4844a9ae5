package dllama.format.dllama;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.Conformance;
import dllama.error.UserException;
import dllama.format.SynthModel;
import dllama.model.ModelSpec;
import dllama.model.Shapes;
import dllama.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

class DllamaWriterTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama_gqa_f32",
        "llama31_rope_f32",
        "llama31_rope_q40",
        "llama_odd_q40",
        "qwen3_f32",
        "mixtral_q40",
        "grok1_f32"
      })
  void shouldWriteHeadersAsTheConverterDoes(String caseName) throws IOException {
    Path golden = Conformance.file(caseName, "model.m");
    try (DllamaFile file = DllamaFile.open(golden)) {
      ByteBuffer header = DllamaKeys.of(file.spec()).bytes();
      byte[] expected = Arrays.copyOf(Files.readAllBytes(golden), header.remaining());
      assertArrayEquals(expected, header.array());
    }
  }

  @ParameterizedTest
  @FieldSource("dllama.format.dllama.DllamaHeader#WEIGHT_TYPES")
  void shouldReadBackWhatItWrote(DType type) throws IOException {
    ModelSpec spec = Shapes.spec("tiny", type);
    Path file = folder.resolve("tiny.m");
    long[] last = new long[2];
    SynthModel.write(
        file,
        spec,
        7,
        (bytes, total) -> {
          assertTrue(bytes > last[0]);
          last[0] = bytes;
          last[1] = total;
        });
    assertEquals(Files.size(file), last[0]);
    assertEquals(Files.size(file), last[1]);
    long described = DllamaKeys.of(spec).bytes().remaining() + DllamaLayout.of(spec).bytes();
    assertEquals(Files.size(file), described);
    try (DllamaFile model = DllamaFile.open(file)) {
      assertEquals(spec, model.spec());
    }
    assertEquals(List.of(file), list(), "no partial file is left");
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3_q40", "qwen3moe_q40", "mixtral_q40", "grok1_f32"})
  void shouldWriteEveryArchitecture(String caseName) {
    try (DllamaFile golden = DllamaFile.open(Conformance.file(caseName, "model.m"))) {
      Path file = folder.resolve("copy.m");
      SynthModel.write(file, golden.spec(), 7, (bytes, total) -> {});
      try (DllamaFile model = DllamaFile.open(file)) {
        assertEquals(golden.spec(), model.spec());
      }
    }
  }

  @Test
  void shouldLeaveNothingBehindWhenInterrupted() throws IOException {
    ModelSpec spec = Shapes.spec("tiny", DType.Q4_0);
    assertThrows(
        IllegalStateException.class,
        () ->
            SynthModel.write(
                folder.resolve("tiny.m"),
                spec,
                7,
                (bytes, total) -> {
                  throw new IllegalStateException();
                }));
    assertEquals(List.of(), list());
  }

  @Test
  void shouldRefuseAModelThatDoesNotFitTheDisk() throws IOException {
    ModelSpec huge = Shapes.spec("llama3-70b", DType.F32, Optional.of(1000));
    UserException e =
        assertThrows(
            UserException.class,
            () -> SynthModel.write(folder.resolve("huge.m"), huge, 7, (bytes, total) -> {}));
    assertTrue(e.getMessage().contains("free"), e.getMessage());
    assertFalse(e.getMessage().contains("\n"));
    assertEquals(List.of(), list());
  }

  @Test
  void shouldRefuseAFolderThatIsNotThere() {
    ModelSpec spec = Shapes.spec("tiny", DType.Q4_0);
    Path file = folder.resolve("absent").resolve("tiny.m");
    assertThrows(UserException.class, () -> SynthModel.write(file, spec, 7, (bytes, total) -> {}));
  }

  private List<Path> list() throws IOException {
    try (var files = Files.list(folder)) {
      return files.toList();
    }
  }
}
