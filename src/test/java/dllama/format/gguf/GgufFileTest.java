package dllama.format.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufFileTest {
  @TempDir Path folder;

  private Path write(String name, GgufBytes bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes.bytes());
  }

  private GgufFile open(GgufBytes bytes) throws IOException {
    return GgufFile.open(write("model.gguf", bytes));
  }

  private String refusal(GgufBytes bytes) throws IOException {
    Path path = write("model.gguf", bytes);
    String message = assertThrows(UserException.class, () -> GgufFile.open(path)).getMessage();
    assertTrue(message.startsWith("model file " + path + ": "), message);
    return message;
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void shouldFindTensors(int version) throws IOException {
    GgufBytes bytes =
        new GgufBytes()
            .version(version)
            .put("general.architecture", "llama")
            .alignment(64)
            .tensor("a", GgmlType.F16, 12, 2, 3)
            .tensor("b", GgmlType.Q4_K, 288, 256, 2);
    try (GgufFile file = open(bytes)) {
      assertEquals("llama", file.architecture());
      assertEquals(List.of("a", "b"), file.tensors().stream().map(GgufTensor::name).toList());
      GgufTensor b = file.tensor("b").orElseThrow();
      assertEquals(GgmlType.Q4_K, b.type());
      assertEquals(256, b.columns());
      assertEquals(2, b.rows());
      assertEquals("256 × 2", b.shape());
      assertEquals(0, b.offset() % 64);
      assertEquals(288, file.data(b).byteSize());
      assertEquals(65, file.data(b).get(JAVA_BYTE, 1));
      assertTrue(file.data(b).isReadOnly());
    }
  }

  @Test
  void shouldReadValuesOfAllTypes() throws IOException {
    GgufBytes bytes =
        new GgufBytes()
            .put("u8", GgufValueType.UINT8, new byte[] {(byte) 200})
            .put("i8", GgufValueType.INT8, new byte[] {-1})
            .put("u16", GgufValueType.UINT16, new byte[] {-1, -1})
            .put("i16", GgufValueType.INT16, new byte[] {7, 0})
            .put("u32", 1234)
            .put("i32", GgufValueType.INT32, GgufBytes.int32(-5))
            .put("f32", GgufValueType.FLOAT32, GgufBytes.int32(Float.floatToIntBits(1.5f)))
            .put("bool", true)
            .put("string", "täxt")
            .put("u64", GgufValueType.UINT64, GgufBytes.int64(1L << 31))
            .put("i64", GgufValueType.INT64, GgufBytes.int64(9))
            .put("f64", GgufValueType.FLOAT64, GgufBytes.int64(Double.doubleToLongBits(-0.25)))
            .strings("strings", List.of("", "a", "bc"))
            .ints("ints", 3, -4)
            .floats("floats", 0.5f, Float.NaN);
    try (GgufFile file = open(bytes)) {
      GgufMetadata metadata = file.metadata();
      assertEquals(200, metadata.u32("u8"));
      assertEquals(65535, metadata.u32("u16"));
      assertEquals(7, metadata.u32("i16"));
      assertEquals(1234, metadata.u32("u32"));
      assertEquals(9, metadata.u32("i64", 1));
      assertEquals(1, metadata.u32("none", 1));
      assertTrue(metadata.findU32("none").isEmpty());
      assertEquals(1.5f, metadata.f32("f32"));
      assertEquals(-0.25f, metadata.f32("f64", 0));
      assertEquals(3f, metadata.f32("none", 3));
      assertTrue(metadata.bool("bool", false));
      assertTrue(metadata.bool("none", true));
      assertEquals("täxt", metadata.string("string"));
      assertTrue(metadata.findString("none").isEmpty());
      GgufStrings strings = metadata.strings("strings").orElseThrow();
      assertEquals(3, strings.size());
      assertEquals("bc", strings.get(2));
      assertEquals("", strings.get(0));
      assertArrayEquals(new int[] {3, -4}, metadata.ints("ints").orElseThrow());
      assertArrayEquals(new int[] {3, -4}, metadata.perLayer("ints", 2).orElseThrow());
      assertArrayEquals(new int[] {7, 7, 7}, metadata.perLayer("i16", 3).orElseThrow());
      assertArrayEquals(new int[] {1, 1}, metadata.perLayer("bool", 2).orElseThrow());
      assertTrue(metadata.has("u64"));
      assertFalse(metadata.has("none"));
      assertEquals(15, metadata.keys().size());

      List<Runnable> refused =
          List.of(
              () -> metadata.u32("i8"),
              () -> metadata.u32("i32"),
              () -> metadata.u32("u64"),
              () -> metadata.u32("f32"),
              () -> metadata.u32("ints"),
              () -> metadata.u32("none"),
              () -> metadata.f32("u32"),
              () -> metadata.f32("none"),
              () -> metadata.floats("floats"),
              () -> metadata.bool("u8", true),
              () -> metadata.string("u32"),
              () -> metadata.string("none"),
              () -> metadata.strings("string"),
              () -> metadata.strings("ints"),
              () -> metadata.perLayer("ints", 3),
              () -> metadata.ints("strings"));
      for (Runnable wrong : refused) {
        assertThrows(UserException.class, wrong::run);
      }
      assertTrue(
          assertThrows(UserException.class, () -> metadata.u32("f32"))
              .getMessage()
              .contains("f32 is FLOAT32, not a whole number"));
    }
  }

  @Test
  void shouldOpenAllPartsWhicheverIsNamed() throws IOException {
    for (int part = 0; part < 2; part++) {
      write("m-0000%d-of-00002.gguf".formatted(part + 1), part(part));
    }
    for (String name : List.of("m-00001-of-00002.gguf", "m-00002-of-00002.gguf")) {
      try (GgufFile file = GgufFile.open(folder.resolve(name))) {
        assertEquals("llama", file.architecture());
        assertEquals(List.of("t0", "t1"), file.tensors().stream().map(GgufTensor::name).toList());
        assertEquals(1, file.tensor("t1").orElseThrow().part());
        assertEquals(2, file.paths().size());
      }
    }
  }

  private static GgufBytes part(int number) {
    GgufBytes bytes = new GgufBytes().put("split.no", number).put("split.count", 2);
    if (number == 0) {
      bytes.put("general.architecture", "llama").put("split.tensors.count", 2);
    }
    return bytes.tensor("t" + number, GgmlType.F32, 8, 2);
  }

  @Test
  void shouldRefusePartsThatDoNotBelongTogether() throws IOException {
    Path first = write("m-00001-of-00002.gguf", part(0));
    Path second = folder.resolve("m-00002-of-00002.gguf");
    assertMessage("m-00002-of-00002.gguf is not there", first);
    Files.copy(first, second);
    assertMessage("it says that it is part 1 of 2, its name says 2 of 2", first);
    Files.delete(second);
    write("m-00002-of-00002.gguf", part(1).tensor("more", GgmlType.F32, 8, 2));
    assertMessage("its parts have 3 tensors, not 2", first);
    Path renamed = Files.move(first, folder.resolve("first.gguf"));
    assertMessage("it is part 1 of 2 of a model; give the parts their names back", renamed);
  }

  private static void assertMessage(String expected, Path path) {
    String message = assertThrows(UserException.class, () -> GgufFile.open(path)).getMessage();
    assertTrue(message.contains(expected), message);
  }

  @Test
  void shouldRefuseWhatCanNotBe() throws IOException {
    GgufBytes two = new GgufBytes().tensor("a", GgmlType.F32, 64, 16);
    assertTrue(refusal(two.describe("b", 0, 32, 8)).contains("tensor b overlaps"));
    for (long[] dims :
        new long[][] {
          {0}, {-32}, {1L << 62, 64}, {1L << 32, 1L << 32}, {1L << 40}, {64, 0}, {}, {1, 1, 1, 1, 1}
        }) {
      refusal(new GgufBytes().tensor("a", GgmlType.F32, 64, dims));
    }
    refusal(new GgufBytes().tensor("a", GgmlType.F32, 64, 16).describe("a", 0, 64, 0));
    refusal(new GgufBytes().tensor("", GgmlType.F32, 64, 16));
    refusal(new GgufBytes().tensor("a\0b", GgmlType.F32, 64, 16));
    refusal(new GgufBytes().tensor("a".repeat(65), GgmlType.F32, 64, 16));
    refusal(new GgufBytes().tensor("a", GgmlType.Q4_K, 144, 128));
    for (int type : new int[] {4, 5, 31, 36, 43, -1}) {
      refusal(new GgufBytes().tensor("t", GgmlType.F32, 64, 1).describe("a", type, 32, 1));
    }
    for (long offset : new long[] {1, 33, 64, -32, Long.MAX_VALUE - 31}) {
      refusal(new GgufBytes().tensor("t", GgmlType.F32, 64, 1).describe("a", 0, offset, 16));
    }
    refusal(new GgufBytes().put("a", 1).put("a", 1));
    refusal(new GgufBytes().put("general.alignment", 3));
    refusal(new GgufBytes().put("general.alignment", 0));
    refusal(new GgufBytes().array("a", GgufValueType.ARRAY, 0));
    refusal(new GgufBytes().array("a", GgufValueType.STRING, 1 << 30));
    refusal(new GgufBytes().array("a", GgufValueType.FLOAT64, (1L << 61) + 1));
    assertTrue(refusal(new GgufBytes().version(3 << 24)).contains("big-endian"));
    assertTrue(refusal(new GgufBytes().version(1)).contains("version 1"));
  }

  @Test
  void shouldRefuseAFileThatIsCutAnywhere() throws IOException {
    byte[] whole =
        new GgufBytes()
            .put("general.architecture", "llama")
            .strings("tokens", List.of("a", "b"))
            .tensor("a", GgmlType.F32, 64, 16)
            .bytes();
    for (int length = 0; length < whole.length; length++) {
      Path path = folder.resolve("cut.gguf");
      Files.write(path, java.util.Arrays.copyOf(whole, length));
      assertThrows(UserException.class, () -> GgufFile.open(path), "cut at " + length);
    }
  }
}
