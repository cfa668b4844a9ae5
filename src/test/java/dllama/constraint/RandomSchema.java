package dllama.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Makes schemas by chance, and values that they allow.
final class RandomSchema {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /// Patterns and formats, with what they allow.
  private static final Map<String, List<String>> PATTERNS =
      Map.of(
          "^[a-z]{2,4}$", List.of("ab", "xyz", "abcd"),
          "^(yes|no)!?$", List.of("yes", "no!"),
          "\\d", List.of("7", "a1b", "é0"),
          "^\"?[^x]$", List.of("\"a", "\\", "\n"),
          "^[a-c]{1,5}@[xy]{1,5}\\.org$", List.of("a@x.org"));

  private static final Map<String, List<String>> FORMATS =
      Map.of(
          "date", List.of("2024-02-29", "1999-12-31"),
          "date-time", List.of("2024-02-29T23:59:59Z", "2001-01-01T00:00:00.25+05:30"),
          "ipv4", List.of("127.0.0.1", "255.0.10.99"),
          "uuid", List.of("123e4567-e89b-12d3-a456-426614174000"),
          "duration", List.of("P1Y2M3DT4H5M6S", "PT5M", "P3W"));

  private final Random random;
  private final ObjectNode definitions = JSON.objectNode();

  RandomSchema(Random random) {
    this.random = random;
  }

  /// A whole schema, with definitions that it refers to.
  ObjectNode schema() {
    definitions.set("leaf", leaf());
    ObjectNode node = object(1);
    node.withObject("properties").set("next", reference("node"));
    definitions.set("node", node);
    ObjectNode root = any(3);
    root.set("$defs", definitions);
    return root;
  }

  private static ObjectNode reference(String name) {
    return JSON.objectNode().put("$ref", "#/$defs/" + name);
  }

  private ObjectNode any(int depth) {
    if (depth == 0) {
      return leaf();
    }
    return switch (random.nextInt(8)) {
      case 0, 1, 2 -> object(depth);
      case 3, 4 -> array(depth);
      case 5 -> {
        ObjectNode choice = JSON.objectNode();
        ArrayNode alternatives = choice.putArray("anyOf");
        for (int i = 0; i < 2 + random.nextInt(2); i++) {
          alternatives.add(any(depth - 1));
        }
        yield choice;
      }
      case 6 -> reference(random.nextBoolean() ? "leaf" : "node");
      default -> leaf();
    };
  }

  private ObjectNode object(int depth) {
    ObjectNode object = JSON.objectNode().put("type", "object");
    ObjectNode properties = object.putObject("properties");
    ArrayNode required = JSON.arrayNode();
    int count = random.nextInt(5);
    for (int i = 0; i < count; i++) {
      String name = List.of("a", "ab", "näme", "x y", "\"", "b").get(random.nextInt(6)) + i;
      properties.set(name, any(depth - 1));
      if (random.nextInt(3) > 0) {
        required.add(name);
      }
    }
    object.set("required", required);
    return object.put("additionalProperties", false);
  }

  private ObjectNode array(int depth) {
    ObjectNode array = JSON.objectNode().put("type", "array");
    array.set("items", any(depth - 1));
    if (random.nextBoolean()) {
      array.put("minItems", random.nextInt(3));
    }
    return random.nextBoolean() ? array.put("maxItems", 2 + random.nextInt(3)) : array;
  }

  private ObjectNode leaf() {
    ObjectNode leaf = JSON.objectNode();
    switch (random.nextInt(8)) {
      case 0 -> leaf.put("type", "string");
      case 1 ->
          leaf.put("type", "string")
              .put("minLength", random.nextInt(4))
              .put("maxLength", 4 + random.nextInt(9));
      case 2 -> leaf.put("type", "string").put("pattern", one(PATTERNS));
      case 3 -> leaf.put("type", "string").put("format", one(FORMATS));
      case 4 -> {
        int step = 1 + random.nextInt(7);
        int from = random.nextInt(-500, 500);
        leaf.put("type", "integer")
            .put("minimum", from)
            .put("maximum", from + step + random.nextInt(900));
        leaf.put("multipleOf", step);
      }
      case 5 -> {
        BigDecimal from = BigDecimal.valueOf(random.nextInt(-9999, 9999), 2);
        leaf.put("type", "number").put("minimum", from);
        leaf.put("exclusiveMaximum", from.add(BigDecimal.valueOf(1 + random.nextInt(5000), 2)));
      }
      case 6 -> leaf.putArray("enum").add("a").add("ab").add(7).addNull().add("é\n");
      default -> leaf.putArray("type").add("boolean").add("null");
    }
    return leaf;
  }

  private String one(Map<String, List<String>> of) {
    return of.keySet().stream().sorted().skip(random.nextInt(of.size())).findFirst().orElseThrow();
  }

  /// A value that a schema of this class allows.
  JsonNode value(JsonNode schema, int depth) {
    if (schema.has("$ref")) {
      return value(definitions.get(schema.get("$ref").asText().substring(8)), depth);
    }
    if (schema.has("anyOf")) {
      return value(pick(schema.get("anyOf")), depth);
    }
    if (schema.has("enum")) {
      return pick(schema.get("enum"));
    }
    return switch (schema.get("type").asText()) {
      case "object" -> {
        ObjectNode object = JSON.objectNode();
        for (Map.Entry<String, JsonNode> entry : schema.get("properties").properties()) {
          boolean required =
              schema
                  .get("required")
                  .valueStream()
                  .anyMatch(name -> name.asText().equals(entry.getKey()));
          if (required || (depth > 0 && random.nextBoolean())) {
            object.set(entry.getKey(), value(entry.getValue(), depth - 1));
          }
        }
        yield object;
      }
      case "array" -> {
        int min = schema.path("minItems").asInt(0);
        int max = schema.path("maxItems").asInt(min + 3);
        int count = depth > 0 ? random.nextInt(min, max + 1) : min;
        ArrayNode array = JSON.arrayNode();
        for (int i = 0; i < count; i++) {
          array.add(value(schema.get("items"), depth - 1));
        }
        yield array;
      }
      case "string" -> JSON.textNode(text(schema));
      case "integer" -> {
        int step = schema.get("multipleOf").asInt();
        int low = Math.ceilDiv(schema.get("minimum").asInt(), step);
        int high = Math.floorDiv(schema.get("maximum").asInt(), step);
        yield JSON.numberNode(step * random.nextInt(low, high + 1));
      }
      case "number" -> {
        BigDecimal from = schema.get("minimum").decimalValue();
        BigDecimal to = schema.get("exclusiveMaximum").decimalValue();
        BigDecimal part = to.subtract(from).multiply(BigDecimal.valueOf(random.nextInt(100), 2));
        yield JSON.numberNode(from.add(part));
      }
      default -> random.nextBoolean() ? JSON.nullNode() : JSON.booleanNode(random.nextBoolean());
    };
  }

  private String text(JsonNode schema) {
    if (schema.has("pattern") || schema.has("format")) {
      List<String> texts =
          schema.has("pattern")
              ? PATTERNS.get(schema.get("pattern").asText())
              : FORMATS.get(schema.get("format").asText());
      return texts.get(random.nextInt(texts.size()));
    }
    int min = schema.path("minLength").asInt(0);
    int length = random.nextInt(min, schema.path("maxLength").asInt(20) + 1);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.appendCodePoint(
          switch (random.nextInt(6)) {
            case 0 -> random.nextInt(0, 0x80);
            case 1 -> random.nextInt(0x80, 0x800);
            case 2 -> random.nextInt(0xE000, 0x11_0000);
            default -> random.nextInt(' ', 0x7F);
          });
    }
    return text.toString();
  }

  private JsonNode pick(JsonNode list) {
    return list.get(random.nextInt(list.size()));
  }
}
