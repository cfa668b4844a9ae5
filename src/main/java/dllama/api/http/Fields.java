package dllama.api.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// The fields of a JSON object in a request. Null counts as absent, and what is not asked for is
/// ignored. Whatever is not what it should be is refused with the field's name and what it may be.
public final class Fields {
  private final ObjectNode node;

  /// Path of this object in the request, with a dot behind it; empty for the request itself.
  private final String path;

  private Fields(ObjectNode node, String path) {
    this.node = node;
    this.path = path;
  }

  /// Those of a body.
  ///
  /// @throws ApiException if it is no JSON object
  public static Fields parse(byte[] body) {
    if (body.length == 0) {
      throw ApiException.bad("the request has no body; send a JSON object");
    }
    return of(Json.parse(body), "the body").orElseThrow();
  }

  private static Optional<Fields> of(JsonNode node, String name) {
    if (node instanceof ObjectNode object) {
      return Optional.of(new Fields(object, name.equals("the body") ? "" : name + "."));
    }
    throw ApiException.bad(name, "must be an object");
  }

  /// The name of a field as errors tell it.
  public String name(String field) {
    return path + field;
  }

  /// That a field is wrong.
  public ApiException bad(String field, String message) {
    return ApiException.bad(name(field), message);
  }

  private @Nullable JsonNode get(String field) {
    JsonNode value = node.get(field);
    return value == null || value.isNull() ? null : value;
  }

  public boolean has(String field) {
    return get(field) != null;
  }

  /// The value itself, of any kind.
  public Optional<JsonNode> any(String field) {
    return Optional.ofNullable(get(field));
  }

  /// All of the object, as maps, lists, texts, numbers, booleans and null.
  public Map<String, Object> values() {
    return Json.map(node);
  }

  /// All of the object.
  public ObjectNode node() {
    return node;
  }

  public Optional<String> textIfAny(String field) {
    JsonNode value = get(field);
    if (value == null) {
      return Optional.empty();
    }
    if (!value.isTextual()) {
      throw bad(field, "must be a string");
    }
    return Optional.of(value.textValue());
  }

  public String text(String field) {
    return textIfAny(field).orElseThrow(() -> bad(field, "is required, a string"));
  }

  /// One of some words.
  public Optional<String> word(String field, List<String> allowed) {
    Optional<String> word = textIfAny(field);
    if (word.isPresent() && !allowed.contains(word.get())) {
      throw bad(field, "must be one of " + String.join(", ", allowed));
    }
    return word;
  }

  public boolean flag(String field, boolean otherwise) {
    JsonNode value = get(field);
    if (value == null) {
      return otherwise;
    }
    if (!value.isBoolean()) {
      throw bad(field, "must be true or false");
    }
    return value.booleanValue();
  }

  public Optional<Double> real(String field, double min, double max) {
    JsonNode value = get(field);
    if (value == null) {
      return Optional.empty();
    }
    if (!value.isNumber()) {
      throw bad(field, "must be a number");
    }
    double number = value.doubleValue();
    if (!(number >= min && number <= max)) {
      throw bad(field, "must be from %s to %s".formatted(plain(min), plain(max)));
    }
    return Optional.of(number);
  }

  public OptionalLong whole(String field, long min, long max) {
    JsonNode value = get(field);
    if (value == null) {
      return OptionalLong.empty();
    }
    boolean whole = value.isIntegralNumber() || (value.isNumber() && isWhole(value.doubleValue()));
    if (!whole) {
      throw bad(field, "must be a whole number");
    }
    if (!value.canConvertToLong() || value.longValue() < min || value.longValue() > max) {
      throw bad(
          field,
          max == Integer.MAX_VALUE || max == Long.MAX_VALUE
              ? "must be at least %d, and a number of this machine".formatted(min)
              : "must be from %d to %d".formatted(min, max));
    }
    return OptionalLong.of(value.longValue());
  }

  /// A whole number, or what stands for it where it is absent.
  public int whole(String field, int min, int max, int otherwise) {
    return (int) whole(field, (long) min, (long) max).orElse(otherwise);
  }

  private static boolean isWhole(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1L << 53;
  }

  private static String plain(double value) {
    return value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
  }

  public Optional<Fields> object(String field) {
    JsonNode value = get(field);
    return value == null ? Optional.empty() : of(value, name(field));
  }

  /// The elements of an array of objects; none if it is absent.
  public List<Fields> objects(String field) {
    List<Fields> all = new ArrayList<>();
    for (JsonNode element : elements(field)) {
      of(element, "%s[%d]".formatted(name(field), all.size())).ifPresent(all::add);
    }
    return all;
  }

  /// The elements of an array; none if it is absent.
  public List<JsonNode> elements(String field) {
    JsonNode value = get(field);
    if (value == null) {
      return List.of();
    }
    if (!value.isArray()) {
      throw bad(field, "must be an array");
    }
    List<JsonNode> all = new ArrayList<>();
    value.forEach(all::add);
    return all;
  }

  /// A string, or an array of strings; none if it is absent.
  public List<String> texts(String field) {
    JsonNode value = get(field);
    if (value == null) {
      return List.of();
    }
    if (value.isTextual()) {
      return List.of(value.textValue());
    }
    String wrong = "must be a string or an array of strings";
    if (!value.isArray()) {
      throw bad(field, wrong);
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode element : value) {
      if (!element.isTextual()) {
        throw bad(field, wrong);
      }
      texts.add(element.textValue());
    }
    return texts;
  }
}
