package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// docs/MODELS.md says which architecture is run from which kind of file with which types.
class FilesTableTest {
  private static final Map<String, String> ARCHITECTURES =
      Map.ofEntries(
          Map.entry("llama31", "llama"),
          Map.entry("mixtral", "llama-moe"),
          Map.entry("gptoss", "gpt-oss"),
          Map.entry("glm4bias", "glm4-bias"),
          Map.entry("seedoss", "seed-oss"),
          Map.entry("hunyuan", "hunyuan-dense"),
          Map.entry("hunyuanmoe", "hunyuan-moe"),
          Map.entry("glm4moenorms", "glm4moe-norms"),
          Map.entry("ernie45moe", "ernie4_5-moe"));

  @Test
  void shouldSayWhatIsRun() throws IOException {
    String doc = Files.readString(Path.of("docs", "MODELS.md"));
    Map<String, String> gguf = new LinkedHashMap<>();
    GgufConformanceTest.cases().forEach(name -> add(gguf, family(name), type(name)));
    gguf.forEach(
        (architecture, types) -> {
          String row = row(doc, architecture);
          assertTrue(row.contains("| " + types + " | "), row + " is " + types);
        });
    Map<String, String> own = new LinkedHashMap<>();
    Stream.concat(Goldens.F32_CASES.stream(), Goldens.Q4_0_CASES.stream())
        .forEach(
            name ->
                add(
                    own,
                    Goldens.architecture(name).name(),
                    name.endsWith("_q40") ? "Q4_0" : "F32"));
    own.forEach(
        (architecture, types) -> {
          String row = row(doc, architecture);
          assertTrue(row.startsWith("| `%s` | %s | ".formatted(architecture, types)), row);
        });
  }

  private static String row(String doc, String architecture) {
    String table = doc.substring(doc.indexOf("## Which files"), doc.indexOf("## How to get one"));
    return table
        .lines()
        .filter(line -> line.startsWith("| `%s` |".formatted(architecture)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no row of " + architecture));
  }

  private static String type(String name) {
    return name.substring(name.indexOf('_') + 1).replace("_small", "").toUpperCase(Locale.ROOT);
  }

  /// The architecture of a GGUF file.
  private static String family(String name) {
    String family = name.substring(0, name.indexOf('_'));
    return ARCHITECTURES.getOrDefault(family, family);
  }

  private static void add(Map<String, String> types, String architecture, String type) {
    boolean known = (" " + types.getOrDefault(architecture, "") + " ").contains(" " + type + " ");
    if (!known) {
      types.merge(architecture, type, (all, more) -> all + " " + more);
    }
  }
}
