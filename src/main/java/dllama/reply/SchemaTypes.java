package dllama.reply;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What an argument that is written without quotes can be, by the tool's schema.
final class SchemaTypes {
  private static final String TEXT = "string";
  private static final int MOST_DEPTH = 16;

  private SchemaTypes() {}

  /// Names of types; none where the schema does not tell.
  static Set<String> of(List<Tool> tools, String tool, String argument) {
    Set<String> types = new TreeSet<>();
    for (Tool known : tools) {
      if (known.name().equals(tool)
          && known.parameters().get("properties") instanceof Map<?, ?> properties) {
        collect(properties.get(argument), types, 0);
      }
    }
    return types;
  }

  private static void collect(@Nullable Object schema, Set<String> to, int depth) {
    if (!(schema instanceof Map<?, ?> map) || depth > MOST_DEPTH) {
      return;
    }
    if (map.get("type") instanceof String type) {
      to.add(type);
    }
    if (map.get("type") instanceof List<?> types) {
      types.forEach(type -> to.add(String.valueOf(type)));
    }
    for (String key : List.of("anyOf", "oneOf", "allOf")) {
      if (map.get(key) instanceof List<?> choices) {
        choices.forEach(choice -> collect(choice, to, depth + 1));
      }
    }
    if (map.get("enum") instanceof List<?> values && !map.containsKey("type")) {
      values.forEach(value -> to.add(type(value)));
    }
    if (map.containsKey("const") && !map.containsKey("type")) {
      to.add(type(map.get("const")));
    }
  }

  private static String type(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case String _ -> TEXT;
      case Boolean _ -> "boolean";
      case Number _ -> "number";
      case List<?> _ -> "array";
      default -> "object";
    };
  }

  /// Whether values are texts whatever they look like.
  static boolean onlyText(Set<String> types) {
    return types.isEmpty() || types.equals(Set.of(TEXT));
  }

  /// A value as JSON: as what it can be, otherwise as a text.
  static String json(String value, Set<String> types) {
    String stripped = value.strip();
    String known =
        switch (stripped.toLowerCase(Locale.ROOT)) {
          case "true" -> "true";
          case "false" -> "false";
          case "null", "none" -> "null";
          default -> stripped;
        };
    boolean fits = JsonScanner.isValue(known) && types.stream().anyMatch(t -> fits(known, t));
    return fits ? known : JsonStrings.quoted(value);
  }

  private static boolean fits(String json, String type) {
    char c = json.charAt(0);
    return switch (type) {
      case "object" -> c == '{';
      case "array" -> c == '[';
      case "boolean" -> c == 't' || c == 'f';
      case "null" -> c == 'n';
      case "number" -> c == '-' || c >= '0' && c <= '9';
      case "integer" -> json.matches("-?[0-9]+(\\.0+)?");
      default -> false;
    };
  }
}
