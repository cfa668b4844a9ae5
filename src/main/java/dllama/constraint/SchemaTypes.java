package dllama.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dllama.constraint.Members.Member;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Grammars of schemas by the types that values may have.
final class SchemaTypes {
  /// More than would ever be written.
  private static final int MOST_DEMANDED = 100_000;

  private static final Set<String> TYPES =
      Set.of("object", "array", "string", "number", "integer", "boolean", "null");

  /// What a schema is about that does not say its type.
  private static final Map<String, String> ABOUT =
      Map.ofEntries(
          Map.entry("properties", "object"),
          Map.entry("required", "object"),
          Map.entry("additionalProperties", "object"),
          Map.entry("items", "array"),
          Map.entry("prefixItems", "array"),
          Map.entry("minItems", "array"),
          Map.entry("maxItems", "array"),
          Map.entry("pattern", "string"),
          Map.entry("format", "string"),
          Map.entry("minLength", "string"),
          Map.entry("maxLength", "string"),
          Map.entry("minimum", "number"),
          Map.entry("maximum", "number"),
          Map.entry("exclusiveMinimum", "number"),
          Map.entry("exclusiveMaximum", "number"),
          Map.entry("multipleOf", "number"));

  private final SchemaCompiler compiler;

  SchemaTypes(SchemaCompiler compiler) {
    this.compiler = compiler;
  }

  Grammar grammar(JsonNode schema, String where) {
    Set<String> types = types(schema, where);
    if (types.isEmpty()) {
      return JsonText.VALUE;
    }
    List<Grammar> alternatives = new ArrayList<>();
    for (String type : types) {
      alternatives.add(of(type, schema, where));
    }
    return alternatives.size() == 1 ? alternatives.getFirst() : new Choice(alternatives);
  }

  /// Types that a schema names, or the one that it is about; none: it may be any.
  static Set<String> types(JsonNode schema, String where) {
    JsonNode type = schema.get("type");
    Set<String> types = new LinkedHashSet<>();
    if (type == null) {
      schema
          .fieldNames()
          .forEachRemaining(
              keyword -> {
                if (ABOUT.containsKey(keyword)) {
                  types.add(ABOUT.get(keyword));
                }
              });
      return types;
    }
    types.addAll(
        type.isTextual() ? List.of(type.textValue()) : SchemaCompiler.strings(type, "type", where));
    if (types.isEmpty() || !TYPES.containsAll(types)) {
      throw SchemaDocument.refused(where, "\"type\" has to be one of or a list of " + TYPES);
    }
    if (types.contains("number")) {
      types.remove("integer");
    }
    return types;
  }

  private Grammar of(String type, JsonNode schema, String where) {
    return switch (type) {
      case "object" -> object(schema, where);
      case "array" -> array(schema, where);
      case "string" -> new SchemaStrings(compiler.document()).grammar(schema, where);
      case "number" -> SchemaNumbers.grammar(schema, false, where);
      case "integer" -> SchemaNumbers.grammar(schema, true, where);
      case "boolean" -> JsonText.BOOLEAN;
      default -> JsonText.NULL;
    };
  }

  private Grammar object(JsonNode schema, String where) {
    JsonNode others = schema.get("additionalProperties");
    boolean closed = others != null && others.isBoolean() && !others.booleanValue();
    JsonNode properties = schema.path("properties");
    if (schema.has("properties") && !properties.isObject()) {
      throw SchemaDocument.refused(where, "\"properties\" has to be an object");
    }
    Set<String> required =
        schema.has("required")
            ? new LinkedHashSet<>(SchemaCompiler.strings(schema.get("required"), "required", where))
            : Set.of();
    int min = SchemaCompiler.limit(schema, "minProperties", 0, where);
    int max = SchemaCompiler.limit(schema, "maxProperties", Integer.MAX_VALUE, where);
    Map<String, Grammar> values = new LinkedHashMap<>();
    for (Iterator<String> names = properties.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      values.put(
          name, compiler.grammar(properties.get(name), "%s/properties/%s".formatted(where, name)));
    }
    Grammar other = closed ? SchemaCompiler.NOTHING : other(others, where);
    if (values.isEmpty() && required.isEmpty() && !closed) {
      if (min > 1) {
        throw SchemaDocument.refused(where, "\"minProperties\" above 1 is not supported");
      }
      return JsonText.map(JsonText.STRING, other, min, max);
    }
    required.forEach(name -> values.putIfAbsent(name, other));
    if (min > required.size() || max < values.size()) {
      throw SchemaDocument.refused(
          where, "\"minProperties\" and \"maxProperties\" are not supported beside \"properties\"");
    }
    List<Member> members = new ArrayList<>();
    values.forEach(
        (name, value) ->
            members.add(new Member(name(name, where), value, required.contains(name))));
    return JsonText.object(members);
  }

  private Grammar other(JsonNode others, String where) {
    return others == null || others.isBoolean()
        ? JsonText.VALUE
        : compiler.grammar(others, where + "/additionalProperties");
  }

  private Grammar name(String name, String where) {
    String text = TextNode.valueOf(name).toString();
    compiler.document().countText(text);
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(name)) {
      throw SchemaDocument.refused(where, "a name that is no valid text");
    }
    return JsonText.words(text + ":", text + ": ");
  }

  private Grammar array(JsonNode schema, String where) {
    int min = SchemaCompiler.limit(schema, "minItems", 0, where);
    int max = SchemaCompiler.limit(schema, "maxItems", Integer.MAX_VALUE, where);
    if (max < min) {
      throw SchemaDocument.refused(where, "\"maxItems\" is less than \"minItems\"");
    }
    if (min > MOST_DEMANDED) {
      throw SchemaDocument.refused(where, "\"minItems\" is more than " + MOST_DEMANDED);
    }
    if (schema.path("uniqueItems").asBoolean() && max > 1) {
      throw SchemaDocument.refused(where, "\"uniqueItems\" is not supported");
    }
    JsonNode items = schema.get("items");
    if (items != null && items.isArray()) {
      throw SchemaDocument.refused(where, "\"items\" as a list is not supported; use prefixItems");
    }
    Grammar item = items == null ? JsonText.VALUE : compiler.grammar(items, where + "/items");
    JsonNode first = schema.get("prefixItems");
    if (first == null || first.isEmpty()) {
      return JsonText.array(item, min, max);
    }
    if (!first.isArray()) {
      throw SchemaDocument.refused(where, "\"prefixItems\" has to be a list");
    }
    List<Grammar> firsts = new ArrayList<>();
    for (int i = 0; i < Math.min(first.size(), max); i++) {
      firsts.add(compiler.grammar(first.get(i), "%s/prefixItems/%d".formatted(where, i)));
    }
    return JsonText.tuple(firsts, item, min, max);
  }
}
