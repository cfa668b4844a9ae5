package dllama.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.Conformance;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Blocks stand for the very floats that ggml makes of them, the sign of zero included.
class GgufBlocksTest {
  static Stream<Arguments> recorded() {
    return DType.all().stream()
        .filter(type -> type != DType.F32)
        .flatMap(type -> Stream.of("quantized", "random").map(kind -> Arguments.of(type, kind)));
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void shouldDecodeAsGgml(DType type, String kind) throws IOException {
    check(type, Conformance::file, kind);
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void shouldDecodeAllThatWasRecorded(DType type, String kind) throws IOException {
    if (Conformance.shared("gguf/dequant", "dequant.json").isPresent()) {
      check(type, (folder, name) -> Conformance.shared("gguf/" + folder, name).orElseThrow(), kind);
    }
  }

  private static void check(DType type, BiFunction<String, String, Path> files, String kind)
      throws IOException {
    String name = type.name().toLowerCase(Locale.ROOT) + "_" + kind;
    byte[] blocks = Files.readAllBytes(files.apply("dequant", name + ".bin"));
    byte[] values = Files.readAllBytes(files.apply("dequant", name + ".f32"));
    int size = values.length / Float.BYTES;
    assertTrue(size >= 512 && type.byteSize(size) == blocks.length, name);
    assertTrue(type.isFinite(MemorySegment.ofArray(blocks)), name);
    float[] decoded = new float[size + 1];
    type.decode(MemorySegment.ofArray(blocks), 0, size, false, decoded, 1);
    for (int i = 0; i < size; i++) {
      int expected = Tiles.getInt(MemorySegment.ofArray(values), 4L * i);
      assertEquals(
          Float.intBitsToFloat(expected) + " " + expected,
          decoded[i + 1] + " " + Float.floatToRawIntBits(decoded[i + 1]),
          name + " at " + i);
    }
  }
}
