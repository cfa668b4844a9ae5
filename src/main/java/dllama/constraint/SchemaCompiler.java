package dllama.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dllama.error.UserException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/// Makes a grammar of a schema. What references name is made once, when the rest is.
final class SchemaCompiler {
  /// Parts of a schema within each other.
  private static final int MOST_NESTED = 100;

  static final Grammar NOTHING = new Choice(List.of());

  /// Keywords that say what may not be, or what only a look at the whole value could tell.
  private static final Set<String> REFUSED =
      Set.of(
          "not",
          "if",
          "then",
          "else",
          "dependentRequired",
          "dependentSchemas",
          "dependencies",
          "patternProperties",
          "propertyNames",
          "contains",
          "minContains",
          "maxContains",
          "unevaluatedProperties",
          "unevaluatedItems",
          "additionalItems",
          "$dynamicRef",
          "$recursiveRef");

  /// A part that is yet to be made.
  private record Awaited(Reference reference, JsonNode schema, String where) {}

  private final SchemaDocument document;
  private final IdentityHashMap<JsonNode, Reference> references = new IdentityHashMap<>();
  private final List<Awaited> awaited = new ArrayList<>();
  private int depth;

  SchemaCompiler(SchemaDocument document) {
    this.document = document;
  }

  SchemaDocument document() {
    return document;
  }

  /// The grammar of the whole document.
  Grammar compile() {
    Reference root = reference(document.root(), "#");
    while (!awaited.isEmpty()) {
      Awaited next = awaited.removeLast();
      next.reference.to(grammar(next.schema, next.where));
    }
    Circles.refuse(root);
    return Grammar.settled(root);
  }

  private Reference reference(JsonNode schema, String where) {
    Reference known = references.get(schema);
    if (known == null) {
      known = new Reference();
      references.put(schema, known);
      awaited.add(new Awaited(known, schema, where));
    }
    return known;
  }

  /// The grammar of a part.
  ///
  /// @param where a path for messages
  Grammar grammar(JsonNode schema, String where) {
    document.countSchema();
    if (schema.isBoolean()) {
      return schema.booleanValue() ? JsonText.VALUE : NOTHING;
    }
    if (!(schema instanceof ObjectNode object)) {
      throw SchemaDocument.refused(where, "a schema has to be an object, true or false");
    }
    if (++depth > MOST_NESTED) {
      throw new UserException("the schema is nested more than %d deep".formatted(MOST_NESTED));
    }
    try {
      return ofObject(object, where);
    } finally {
      depth--;
    }
  }

  private Grammar ofObject(ObjectNode schema, String where) {
    for (String keyword : REFUSED) {
      if (schema.has(keyword)) {
        throw SchemaDocument.refused(where, "\"%s\" is not supported".formatted(keyword));
      }
    }
    JsonNode target = schema.get("$ref");
    if (target != null && !SchemaMerge.saysMore(schema, "$ref")) {
      return reference(document.find(target, where), target.textValue());
    }
    if (target != null || schema.has("allOf")) {
      return grammar(new SchemaMerge(document).flat(schema, where), where);
    }
    for (String keyword : List.of("anyOf", "oneOf")) {
      if (schema.has(keyword)) {
        return alternatives(schema, keyword, where);
      }
    }
    return schema.has("enum") || schema.has("const")
        ? new SchemaValues(this).grammar(schema, where)
        : new SchemaTypes(this).grammar(schema, where);
  }

  private Grammar alternatives(ObjectNode schema, String keyword, String where) {
    JsonNode list = schema.get(keyword);
    if (!list.isArray() || list.isEmpty()) {
      throw SchemaDocument.refused(where, "\"%s\" has to be a list".formatted(keyword));
    }
    if (keyword.equals("oneOf")) {
      new SchemaKinds(document).requireApart(list, where);
    }
    boolean more = SchemaMerge.saysMore(schema, keyword);
    List<Grammar> alternatives = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      String part = "%s/%s/%d".formatted(where, keyword, i);
      JsonNode alternative =
          more
              ? new SchemaMerge(document).together(schema, keyword, list.get(i), part)
              : list.get(i);
      alternatives.add(grammar(alternative, part));
    }
    return new Choice(alternatives);
  }

  /// A list of strings.
  static List<String> strings(JsonNode list, String keyword, String where) {
    List<String> strings = new ArrayList<>();
    for (JsonNode item : list) {
      strings.add(item.isTextual() ? item.textValue() : "");
    }
    if (!list.isArray() || strings.size() != list.size() || !allTextual(list)) {
      throw SchemaDocument.refused(where, "\"%s\" has to be a list of strings".formatted(keyword));
    }
    return strings;
  }

  private static boolean allTextual(JsonNode list) {
    for (JsonNode item : list) {
      if (!item.isTextual()) {
        return false;
      }
    }
    return true;
  }

  /// A limit of a length or number.
  ///
  /// @return `absent` where there is none; [Integer#MAX_VALUE] for anything larger
  static int limit(JsonNode schema, String keyword, int absent, String where) {
    JsonNode value = schema.get(keyword);
    if (value == null) {
      return absent;
    }
    double number = value.isNumber() ? value.doubleValue() : -1;
    if (number < 0 || number != Math.rint(number)) {
      throw SchemaDocument.refused(
          where, "\"%s\" has to be a whole number, 0 or more".formatted(keyword));
    }
    return (int) Math.min(number, Integer.MAX_VALUE);
  }
}
