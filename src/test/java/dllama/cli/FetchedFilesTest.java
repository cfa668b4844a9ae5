package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.settings.ModelSettings;
import dllama.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FetchedFilesTest {
  private static final Path HOME = Path.of("/home/me");

  @TempDir Path folder;

  @Test
  void shouldFollowTheCustomOfTheSystem() {
    assertEquals(
        HOME.resolve(".local/share/dllama-akka/models"),
        FetchedFiles.of("Linux", HOME, Map.of("XDG_DATA_HOME", "")));
    assertEquals(
        HOME.resolve("Library/Application Support/dllama-akka/models"),
        FetchedFiles.of("Mac OS X", HOME, Map.of()));
    assertEquals(
        Path.of("/local/dllama-akka/models"),
        FetchedFiles.of("Windows 11", HOME, Map.of("LOCALAPPDATA", "/local")));
    assertEquals(
        Path.of("/data/dllama-akka/models"),
        FetchedFiles.of("Linux", HOME, Map.of("XDG_DATA_HOME", "/data")));
  }

  private ModelSettings settings(String... arguments) {
    Properties properties = new Properties();
    properties.setProperty("dllama.models.dir", folder.toString());
    return FetchedFiles.in(Arguments.parse(arguments).orElseThrow().settings(properties)).model();
  }

  private void fetched(String files) throws IOException {
    Path model = Files.createDirectories(folder.resolve("tiny"));
    Files.writeString(
        model.resolve("model.json"),
        "{\"name\": \"tiny\", \"source\": \"org/tiny:Q8_0\", \"licence\": null, \"files\": [%s]}"
            .formatted(files));
  }

  private static String file(String name) {
    return "{\"name\": \"%s\", \"size\": 1, \"urls\": [], \"sha256\": []}".formatted(name);
  }

  @Test
  void shouldTakeTheFilesOfAName() throws IOException {
    fetched(file("a.m") + "," + file("a.t"));
    for (String name : new String[] {"tiny", "org/tiny:q8_0"}) {
      ModelSettings model = settings("--model", name);
      assertEquals(Optional.of(folder.resolve("tiny/a.m")), model.model());
      assertEquals(Optional.of(folder.resolve("tiny/a.t")), model.tokenizer());
    }
    ModelSettings other = settings("--model", "tiny", "--tokenizer", "b.t");
    assertEquals(Optional.of(Path.of("b.t")), other.tokenizer());
    ModelSettings tokenizer = settings("--model", "b.m", "--tokenizer", "tiny");
    assertEquals(Optional.of(Path.of("b.m")), tokenizer.model());
    assertEquals(Optional.of(folder.resolve("tiny/a.t")), tokenizer.tokenizer());
  }

  @Test
  void shouldTakeAFileBeforeAName() throws IOException {
    fetched(file("a.m"));
    assertEquals(Optional.of(Path.of("pom.xml")), settings("--model", "pom.xml").model());
    assertEquals(Optional.of(Path.of("no.m")), settings("--model", "no.m").model());
  }

  @ParameterizedTest
  @ValueSource(strings = {"../../x.m", "/etc/passwd", "", ".", "..", "a\\\\b"})
  void shouldTakeNothingFromElsewhere(String name) throws IOException {
    fetched(file(name));
    assertEquals(Optional.of(Path.of("tiny")), settings("--model", "tiny").model());
  }

  @Test
  void shouldSayHowToGetAKnownModel() {
    UserException e = assertThrows(UserException.class, () -> settings("--model", "qwen3-8b"));
    assertTrue(String.valueOf(e.getMessage()).contains("dllama-akka fetch qwen3-8b"));
  }

  @Test
  void shouldReadWhatACommandIsAbout() {
    Settings settings =
        Arguments.parse("fetch", "a/b:Q4_K_M", "--hub", "http://x", "--run")
            .orElseThrow()
            .settings(new Properties());
    assertEquals("a/b:Q4_K_M", settings.fetched().name());
    assertEquals("http://x", settings.fetched().hub());
    assertTrue(settings.fetched().run());
    UserException e = assertThrows(UserException.class, () -> Arguments.parse("fetch"));
    assertTrue(String.valueOf(e.getMessage()).contains("NAME|ORG/REPO[:QUANT]|URL"));
  }

  @Test
  void shouldShowHowItGoesOn() {
    assertEquals(
        "1.00 GB of 4.00 GB, 25 %, 10.0 MB/s, 5:07 left", Rate.line(1L << 30, 4L << 30, 10 << 20));
    assertEquals("0 bytes of 4.00 GB, 0 %", Rate.line(0, 4L << 30, 0));
  }
}
