package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JdkSourceTest {
  private static final Path LIST = Path.of("src/main/resources/dllama/jdk.txt");
  private static final String SUM = "a".repeat(64);
  private static final List<String> LINES =
      List.of(
          "# JDKs", "jdk temurin-25", "linux-x64 1000 " + SUM + " https://host/25%2B9/a.tar.gz");

  @ParameterizedTest
  @ValueSource(
      strings = {"linux-x64", "linux-aarch64", "macos-x64", "macos-aarch64", "windows-x64"})
  void shouldKnowAVerifiableArchiveForEveryPlatform(String platform) throws IOException {
    JdkSource source = JdkSource.of(Map.of(), Files.readAllLines(LIST), platform);
    assertEquals("temurin-25.0.3+9", source.name);
    assertTrue(source.bytes > 100_000_000, () -> "bytes " + source.bytes);
    assertTrue(source.checksum.matches("[0-9a-f]{64}"), source.checksum);
    String base =
        "https://github.com/adoptium/temurin25-binaries/releases/download/jdk-25.0.3%2B9/";
    assertEquals(base + source.archive, source.place);
  }

  @Test
  void shouldExpectOfAMirrorWhatIsPinned() throws IOException {
    JdkSource mirror = of("http://mirror/jdks/");
    assertEquals("http://mirror/jdks/a.tar.gz", mirror.place);
    assertEquals(SUM, mirror.checksum);
    assertEquals(1000, mirror.bytes);
    assertEquals(SUM, of("/stick/a.tar.gz").checksum);
  }

  @Test
  void shouldExpectNothingOfAnotherArchive() throws IOException {
    JdkSource other = of("http://mirror/b.tar.gz?raw=1");
    assertEquals("b.tar.gz", other.archive);
    assertEquals("b", other.name);
    assertEquals("", other.checksum);
    assertEquals(0, other.bytes);
  }

  @Test
  void shouldExpectWhatTheUserSays() throws IOException {
    Map<String, String> environment =
        Map.of("DLLAMA_JDK_URL", "b.zip", "DLLAMA_JDK_SHA256", "B".repeat(64));
    assertEquals("b".repeat(64), JdkSource.of(environment, LINES, "linux-x64").checksum);
  }

  @Test
  void shouldTellFilesFromAddresses() throws IOException {
    assertEquals(Path.of("/stick/a.tar.gz"), of("file:///stick/a.tar.gz").file());
    assertTrue(of("stick/a.tar.gz").isFile());
    assertTrue(!of("https://host/a.tar.gz").isFile());
  }

  @Test
  void shouldSayThatThereIsNoneForThisPlatform() {
    IOException e =
        assertThrows(IOException.class, () -> JdkSource.of(Map.of(), LINES, "linux-riscv64"));
    assertTrue(e.getMessage().startsWith("no JDK for linux-riscv64 is known here"), e.getMessage());
  }

  private static JdkSource of(String url) throws IOException {
    return JdkSource.of(Map.of("DLLAMA_JDK_URL", url), LINES, "linux-x64");
  }
}
