package dllama;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/// Finds the recorded results of distributed-llama in `src/test/resources/conformance`; its
/// README.md tells what is there and how exact a result has to be.
public final class Conformance {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Conformance() {}

  /// A file such as `file("llama_gqa_f32", "model.m")`.
  public static Path file(String caseName, String name) {
    return file(caseName + "/" + name);
  }

  /// A file by its path below the conformance folder.
  public static Path file(String name) {
    return find(name)
        .orElseThrow(() -> new IllegalArgumentException("no test resource conformance/" + name));
  }

  /// Whether there is a model of this name; some are only in the larger collection.
  public static boolean has(String caseName) {
    return has(caseName, "model.m");
  }

  public static boolean has(String caseName, String name) {
    return find(caseName + "/" + name).isPresent();
  }

  private static Optional<Path> find(String name) {
    return resource(name)
        .or(() -> resource(name + ".gz").map(packed -> unpacked(packed, name)))
        .or(() -> Optional.of(collection().resolve(name)).filter(Files::exists));
  }

  private static Optional<Path> resource(String name) {
    URL url = Conformance.class.getResource("/conformance/" + name);
    try {
      return url == null ? Optional.empty() : Optional.of(Path.of(url.toURI()));
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Models are compressed to keep the clone small, and unpacked once, to be mapped into memory.
  private static synchronized Path unpacked(Path packed, String name) {
    Path plain = Path.of("target", "conformance-data").toAbsolutePath().resolve(name);
    try {
      if (Files.notExists(plain)
          || Files.getLastModifiedTime(plain).compareTo(Files.getLastModifiedTime(packed)) < 0) {
        Files.createDirectories(plain.getParent());
        Path part = Files.createTempFile(plain.getParent(), "", ".part");
        try (InputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
          Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
        }
        Files.move(part, plain, StandardCopyOption.ATOMIC_MOVE);
      }
      return plain;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The larger collection beside the project, if it is there.
  private static Path collection() {
    return Path.of(System.getProperty("dllama.shared", "../shared"), "conformance");
  }

  /// A file of the larger collection beside the project, where there is one; only for extra tests.
  public static Optional<Path> shared(String caseName, String name) {
    return Optional.of(collection().resolve(caseName).resolve(name)).filter(Files::exists);
  }

  public static JsonNode json(String caseName, String name) {
    return json(file(caseName, name));
  }

  public static JsonNode json(Path file) {
    try {
      return JSON.readTree(file.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static JsonNode golden(String caseName) {
    return json(caseName, "golden.json");
  }

  /// Logits as rows `[positions][vocabSize]`, such as `logits("llama_gqa_f32", "p0_n1.f32", 512)`.
  public static float[][] logits(String caseName, String name, int vocabSize) {
    return logits(file(caseName, name), vocabSize);
  }

  public static float[][] logits(Path file, int vocabSize) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      float[][] rows = new float[bytes.remaining() / Float.BYTES / vocabSize][vocabSize];
      for (float[] row : rows) {
        for (int i = 0; i < vocabSize; i++) {
          row[i] = bytes.getFloat();
        }
      }
      return rows;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A JSON list of numbers, such as `golden.at("/prompts/0/prompt_tokens")`.
  public static int[] ints(JsonNode list) {
    int[] values = new int[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.get(i).asInt();
    }
    return values;
  }

  /// The bytes of a hexadecimal string; none for null.
  public static byte[] bytes(JsonNode hex) {
    return hex.isNull() || hex.isMissingNode()
        ? new byte[0]
        : HexFormat.of().parseHex(hex.asText());
  }
}
