package dllama.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigValue;
import dllama.error.UserException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/// Reads values below one key and refuses what is outside its range, with one line that names the
/// key as the user wrote it, the place, the value and what is allowed.
final class Values {
  static final String AUTO = "auto";
  private final Config config;
  private final String prefix;

  /// @param config the part below `prefix`
  /// @param prefix full path with a dot at its end
  Values(Config config, String prefix) {
    this.config = config;
    this.prefix = prefix;
  }

  Values below(String key) {
    return new Values(config.getConfig(key), prefix + key + ".");
  }

  /// The value if it is not `auto`.
  <T> Optional<T> unlessAuto(String key, BiFunction<Values, String, T> read) {
    return text(key).equals(AUTO) ? Optional.empty() : Optional.of(read.apply(this, key));
  }

  String text(String key) {
    return read(key, "a text", Config::getString);
  }

  /// The path if it is not empty.
  Optional<Path> pathIfAny(String key) {
    return textIfAny(key).map(_ -> path(key));
  }

  Path path(String key) {
    String text = text(key);
    try {
      if (!text.isBlank()) {
        return Path.of(text);
      }
    } catch (InvalidPathException e) {
      UserException bad = bad(key, "a path of this system");
      bad.initCause(e);
      throw bad;
    }
    throw bad(key, "a path");
  }

  /// The text if it is not empty.
  Optional<String> textIfAny(String key) {
    return Optional.of(text(key)).filter(text -> !text.isEmpty());
  }

  List<String> texts(String key) {
    return read(key, "a list", Config::getStringList);
  }

  boolean flag(String key) {
    return read(key, "on or off", Config::getBoolean);
  }

  int integer(String key, int min, int max) {
    return (int) whole(key, min, max, "%d to %d".formatted(min, max));
  }

  long whole(String key, long min, long max, String allowed) {
    long value = read(key, "a whole number, " + allowed, (c, k) -> parse(c.getString(k)));
    if (value < min || value > max) {
      throw bad(key, allowed);
    }
    return value;
  }

  List<Integer> integers(String key, int min, int max) {
    String allowed = "whole numbers from %d to %d".formatted(min, max);
    List<Integer> values =
        read(
            key,
            allowed,
            (c, k) -> c.getStringList(k).stream().map(s -> Math.toIntExact(parse(s))).toList());
    if (values.stream().anyMatch(value -> value < min || value > max)) {
      throw bad(key, allowed);
    }
    return values;
  }

  double real(String key, double min, double max) {
    String allowed = "%s to %s".formatted(plain(min), plain(max));
    double value = read(key, "a number, " + allowed, Config::getDouble);
    if (!(value >= min && value <= max)) {
      throw bad(key, allowed);
    }
    return value;
  }

  /// A time; a number without a unit is refused, because nobody remembers what it would mean.
  Duration duration(String key, Duration min, Duration max) {
    String allowed = "%s to %s, such as 5s or 500ms".formatted(time(min), time(max));
    String text = text(key).strip();
    if (text.matches("\\d*[1-9]\\d*")) {
      throw bad(key, allowed);
    }
    Duration value = read(key, allowed, Config::getDuration);
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      throw bad(key, allowed);
    }
    return value;
  }

  int bytes(String key, int min, int max) {
    String allowed = "%d to %d bytes, such as 256k".formatted(min, max);
    long value = read(key, allowed, Config::getBytes);
    if (value < min || value > max) {
      throw bad(key, allowed);
    }
    return (int) value;
  }

  /// A number of bytes of any size.
  long size(String key) {
    String allowed = "a size such as 6 GiB";
    long value = read(key, allowed, Config::getBytes);
    if (value < 1) {
      throw bad(key, allowed);
    }
    return value;
  }

  /// One of an enum's constants, in any case of letters, with or without hyphens between words.
  <E extends Enum<E>> E choice(String key, Set<E> allowed) {
    String text = text(key);
    return allowed.stream()
        .filter(constant -> letters(name(constant)).equalsIgnoreCase(letters(text)))
        .findFirst()
        .orElseThrow(() -> bad(key, names(allowed)));
  }

  private static <E extends Enum<E>> String names(Set<E> constants) {
    return constants.stream().map(Values::name).collect(Collectors.joining(", "));
  }

  private static String name(Enum<?> constant) {
    return constant.toString().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// So that q40 and q4_0 are the same.
  private static String letters(String name) {
    return name.replace("-", "").replace("_", "");
  }

  /// The error that `key` must be `allowed`.
  UserException bad(String key, String allowed) {
    String auto = SettingsLoader.isAuto(prefix + key) ? " or auto" : "";
    return new UserException("%s must be %s%s".formatted(given(key), allowed, auto));
  }

  private String given(String key) {
    ConfigValue value = config.root().get(key);
    return value == null
        ? prefix + key
        : SettingsLoader.given(prefix + key, String.valueOf(value.unwrapped()), value.origin());
  }

  private <T> T read(String key, String allowed, BiFunction<Config, String, T> read) {
    try {
      return read.apply(config, key);
    } catch (ConfigException | ArithmeticException | NumberFormatException e) {
      UserException bad = bad(key, allowed);
      bad.initCause(e);
      throw bad;
    }
  }

  private static long parse(String text) {
    return Long.parseLong(text.strip());
  }

  private static String plain(double value) {
    return value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
  }

  private static String time(Duration time) {
    if (time.toSeconds() == 0) {
      return time.toMillis() + "ms";
    }
    return time.toSeconds() + "s";
  }
}
