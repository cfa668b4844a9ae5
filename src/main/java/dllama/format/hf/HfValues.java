package dllama.format.hf;

import dllama.error.UserException;
import dllama.format.file.InputFile;
import dllama.format.file.JsonReader;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The values of a JSON file that says something of a model, or of an object in it; a value of null
/// counts as absent. Names what is wrong by its place in the file.
final class HfValues {
  /// Ten times the largest known ones, which list thousands of special tokens.
  private static final long MOST_BYTES = 16 << 20;

  private static final int MOST_VALUES = 1 << 16;

  private final InputFile file;
  private final String prefix;
  private final Map<String, @Nullable Object> values;

  private HfValues(InputFile file, String prefix, Map<String, @Nullable Object> values) {
    this.file = file;
    this.prefix = prefix;
    this.values = values;
  }

  /// Reads a file, but for some of its fields.
  ///
  /// @throws UserException if it is not an object of JSON
  static HfValues read(Path path, String... skipped) {
    try (InputFile file = InputFile.open(path, "configuration");
        JsonReader json = JsonReader.of(file, MOST_BYTES)) {
      return new HfValues(file, "", json.document(MOST_VALUES, skipped));
    }
  }

  /// An object that is read out of a file.
  ///
  /// @param name of its place in the file, with a dot at the end
  @SuppressWarnings("unchecked") // objects of JSON have texts as keys
  static HfValues of(InputFile file, String name, Object object) {
    if (!(object instanceof Map<?, ?> map)) {
      throw file.damaged("%s is no object".formatted(name));
    }
    return new HfValues(file, name, (Map<String, @Nullable Object>) map);
  }

  /// The same with values for what is not told.
  HfValues or(Map<String, Object> defaults) {
    Map<String, @Nullable Object> all = new HashMap<>(values);
    defaults.forEach(all::putIfAbsent);
    return new HfValues(file, prefix, all);
  }

  private @Nullable Object value(String key) {
    return values.get(key);
  }

  boolean has(String key) {
    return value(key) != null;
  }

  Optional<String> text(String key) {
    return find(key, String.class, "a text");
  }

  Optional<Boolean> truth(String key) {
    return find(key, Boolean.class, "true or false");
  }

  /// A number, whole or not.
  Optional<Double> number(String key) {
    return find(key, Number.class, "a number").map(Number::doubleValue);
  }

  float number(String key, double otherwise) {
    return number(key).orElse(otherwise).floatValue();
  }

  /// A whole number from 0 on.
  Optional<Integer> natural(String key) {
    Optional<Double> found = number(key);
    found
        .filter(value -> value < 0 || value > Integer.MAX_VALUE || value != Math.rint(value))
        .ifPresent(
            _ -> {
              throw wrong(key, "no whole number in the possible range");
            });
    return found.map(Double::intValue);
  }

  /// A whole number that has to be there.
  int required(String key) {
    return natural(key)
        .orElseThrow(() -> file.damaged("it does not tell %s%s".formatted(prefix, key)));
  }

  /// A list.
  Optional<List<?>> list(String key) {
    return find(key, List.class, "a list").map(list -> (List<?>) list);
  }

  /// An object within this one.
  Optional<HfValues> object(String key) {
    return find(key, Map.class, "an object").map(map -> of(file, prefix + key + ".", map));
  }

  /// A list of objects; empty where there is none.
  List<HfValues> objects(String key) {
    String name = prefix + key + ".";
    return list(key).orElse(List.of()).stream().map(element -> of(file, name, element)).toList();
  }

  /// Whatever it is.
  Optional<Object> any(String key) {
    return Optional.ofNullable(value(key));
  }

  private <T> Optional<T> find(String key, Class<T> type, String what) {
    Object value = value(key);
    if (value != null && !type.isInstance(value)) {
      throw wrong(key, "not " + what);
    }
    return Optional.ofNullable(type.cast(value));
  }

  private UserException wrong(String key, String what) {
    return file.damaged("%s%s is %s, %s".formatted(prefix, key, value(key), what));
  }

  /// A value, or that there is none, makes a model that can not be run.
  UserException unsupported(String key) {
    return file.refused(
        has(key)
            ? "%s%s is %s, which is not supported yet".formatted(prefix, key, value(key))
            : "it does not tell %s%s, and the default is not supported yet".formatted(prefix, key),
        "its answers would be wrong");
  }

  /// The content is not what is wanted, and what to do about it.
  UserException refused(String what, String remedy) {
    return file.refused(what, remedy);
  }
}
