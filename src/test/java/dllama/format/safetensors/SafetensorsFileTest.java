package dllama.format.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.tensor.DType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(20)
class SafetensorsFileTest {
  @TempDir Path folder;

  @Test
  void shouldReadTensorsOfSeveralFiles() throws IOException {
    Path one = folder.resolve("one.safetensors");
    Path two = folder.resolve("two.safetensors");
    new SafetensorsWriter()
        .add("a", "F32", new byte[] {0, 0, -128, 63}, 1)
        .add("b.weight", "BF16", new byte[] {1, 2, 3, 4, 5, 6, 7, 8}, 2, 2)
        .add("empty", "F16", new byte[0], 0, 5)
        .write(one);
    new SafetensorsWriter().add("c", "I64", new byte[8]).write(two);
    try (SafetensorsFile file = SafetensorsFile.open(List.of(one, two))) {
      assertEquals(List.of(one, two), file.paths());
      assertEquals(
          List.of("a", "empty", "b.weight", "c").stream().sorted().toList(),
          file.tensors().stream().map(SafetensorsTensor::name).sorted().toList());
      SafetensorsTensor b = file.tensor("b.weight").orElseThrow();
      assertEquals(List.of(2L, 2L), b.shape());
      assertEquals("2 × 2", b.shapeText());
      assertEquals(Optional.of(DType.BF16), b.type().weights());
      assertArrayEquals(
          new byte[] {1, 2, 3, 4, 5, 6, 7, 8}, file.data(b).toArray(ValueLayout.JAVA_BYTE));
      SafetensorsTensor c = file.tensor("c").orElseThrow();
      assertEquals(8, file.data(c).byteSize());
      assertEquals("a single value", c.shapeText());
      assertEquals(Optional.empty(), c.type().weights());
      String told = file.refused(c, "is strange", "do something").getMessage();
      assertTrue(told.contains("two.safetensors: tensor c is strange; do something"), told);
    }
  }

  @Test
  void shouldGiveUpTheMapping() throws IOException {
    Path path = folder.resolve("one.safetensors");
    new SafetensorsWriter().add("a", "U8", new byte[3], 3).write(path);
    SafetensorsFile file = SafetensorsFile.open(List.of(path));
    MemorySegment data = file.data(file.tensor("a").orElseThrow());
    file.close();
    assertThrows(IllegalStateException.class, () -> data.get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void shouldRefuseATensorInTwoFiles() throws IOException {
    Path one = folder.resolve("one.safetensors");
    Path two = folder.resolve("two.safetensors");
    new SafetensorsWriter().add("a", "U8", new byte[3], 3).write(one);
    Files.copy(one, two);
    UserException told =
        assertThrows(UserException.class, () -> SafetensorsFile.open(List.of(one, two)));
    assertTrue(told.getMessage().contains("tensor a is in another file, too"), told.getMessage());
  }

  private void shouldRefuse(byte[] content, String why) throws IOException {
    Path path = Files.write(folder.resolve("bad.safetensors"), content);
    UserException told =
        assertThrows(UserException.class, () -> SafetensorsFile.open(List.of(path)));
    assertTrue(told.getMessage().contains(why), told.getMessage());
    assertTrue(told.getMessage().contains("bad.safetensors"), told.getMessage());
    assertEquals(1, told.getMessage().lines().count());
  }

  /// Headers with `'` for `"`; 8 bytes of data follow each.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | ok",
        "{'__metadata__':{'a':[{'x':'y'}]},'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}  | ok",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]} | ends in the middle",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}x | is no JSON",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}{} | something follows its JSON",
        "[] | something else where an object is needed",
        "{'a':[]} | something else where an object is needed",
        "{'a':{'dtype':'F32','shape':2,'data_offsets':[0,8]}} | something else where an array is needed",
        "{'a':{'dtype':4,'shape':[2],'data_offsets':[0,8]}} | something else where a text is needed",
        "{'a':{'dtype':'F32','shape':['2'],'data_offsets':[0,8]}} | something else where a whole number",
        "{'a':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}} | something else where a whole number",
        "{'a':{'dtype':'F32','shape':[-2],'data_offsets':[0,8]}} | -2 is negative",
        "{'a':{'dtype':'F32','shape':[99999999999999999999],'data_offsets':[0,8]}} | is no JSON",
        "{'a':{'dtype':'F33','shape':[2],'data_offsets':[0,8]}} | tensor a has type F33, which is not known",
        "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}} | 8 bytes are not those of [3] F32",
        "{'a':{'dtype':'F32','shape':[0,3],'data_offsets':[0,8]}} | 8 bytes are not those of",
        "{'a':{'dtype':'U8','shape':[4294967296,4294967296,0],'data_offsets':[0,8]}} | 8 bytes are not those of",
        "{'a':{'dtype':'U8','shape':[4294967296,4294967296],'data_offsets':[0,0]}} | 0 bytes are not those of",
        "{'a':{'dtype':'U8','shape':[6148914691236517208,3],'data_offsets':[0,8]}} | 8 bytes are not those of",
        "{'a':{'dtype':'U8','shape':[1,1,1,1,1,1,1,1,8],'data_offsets':[0,8]}} | more than 8 dimensions",
        "{'a':{'dtype':'I64','shape':[1],'data_offsets':[0,7]},'b':{'dtype':'U8','shape':[1],'data_offsets':[7,8]}} | 7 bytes are not those of",
        "{'a':{'dtype':'U8','shape':[8],'data_offsets':[0]}} | lacks dtype, shape or data_offsets",
        "{'a':{'dtype':'U8','shape':[8]}} | lacks dtype, shape or data_offsets",
        "{'a':{'dtype':'U8','shape':[8],'data_offsets':[0,8,9]}} | more than 2 dimensions or offsets",
        "{'a':{'dtype':'U8','shape':[8],'data_offsets':[8,0]}} | outside the file",
        "{'a':{'dtype':'U8','shape':[9],'data_offsets':[0,9]}} | outside the file",
        "{'a':{'dtype':'U8','shape':[8],'data_offsets':[0,9223372036854775807]}} | outside the file",
        "{'a':{'dtype':'U8','shape':[8],'data_offsets':[0,8],'x':1}} | its description has x, once too often",
        "{'a':{'dtype':'U8','dtype':'F32','shape':[8],'data_offsets':[0,8]}} | has dtype, once too often",
        "{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'a':{'dtype':'U8','shape':[4],'data_offsets':[4,8]}} | tensor a is there twice",
        "{'a':{'dtype':'U8','shape':[5],'data_offsets':[0,5]},'b':{'dtype':'U8','shape':[4],'data_offsets':[4,8]}} | tensor b overlaps with another one",
        "{'a':{'dtype':'U8','shape':[3],'data_offsets':[0,3]},'b':{'dtype':'U8','shape':[4],'data_offsets':[4,8]}} | a gap in front of tensor b",
        "{'a':{'dtype':'U8','shape':[7],'data_offsets':[0,7]}} | its tensors end at byte",
        "{} | its tensors end at byte",
        "{'a\\u0007':{'dtype':'U8','shape':[8],'data_offsets':[0,8]}} | has a name of 2 characters",
      })
  void shouldReadOrRefuseHeaders(String header, String why) throws IOException {
    byte[] content = SafetensorsWriter.file(header.replace('\'', '"'), new byte[8]);
    if (!why.equals("ok")) {
      shouldRefuse(content, why);
      return;
    }
    Path path = Files.write(folder.resolve("good.safetensors"), content);
    try (SafetensorsFile file = SafetensorsFile.open(List.of(path))) {
      assertEquals(1, file.tensors().size());
    }
  }

  @ParameterizedTest
  @CsvSource({"-1", "0", "1", "100", "9223372036854775807", "-9223372036854775808"})
  void shouldRefuseHeadersOfOtherLengths(long length) throws IOException {
    byte[] content = SafetensorsWriter.file("{}", new byte[8]);
    ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
    shouldRefuse(content, "its header should have " + Long.toUnsignedString(length) + " bytes");
  }

  @Test
  void shouldRefuseFilesThatAreTooShort() throws IOException {
    shouldRefuse(new byte[0], "it has only 0 bytes");
    shouldRefuse(new byte[9], "it has only 9 bytes");
  }

  /// What a header claims costs neither time nor memory.
  @Test
  void shouldRefuseHugeHeadersAtOnce() throws IOException {
    Path path = folder.resolve("huge.safetensors");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(3L << 30);
      file.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(2L << 30).array());
    }
    UserException told =
        assertThrows(UserException.class, () -> SafetensorsFile.open(List.of(path)));
    assertTrue(told.getMessage().contains("its header should have"), told.getMessage());
  }

  @Test
  void shouldBoundDepthNamesAndNumbersOfTensors() throws IOException {
    shouldRefuse(
        SafetensorsWriter.file("{\"__metadata__\":" + "[".repeat(1 << 20), new byte[8]),
        "too deep");
    String longName = "{\"%s\":1}".formatted("x".repeat(300));
    shouldRefuse(SafetensorsWriter.file(longName, new byte[8]), "a name of 300 characters");
    String longest = "{\"%s\":1}".formatted("x".repeat(8 << 20));
    shouldRefuse(SafetensorsWriter.file(longest, new byte[8]), "too long");
    StringBuilder many = new StringBuilder("{");
    for (int i = 0; i < 200_000; i++) {
      many.append("\"%d\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},".formatted(i));
    }
    String header = many.append("\"x\":0}").toString();
    assertTrue(header.getBytes(StandardCharsets.UTF_8).length < 32 << 20);
    shouldRefuse(SafetensorsWriter.file(header, new byte[8]), "more than 131,072 tensors");
  }
}
