package dllama.format.meta;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.format.file.InputFile;
import dllama.tensor.DType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Archives as torch.save writes them, and hostile ones.
@Timeout(30)
class TorchFileTest {
  private static final byte[] FOUR = {
    0, 0, 0, 0, 0, 0, (byte) 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0, 0
  };

  @TempDir Path folder;

  private static byte[] pickle(int values, int offset, int[] shape, int[] strides) {
    return pickle("FloatStorage", values, offset, shape, strides);
  }

  private static byte[] pickle(String type, int values, int offset, int[] shape, int[] strides) {
    return new PickleCode()
        .op('}')
        .text("w")
        .tensor(type, "0", values, offset, shape, strides)
        .op('s')
        .end();
  }

  private static byte[] good() {
    return pickle(4, 0, new int[] {2, 2}, new int[] {2, 1});
  }

  private static byte[] archive(byte[] pickle, Consumer<ZipBytes> change) {
    ZipBytes zip = new ZipBytes();
    change.accept(zip);
    return zip.add("a/data.pkl", pickle)
        .add("a/byteorder", "little".getBytes(US_ASCII))
        .add("a/data/0", FOUR)
        .end();
  }

  private static Map<String, TorchTensor> read(byte[] content) {
    try (InputFile file = InputFile.of(content, "model");
        Arena arena = Arena.ofConfined()) {
      return TorchFile.read(file, arena);
    }
  }

  private static String refusal(byte[] content) {
    String message = assertThrows(UserException.class, () -> read(content)).getMessage();
    assertEquals(1, message.lines().count(), message);
    assertTrue(message.contains("; "), message);
    return message;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldReadTensors(boolean wide) {
    TorchTensor tensor = read(archive(good(), zip -> zip.wide = wide)).get("w");
    assertEquals(List.of(2L, 2L), tensor.shape());
    assertEquals(DType.F32, tensor.dtype());
    float[] values = new float[4];
    tensor.dtype().decode(tensor.matrix().data(), 0, 4, false, values, 0);
    assertArrayEquals(new float[] {0, 1, 2, 0}, values);
    byte[] part = archive(pickle(4, 1, new int[] {2}, new int[] {1}), zip -> zip.wide = wide);
    assertEquals(1, read(part).get("w").matrix().rows());
    for (String type : List.of("HalfStorage", "BFloat16Storage")) {
      byte[] halves = pickle(type, 8, 0, new int[] {2, 4}, new int[] {4, 1});
      assertEquals(4, read(archive(halves, _ -> {})).get("w").matrix().cols());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "4, 0, 3, 2, 2, 1, beyond its values",
    "4, 3, 2, 1, 1, 1, beyond its values",
    "4, -1, 2, 2, 2, 1, beyond its values",
    "4, 0, 2, 2, 1, 2, row by row",
    "4, 0, 2147483647, 2, 0, 0, row by row",
    "4, 0, -2, 2, 2, 1, row by row",
    "4, 0, 2147483647, 2147483647, 2147483647, 1, beyond its values",
    "5, 0, 2, 2, 2, 1, not 5 values",
    "-4, 0, 2, 2, 2, 1, not -4 values",
    "2147483647, 0, 2, 2, 2, 1, not 2",
  })
  void shouldRefuseShapesThatCanNotBe(
      int values, int offset, int rows, int cols, int stride, int inner, String what) {
    byte[] code = pickle(values, offset, new int[] {rows, cols}, new int[] {stride, inner});
    String message = refusal(archive(code, _ -> {}));
    assertTrue(message.contains(what), message);
  }

  @Test
  void shouldRefuseTensorsOfAnotherMake() {
    byte[] axes = pickle(4, 0, new int[] {1, 1, 1, 1, 1, 1, 1, 1, 4}, new int[9]);
    assertTrue(refusal(archive(axes, _ -> {})).contains("a call with arguments"));
    byte[] uneven = pickle(4, 0, new int[] {4}, new int[] {1, 1});
    assertTrue(refusal(archive(uneven, _ -> {})).contains("a call with arguments"));
    byte[] quantised = pickle("QInt8Storage", 4, 0, new int[] {4}, new int[] {1});
    assertTrue(refusal(archive(quantised, _ -> {})).contains("torch.QInt8Storage"));
    byte[] other = new PickleCode().op('}').text("w").number(1).op('s').end();
    assertTrue(refusal(archive(other, _ -> {})).contains("w in it is no tensor"));
    byte[] list = new PickleCode().op(']').end();
    assertTrue(refusal(archive(list, _ -> {})).contains("no dictionary"));
    byte[] elsewhere =
        new PickleCode()
            .op('}')
            .text("w")
            .tensor("FloatStorage", "../../etc/passwd", 4, 0, new int[] {4}, new int[] {1})
            .op('s')
            .end();
    assertTrue(refusal(archive(elsewhere, _ -> {})).contains("data/../../etc/passwd is missing"));
  }

  @Test
  void shouldRefuseWhatTorchDoesNotWrite() {
    assertTrue(refusal(archive(good(), zip -> zip.flags = 1)).contains("encrypted"));
    assertTrue(refusal(archive(good(), zip -> zip.method = 8)).contains("compressed"));
    ZipBytes big = new ZipBytes().add("a/data.pkl", good()).add("a/data/0", FOUR);
    assertTrue(refusal(big.add("a/byteorder", "big".getBytes(US_ASCII)).end()).contains("endian"));
    ZipBytes two = new ZipBytes().add("a/data.pkl", good()).add("b/data.pkl", good());
    assertTrue(refusal(two.end()).contains("more than once"));
    ZipBytes same = new ZipBytes().add("a/data.pkl", good()).add("a/data.pkl", good());
    assertTrue(refusal(same.end()).contains("twice"));
    assertTrue(refusal(new ZipBytes().add("a/x", FOUR).end()).contains("without /data.pkl"));
    ZipBytes huge = new ZipBytes().add("a/data.pkl", new byte[9 << 20]);
    assertTrue(refusal(huge.end()).contains("its pickle has 9,437,184 bytes"));
    assertTrue(refusal("no archive, but long enough".getBytes(US_ASCII)).contains(".pth"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldNotBelieveTheDirectory(boolean wide) {
    for (long error : new long[] {1, 1 << 20, -1, Integer.MAX_VALUE, Long.MIN_VALUE >> 1}) {
      if (wide || (int) error == error) {
        refusal(archive(good(), zip -> zip(zip, wide, 0, error, 0)));
      }
      if (wide || error == 1 || error == 1 << 20) {
        refusal(archive(good(), zip -> zip(zip, wide, error, 0, 0)));
      }
    }
    refusal(archive(good(), zip -> zip(zip, wide, 0, 0, 1)));
    refusal(archive(good(), zip -> zip(zip, wide, 0, 0, 50_000)));
  }

  private static void zip(ZipBytes zip, boolean wide, long size, long place, long count) {
    zip.wide = wide;
    zip.sizeError = size;
    zip.placeError = place;
    zip.countError = count;
  }

  /// Ten megabytes of zeros in ten kilobytes.
  @Test
  void shouldNotUnpackABomb() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry("a/data.pkl"));
      zip.write(new byte[10 << 20]);
      zip.closeEntry();
    }
    assertTrue(bytes.size() < 20_000);
    assertTrue(refusal(bytes.toByteArray()).contains("compressed or encrypted"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldSurviveDamage(boolean wide) {
    byte[] whole = archive(good(), zip -> zip.wide = wide);
    for (int length = 0; length < whole.length; length++) {
      refusal(Arrays.copyOf(whole, length));
    }
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = whole.clone();
      damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      try {
        read(damaged);
      } catch (UserException e) {
        assertEquals(1, String.valueOf(e.getMessage()).lines().count(), e.getMessage());
      }
    }
  }

  @Test
  void shouldMapFiles() throws IOException {
    Path path = Files.write(folder.resolve("x.pth"), archive(good(), _ -> {}));
    try (InputFile file = InputFile.open(path, "model");
        Arena arena = Arena.ofConfined()) {
      assertTrue(TorchFile.read(file, arena).get("w").data().isMapped());
    }
  }
}
