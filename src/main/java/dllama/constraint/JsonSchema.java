package dllama.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.error.UserException;

/// A JSON schema, as far as an answer can be held to it exactly: the part that OpenAI documents for
/// structured outputs, and some more. What is not supported is refused by name; what only describes
/// is passed over. Immutable.
///
/// Answers may have less than the schema allows: members come in the order of `properties`, others
/// than the listed ones do not come, values of `enum` and `const` are written as short as can be,
/// numbers have at most 15 digits unless limits ask for more.
public final class JsonSchema {
  private final Grammar grammar;

  private JsonSchema(Grammar grammar) {
    this.grammar = grammar;
  }

  /// Reads a schema.
  ///
  /// @throws UserException for one that is not supported, is too large, or allows nothing
  public static JsonSchema parse(JsonNode schema) {
    Grammar grammar = new SchemaCompiler(new SchemaDocument(schema)).compile();
    if (grammar.height() > Grammar.MOST_NESTED) {
      throw new UserException(
          grammar.height() >= Grammar.ENDLESS
              ? "the schema allows no answer that ends: it demands what it does not allow, or itself"
                  + " in itself without end"
              : "the schema demands more than %d objects and arrays within each other"
                  .formatted(Grammar.MOST_NESTED));
    }
    return new JsonSchema(grammar);
  }

  Grammar grammar() {
    return grammar;
  }
}
