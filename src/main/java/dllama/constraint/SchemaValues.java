package dllama.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Grammars of schemas that list their values, with `enum` or `const`.
final class SchemaValues {
  private final SchemaCompiler compiler;

  SchemaValues(SchemaCompiler compiler) {
    this.compiler = compiler;
  }

  /// The values that the schema's other keywords allow, too.
  Grammar grammar(ObjectNode schema, String where) {
    List<JsonNode> values = new ArrayList<>();
    JsonNode list = schema.get("enum");
    JsonNode only = schema.get("const");
    if (list == null) {
      values.add(only);
    } else if (!list.isArray() || list.isEmpty()) {
      throw SchemaDocument.refused(where, "\"enum\" has to be a list of values");
    } else {
      for (JsonNode value : list) {
        if (only == null || only.equals(value)) {
          values.add(value);
        }
      }
    }
    ObjectNode rest = schema.deepCopy().without(List.of("enum", "const"));
    Set<String> types = SchemaTypes.types(rest, where);
    List<byte[]> words = new ArrayList<>();
    for (JsonNode value : values) {
      String text = value.toString();
      compiler.document().countText(text);
      if (types.isEmpty() || allows(rest, types, value, where)) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
          throw SchemaDocument.refused(where, "a value that is no valid text");
        }
        words.add(text.getBytes(StandardCharsets.UTF_8));
      }
    }
    return words.isEmpty() ? SchemaCompiler.NOTHING : new Words(words);
  }

  /// Whether the other keywords allow a value, as far as they are about values like it.
  private boolean allows(ObjectNode rest, Set<String> types, JsonNode value, String where) {
    String type = SchemaKinds.typeOf(value);
    if (type.equals("integer") && types.contains("number")) {
      type = "number";
    }
    if (!types.contains(type)) {
      return false;
    }
    if (value.isContainerNode() || !SchemaMerge.saysMore(rest, "type")) {
      return true;
    }
    JsonNode alone = rest.deepCopy().put("type", type);
    Grammar grammar = Grammar.settled(compiler.grammar(alone, where));
    return Ways.into(grammar).after(value.toString().getBytes(StandardCharsets.UTF_8), 0).mayEnd();
  }
}
