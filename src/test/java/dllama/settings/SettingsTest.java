package dllama.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.settings.ClusterSettings.Cache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
  @TempDir Path folder;

  @Test
  void shouldHaveTheDocumentedDefaults() {
    Settings settings = load();
    assertEquals(Role.ROOT, settings.role());
    assertEquals(Mode.CHAT, settings.mode());
    assertEquals(9990, settings.cluster().port());
    assertTrue(settings.cluster().threads() >= 1);
    assertTrue(settings.cluster().nodes().isEmpty());
    assertEquals(Duration.ofSeconds(5), settings.cluster().formTimeout());
    assertEquals(256 * 1024, settings.cluster().weights().chunkBytes());
    assertEquals(2 << 20, settings.cluster().sync().maxFrameBytes());
    assertEquals(0.8f, settings.sampler().temperature());
    assertTrue(settings.akka().hasPath("akka.actor.provider"));
  }

  @Test
  void shouldLeaveASliceInItsFileWhereMemoryIsShort() {
    Cache auto = load().cluster().weights().cache();
    assertFalse(auto.maps(1));
    assertEquals(Files.exists(Path.of("/proc/meminfo")), auto.maps(Long.MAX_VALUE - 1));
  }

  @Test
  void shouldLetOptionsBeatPropertiesBeatTheFile() throws IOException {
    Path file = file("dllama { threads = 1, port = 1, sampler.topp = 0.5 }");
    Properties properties = properties("dllama.threads", "2", "dllama.port", "2");
    Settings settings =
        Settings.load(Optional.of(file), properties, List.of(option("--threads", "threads", "3")));
    assertEquals(3, settings.cluster().threads());
    assertEquals(2, settings.cluster().port());
    assertEquals(0.5f, settings.sampler().topp());
  }

  @Test
  void shouldNameFileAndLineOfABadValue() throws IOException {
    Path file = file("dllama {\n  model = a\n  threads = 0\n}\n");
    String message = message(() -> Settings.load(Optional.of(file), new Properties(), List.of()));
    assertEquals("dllama.threads=0 (" + file + ":3) must be 1 to 1024 or auto", message);
  }

  @Test
  void shouldNameTheNearestKnownKey() throws IOException {
    Path file = file("dllama.sync {\n timeuot = 3s }");
    String message = message(() -> Settings.load(Optional.of(file), new Properties(), List.of()));
    assertEquals(
        "unknown setting dllama.sync.timeuot=3s ("
            + file
            + ":2); the nearest known one is dllama.sync.timeout",
        message);
  }

  @Test
  void shouldRefuseAnObjectWhereAValueBelongs() throws IOException {
    Path nested = file("dllama.threads { x = 1 }");
    Path flat = file("dllama = 5");
    Path gone = file("dllama.sync = 5");
    for (Path file : List.of(nested, flat, gone)) {
      assertOneLine(message(() -> Settings.load(Optional.of(file), new Properties(), List.of())));
    }
  }

  @Test
  void shouldRefuseAFileThatIsNoneOrBroken() throws IOException {
    Path missing = folder.resolve("missing.conf");
    Path broken = file("dllama { threads = ");
    for (Path file : List.of(missing, broken, folder)) {
      String message = message(() -> Settings.load(Optional.of(file), new Properties(), List.of()));
      assertOneLine(message);
      assertTrue(message.contains("--config"), message);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --threads          | threads             | many  | --threads many must be a whole number, 1 to 1024 or auto
          --threads          | threads             | 2.5   | --threads 2.5 must be a whole number, 1 to 1024 or auto
          --port             | port                | 65536 | --port 65536 must be 0 to 65535 or auto
          --nodes            | nodes               | 3     | --nodes 3 must be a power of two (1, 2, 4, 8, …) or auto
          --nodes            | nodes               | 0     | --nodes 0 must be 1 to 1024 or auto
          --form-timeout     | form-timeout        | 5     | --form-timeout 5 must be 100ms to 3600s, such as 5s or 500ms
          --temperature      | sampler.temperature | NaN   | --temperature NaN must be 0 to 100
          --temperature      | sampler.temperature | -1    | --temperature -1 must be 0 to 100
          --topp             | sampler.topp        | 1.01  | --topp 1.01 must be 0 to 1
          --role             | role                | boss  | --role boss must be root, worker
          --kv-float-type    | kv-float-type       | q40   | --kv-float-type q40 must be f32, f16 or auto
          --output           | output              | xml   | --output xml must be text, json, md, csv
          """)
  void shouldRefuseValuesOutOfRange(String option, String key, String value, String expected) {
    assertEquals(expected, message(() -> load(option(option, key, value))));
  }

  @Test
  void shouldNameABadProperty() {
    Properties properties = properties("dllama.prefill-batch", "0");
    assertEquals(
        "-Ddllama.prefill-batch=0 must be 1 to 4096 or auto",
        message(() -> Settings.load(Optional.empty(), properties, List.of())));
  }

  @Test
  void shouldReadSeedNodes() {
    List<String> given = List.of("pi1", "10.0.0.7:1234", "[fe80::1]:99", "::1");
    Settings settings =
        load(option("--role", "role", "worker"), option("--seed-node", "seed-nodes", given));
    assertEquals(
        List.of(
            new SeedNode("pi1", 9990),
            new SeedNode("10.0.0.7", 1234),
            new SeedNode("fe80::1", 99),
            new SeedNode("::1", 9990)),
        settings.cluster().seedNodes());
    assertEquals(0, settings.cluster().port());
    for (String bad : List.of("pi1:", "pi1:0", "pi1:x", "pi1:99999", ":1", "", "[::1]x")) {
      assertOneLine(message(() -> load(option("--seed-node", "seed-nodes", List.of(bad)))));
    }
  }

  @Test
  void shouldAskAWorkerForItsRoot() {
    assertTrue(message(() -> load(option("--role", "role", "worker"))).contains("--seed-node"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"q40", "Q40", "q4_0", "Q4_0"})
  void shouldKnowTypesByBothTheirNames(String name) {
    ModelSettings model = load(option("--weights-float-type", "weights-float-type", name)).model();
    assertEquals(FloatType.Q4_0, model.weightsFloatType().orElseThrow());
  }

  @Test
  void shouldChooseTypesByTheWeights() {
    ModelSettings model = load().model();
    assertEquals(FloatType.Q8_0, model.bufferFloatType(true));
    assertEquals(FloatType.F32, model.bufferFloatType(false));
    assertEquals(FloatType.F32, model.kvFloatType(true));
    assertEquals(FloatType.F16, model.kvFloatType(false));
    assertEquals(4096, model.contextLength(131072));
    assertEquals(48, model.contextLength(48));
    ModelSettings long_ = load(option("--max-seq-len", "max-seq-len", "64")).model();
    assertTrue(message(() -> long_.contextLength(48)).contains("48"));
  }

  private Path file(String text) throws IOException {
    return Files.writeString(Files.createTempFile(folder, "a", ".conf"), text);
  }

  private static Settings.Option option(String name, String key, Object value) {
    return new Settings.Option(name, key, value);
  }

  private static Settings load(Settings.Option... options) {
    return Settings.load(Optional.empty(), new Properties(), List.of(options));
  }

  private static Properties properties(String... pairs) {
    Properties properties = new Properties();
    for (int i = 0; i < pairs.length; i += 2) {
      properties.setProperty(pairs[i], pairs[i + 1]);
    }
    return properties;
  }

  private static String message(Executable load) {
    return assertThrows(UserException.class, load).getMessage();
  }

  private static void assertOneLine(String message) {
    assertFalse(message.isBlank());
    assertFalse(message.contains("\n"), message);
  }
}
