package dllama.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import dllama.error.UserException;
import dllama.files.RegularFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The devices and links of conf/devices.conf, which is in the jar, and of a file over it.
public final class Devices {
  static final double MIN_BITS = 1e4;
  static final double MAX_BITS = 1e13;

  private static final String BUILT_IN = "dllama/devices.conf";
  private static final String DEVICES = "devices";
  private static final String LINKS = "links";

  /// Of a link of which only the rate is given: as a wired one.
  private static final Duration LATENCY = Duration.ofNanos(100_000);

  private static final Pattern RATE = Pattern.compile("(\\d+(?:\\.\\d+)?) ?([kMG]?)(?:bit/s)?");
  private static final Map<String, Double> UNITS = Map.of("", 1.0, "k", 1e3, "M", 1e6, "G", 1e9);

  private final Config config;

  private Devices(Config config) {
    this.config = config;
  }

  /// Reads both.
  ///
  /// @param file whose values count before those in the jar
  /// @throws UserException if it can not be read
  public static Devices load(Optional<Path> file) {
    Config builtIn = ConfigFactory.parseResources(BUILT_IN);
    try {
      Config config = file.map(Devices::parse).orElseGet(ConfigFactory::empty);
      return new Devices(config.withFallback(builtIn).resolve());
    } catch (ConfigException e) {
      throw new UserException("--devices: " + SettingsLoader.oneLine(e), e);
    }
  }

  private static Config parse(Path file) {
    RegularFile.check(file, "--devices");
    return ConfigFactory.parseFile(file.toFile());
  }

  public Set<String> deviceNames() {
    return names(DEVICES);
  }

  public Set<String> linkNames() {
    return names(LINKS);
  }

  private Set<String> names(String section) {
    try {
      return new TreeSet<>(config.getObject(section).keySet());
    } catch (ConfigException e) {
      throw new UserException("--devices: " + SettingsLoader.oneLine(e), e);
    }
  }

  /// A device by its name.
  ///
  /// @throws UserException for an unknown name, naming those that are known, or a bad value
  public Device device(String name) {
    if (!deviceNames().contains(name)) {
      throw new UserException(
          "device '%s' is not known; choose one of %s, describe it in a file of --devices, or use --measure there"
              .formatted(name, String.join(", ", deviceNames())));
    }
    return Device.from(name, values(DEVICES, name));
  }

  /// A link by its name, or by its rate: bits per second, `k`, `M` or `G` of them.
  ///
  /// @throws UserException for anything else, naming those that are known, or a bad value
  public Link link(String text) {
    if (linkNames().contains(text)) {
      return Link.from(text, values(LINKS, text));
    }
    Matcher rate = RATE.matcher(text.strip());
    if (rate.matches()) {
      double bits = Double.parseDouble(rate.group(1)) * unit(rate.group(2));
      if (bits >= MIN_BITS && bits <= MAX_BITS) {
        return new Link(text, bits, LATENCY, false);
      }
    }
    throw new UserException(
        "link '%s' is not known; choose one of %s, or give bits per second from 10k to 10000G, such as 300M"
            .formatted(text, String.join(", ", linkNames())));
  }

  private static double unit(String letter) {
    return UNITS.getOrDefault(letter, 1.0);
  }

  private Values values(String section, String name) {
    String path = section + "." + ConfigUtil.quoteString(name);
    try {
      return new Values(config.getConfig(path), "%s.%s.".formatted(section, name));
    } catch (ConfigException e) {
      throw new UserException("--devices: " + SettingsLoader.oneLine(e), e);
    }
  }
}
