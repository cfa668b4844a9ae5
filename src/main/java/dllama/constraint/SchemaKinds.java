package dllama.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Tells whether the alternatives of `oneOf` exclude each other: then any one of them is just one.
final class SchemaKinds {
  private static final int MOST_COMPARED = 200;

  private final SchemaDocument document;

  SchemaKinds(SchemaDocument document) {
    this.document = document;
  }

  /// @throws dllama.error.UserException if it does not show that they do
  void requireApart(JsonNode alternatives, String where) {
    List<JsonNode> all = new ArrayList<>();
    for (JsonNode alternative : alternatives) {
      all.add(new SchemaMerge(document).flat(alternative, where));
    }
    if (all.size() > MOST_COMPARED) {
      throw SchemaDocument.refused(where, "\"oneOf\" of more than " + MOST_COMPARED);
    }
    for (int i = 0; i < all.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (!apart(all.get(i), all.get(j), where)) {
          throw SchemaDocument.refused(
              where, "\"oneOf\" of alternatives that may both hold is not supported; use anyOf");
        }
      }
    }
  }

  private boolean apart(JsonNode a, JsonNode b, String where) {
    if (types(a, b, where)) {
      return true;
    }
    Set<JsonNode> values = values(a);
    if (!values.isEmpty() && excludes(values, values(b))) {
      return true;
    }
    // Two objects that both demand a member which can not have the same value in both.
    if (!requires(a, b)) {
      return false;
    }
    for (JsonNode name : a.get("required")) {
      JsonNode mine = a.path("properties").get(name.asText());
      JsonNode other = b.path("properties").get(name.asText());
      boolean both = mine != null && other != null && contains(b.get("required"), name);
      if (both && excludes(values(mine), values(other))) {
        return true;
      }
    }
    return false;
  }

  private static boolean requires(JsonNode a, JsonNode b) {
    return a.path("required").isArray()
        && b.path("required").isArray()
        && a.path("type").asText().equals("object")
        && b.path("type").asText().equals("object");
  }

  private static boolean types(JsonNode a, JsonNode b, String where) {
    if (!a.has("type") || !b.has("type")) {
      return false;
    }
    Set<String> first = named(a, where);
    first.retainAll(named(b, where));
    return first.isEmpty();
  }

  private static Set<String> named(JsonNode schema, String where) {
    Set<String> types = SchemaTypes.types(schema, where);
    if (types.contains("number")) {
      types.add("integer");
    }
    return types;
  }

  private static boolean excludes(Set<JsonNode> a, Set<JsonNode> b) {
    return !a.isEmpty() && !b.isEmpty() && a.stream().noneMatch(b::contains);
  }

  /// The only values that a schema allows; none: it does not list them. Numbers that can be written
  /// in several ways are not compared.
  private static Set<JsonNode> values(JsonNode schema) {
    Set<JsonNode> values = new HashSet<>();
    if (schema.has("const")) {
      values.add(schema.get("const"));
    } else if (schema.path("enum").isArray()) {
      schema.get("enum").forEach(values::add);
    }
    return values.stream().allMatch(JsonNode::isTextual) ? values : Set.of();
  }

  private static boolean contains(JsonNode list, JsonNode value) {
    for (JsonNode item : list) {
      if (item.equals(value)) {
        return true;
      }
    }
    return false;
  }

  static String typeOf(JsonNode value) {
    return switch (value.getNodeType()) {
      case OBJECT, POJO -> "object";
      case ARRAY -> "array";
      case STRING, BINARY -> "string";
      case BOOLEAN -> "boolean";
      case NUMBER ->
          value.isIntegralNumber() || value.doubleValue() == Math.rint(value.doubleValue())
              ? "integer"
              : "number";
      case NULL, MISSING -> "null";
    };
  }
}
