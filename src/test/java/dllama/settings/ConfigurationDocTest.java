package dllama.settings;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Test;

/// The documentation and the examples say what the code knows.
class ConfigurationDocTest {
  @Test
  void shouldListEveryKeyWithItsDefault() throws IOException {
    String doc = Files.readString(Path.of("docs/CONFIGURATION.md"));
    var keys = ConfigFactory.parseResources("reference.conf").getConfig("dllama").entrySet();
    assertTrue(keys.size() > 30);
    for (var key : keys) {
      assertTrue(doc.contains("| `" + key.getKey() + "` |"), key.getKey());
    }
  }

  @Test
  void shouldAcceptTheExamples() {
    for (String name : List.of("root", "worker")) {
      Settings settings =
          Settings.load(Optional.of(Path.of("conf", name + ".conf")), new Properties(), List.of());
      assertTrue(settings.role().name().equalsIgnoreCase(name));
    }
  }
}
