package dllama.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Makes one schema of several that hold together: of `allOf`, and of what stands beside `$ref`,
/// `anyOf` and `oneOf`.
final class SchemaMerge {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int MOST_NESTED = 50;

  private static final Set<String> LOWER =
      Set.of("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties");
  private static final Set<String> UPPER =
      Set.of("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties");

  /// Keywords that say what a value may be.
  private static final Set<String> ASSERTIONS =
      Set.of(
          "$ref",
          "allOf",
          "anyOf",
          "oneOf",
          "type",
          "enum",
          "const",
          "properties",
          "required",
          "additionalProperties",
          "items",
          "prefixItems",
          "uniqueItems",
          "pattern",
          "format",
          "multipleOf",
          "minimum",
          "exclusiveMinimum",
          "minLength",
          "minItems",
          "minProperties",
          "maximum",
          "exclusiveMaximum",
          "maxLength",
          "maxItems",
          "maxProperties");

  private final SchemaDocument document;
  private int depth;

  SchemaMerge(SchemaDocument document) {
    this.document = document;
  }

  /// Whether a schema says anything of values beside one keyword.
  static boolean saysMore(JsonNode schema, String keyword) {
    for (String name : ASSERTIONS) {
      if (!name.equals(keyword) && schema.has(name)) {
        return true;
      }
    }
    return false;
  }

  /// The same without `$ref` and `allOf`.
  JsonNode flat(JsonNode schema, String where) {
    document.countSchema();
    if (!schema.has("$ref") && !schema.has("allOf")) {
      return schema;
    }
    if (++depth > MOST_NESTED) {
      throw SchemaDocument.refused(where, "\"allOf\" and \"$ref\" within each other too often");
    }
    List<JsonNode> parts = new ArrayList<>();
    if (schema.has("$ref")) {
      parts.add(document.find(schema.get("$ref"), where));
    }
    if (schema.has("allOf")) {
      schema.get("allOf").forEach(parts::add);
    }
    JsonNode merged = without(schema, List.of("$ref", "allOf"));
    for (JsonNode part : parts) {
      merged = merge(merged, flat(part, where), where);
    }
    depth--;
    return merged;
  }

  /// One of the alternatives of a schema, and what stands beside them.
  JsonNode together(JsonNode schema, String keyword, JsonNode alternative, String where) {
    return merge(without(schema, List.of(keyword)), flat(alternative, where), where);
  }

  private static ObjectNode without(JsonNode schema, List<String> keywords) {
    ObjectNode rest = JSON.objectNode();
    for (Map.Entry<String, JsonNode> entry : schema.properties()) {
      if (!keywords.contains(entry.getKey())) {
        rest.set(entry.getKey(), entry.getValue());
      }
    }
    return rest;
  }

  private JsonNode merge(JsonNode a, JsonNode b, String where) {
    if (a.isBoolean() || b.isBoolean()) {
      JsonNode said = a.isBoolean() ? a : b;
      JsonNode other = a.isBoolean() ? b : a;
      return said.booleanValue() ? other : BooleanNode.FALSE;
    }
    if (!(a instanceof ObjectNode first) || !(b instanceof ObjectNode)) {
      throw SchemaDocument.refused(where, "a schema has to be an object, true or false");
    }
    ObjectNode merged = JSON.objectNode().setAll(first);
    for (Map.Entry<String, JsonNode> entry : b.properties()) {
      String keyword = entry.getKey();
      JsonNode mine = merged.get(keyword);
      if (mine == null) {
        merged.set(keyword, entry.getValue());
      } else if (ASSERTIONS.contains(keyword) && !mine.equals(entry.getValue())) {
        JsonNode both = both(keyword, mine, entry.getValue(), where);
        if (both == null) {
          return BooleanNode.FALSE;
        }
        merged.set(keyword, both);
      }
    }
    if (merged.has("additionalProperties")) {
      close(merged, a, b, where);
    }
    return merged;
  }

  /// What two say with the same keyword; null: there is no such value.
  private static @Nullable JsonNode both(String keyword, JsonNode a, JsonNode b, String where) {
    if (LOWER.contains(keyword) || UPPER.contains(keyword)) {
      BigDecimal first = SchemaNumbers.number(a, keyword, where);
      BigDecimal second = SchemaNumbers.number(b, keyword, where);
      return first.compareTo(second) > 0 == LOWER.contains(keyword) ? a : b;
    }
    switch (keyword) {
      case "required", "enum", "type" -> {
        return lists(keyword, a, b);
      }
      case "properties" -> {
        ObjectNode all = JSON.objectNode();
        for (JsonNode of : List.of(a, b)) {
          for (Map.Entry<String, JsonNode> entry : of.properties()) {
            JsonNode mine = all.get(entry.getKey());
            boolean same = mine == null || mine.equals(entry.getValue());
            all.set(entry.getKey(), same ? entry.getValue() : allOf(mine, entry.getValue()));
          }
        }
        return all;
      }
      case "items" -> {
        return allOf(a, b);
      }
      case "uniqueItems" -> {
        return BooleanNode.TRUE;
      }
      case "const" -> {
        return null;
      }
      case "additionalProperties" -> {
        return a.isBoolean() && !a.booleanValue() ? a : b;
      }
      default ->
          throw SchemaDocument.refused(
              where, "\"%s\" twice for the same value is not supported".formatted(keyword));
    }
  }

  private static JsonNode allOf(JsonNode a, JsonNode b) {
    return JSON.objectNode().set("allOf", JSON.arrayNode().add(a).add(b));
  }

  private static @Nullable JsonNode lists(String keyword, JsonNode a, JsonNode b) {
    Set<JsonNode> first = set(a);
    Set<JsonNode> second = set(b);
    Set<JsonNode> common = new LinkedHashSet<>(first);
    if (keyword.equals("required")) {
      common.addAll(second);
    } else {
      common.retainAll(second);
      JsonNode number = JSON.textNode("number");
      JsonNode integer = JSON.textNode("integer");
      if (keyword.equals("type")
          && ((first.contains(number) && second.contains(integer))
              || (first.contains(integer) && second.contains(number)))) {
        common.add(integer);
      }
      if (common.isEmpty()) {
        return null;
      }
    }
    ArrayNode list = JSON.arrayNode();
    common.forEach(list::add);
    return list;
  }

  private static Set<JsonNode> set(JsonNode of) {
    Set<JsonNode> set = new LinkedHashSet<>();
    if (of.isArray()) {
      of.forEach(set::add);
    } else {
      set.add(of);
    }
    return set;
  }

  /// Where one of them allows no properties but its own, those of the other one can not be.
  private static void close(ObjectNode merged, JsonNode a, JsonNode b, String where) {
    for (JsonNode[] pair : new JsonNode[][] {{a, b}, {b, a}}) {
      JsonNode others = pair[0].get("additionalProperties");
      if (others == null || (others.isBoolean() && others.booleanValue())) {
        continue;
      }
      ObjectNode kept = JSON.objectNode();
      for (Map.Entry<String, JsonNode> entry : merged.path("properties").properties()) {
        if (pair[0].path("properties").has(entry.getKey())) {
          kept.set(entry.getKey(), entry.getValue());
        } else if (!others.isBoolean()) {
          throw SchemaDocument.refused(
              where,
              "\"additionalProperties\" of a part for properties of another is not supported");
        }
      }
      if (merged.has("properties")) {
        merged.set("properties", kept);
      }
    }
  }
}
