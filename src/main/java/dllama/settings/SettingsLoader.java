package dllama.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import dllama.error.UserException;
import dllama.files.RegularFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;

/// Lays options over system properties over a file over `reference.conf`, and refuses keys that do
/// not exist.
final class SettingsLoader {
  private static final String ROOT = "dllama";
  private static final String PROPERTY = "-D";
  /// Akka as this program needs it, over Akka's own `reference.conf`.
  private static final Config AKKA =
      ConfigFactory.parseResources("dllama/akka.conf")
          .withFallback(
              ConfigFactory.parseMap(Map.of("akka.cluster.app-version", Version.current())));

  private static final Config REFERENCE = ReferenceConf.load();
  private static final Config OURS = REFERENCE.withOnlyPath(ROOT).resolve();

  private SettingsLoader() {}

  static Config load(Optional<Path> file, Properties properties, List<Settings.Option> options) {
    Config merged =
        options(options)
            .withFallback(properties(properties))
            .withFallback(file.map(SettingsLoader::file).orElseGet(ConfigFactory::empty))
            .withFallback(AKKA)
            .withFallback(REFERENCE);
    try {
      merged = merged.resolve();
    } catch (ConfigException e) {
      throw new UserException(oneLine(e), e);
    }
    refuseUnknown(merged);
    return merged;
  }

  /// Whether `auto` is a value that the key may have.
  static boolean isAuto(String path) {
    return OURS.hasPath(path) && Values.AUTO.equals(OURS.getAnyRef(path));
  }

  /// A setting the way its user wrote it, with the place.
  static String given(String path, String value, ConfigOrigin origin) {
    String place = origin.description();
    if (place.startsWith("--")) {
      return place + " " + value;
    }
    if (place.equals(PROPERTY)) {
      return PROPERTY + path + "=" + value;
    }
    return origin.filename() == null
        ? path + "=" + value
        : "%s=%s (%s:%d)".formatted(path, value, origin.filename(), origin.lineNumber());
  }

  private static Config options(List<Settings.Option> options) {
    Config config = ConfigFactory.empty();
    for (Settings.Option option : options) {
      config =
          config.withValue(
              ROOT + "." + option.key(),
              ConfigValueFactory.fromAnyRef(option.value(), option.option()));
    }
    return config;
  }

  private static Config properties(Properties properties) {
    Properties ours = new Properties();
    for (String name : properties.stringPropertyNames()) {
      if (name.startsWith(ROOT + ".") || name.startsWith("akka.")) {
        ours.setProperty(name, properties.getProperty(name));
      }
    }
    return ConfigFactory.parseProperties(
        ours, ConfigParseOptions.defaults().setOriginDescription(PROPERTY));
  }

  private static Config file(Path file) {
    RegularFile.check(file, "--config");
    try {
      return ConfigFactory.parseFile(file.toFile());
    } catch (ConfigException e) {
      throw new UserException("--config: " + oneLine(e), e);
    }
  }

  private static void refuseUnknown(Config merged) {
    Set<String> known =
        OURS.getConfig(ROOT).entrySet().stream().map(Map.Entry::getKey).collect(Collectors.toSet());
    if (!(merged.root().get(ROOT) instanceof ConfigObject ours)) {
      throw new UserException("dllama must be an object of settings, dllama { … }");
    }
    for (Map.Entry<String, ConfigValue> entry : ours.toConfig().entrySet()) {
      if (!known.contains(entry.getKey())) {
        String path = ROOT + "." + entry.getKey();
        ConfigValue value = entry.getValue();
        String nearest =
            Nearest.of(entry.getKey(), known)
                .map(name -> "; the nearest known one is " + ROOT + "." + name)
                .orElse("; docs/CONFIGURATION.md lists them");
        throw new UserException(
            "unknown setting "
                + given(path, String.valueOf(value.unwrapped()), value.origin())
                + nearest);
      }
    }
  }

  static String oneLine(ConfigException e) {
    return String.valueOf(e.getMessage()).replaceAll("\\s+", " ");
  }
}
