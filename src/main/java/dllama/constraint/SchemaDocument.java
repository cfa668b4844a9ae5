package dllama.constraint;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import dllama.error.UserException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;

/// The text of a schema: finds what its references name, and counts what is made of it.
final class SchemaDocument {
  private static final int MOST_SCHEMAS = 10_000;
  private static final int MOST_VALUES = 5_000;
  private static final int MOST_CHARACTERS = 1_000_000;
  private static final int MOST_CELLS = 2_000_000;

  private final JsonNode root;
  private int schemas;
  private int values;
  private int characters;
  private int cells;

  SchemaDocument(JsonNode root) {
    this.root = root;
  }

  JsonNode root() {
    return root;
  }

  /// What a `$ref` names.
  JsonNode find(JsonNode reference, String where) {
    String name = reference.isTextual() ? reference.textValue() : "";
    if (!name.equals("#") && !name.startsWith("#/")) {
      throw refused(where, "\"$ref\" has to name a part of the schema, such as #/$defs/item");
    }
    try {
      String path = name.substring(1).replace("+", "%2B");
      JsonNode found =
          root.at(JsonPointer.compile(URLDecoder.decode(path, StandardCharsets.UTF_8)));
      if (!found.isMissingNode()) {
        return found;
      }
    } catch (IllegalArgumentException e) {
      // Not even the form of a path: there is nothing there.
    }
    throw refused(where, "there is no %s".formatted(name));
  }

  /// Counts a part of the schema.
  void countSchema() {
    if (++schemas > MOST_SCHEMAS) {
      throw new UserException("the schema has more than %d parts".formatted(MOST_SCHEMAS));
    }
  }

  /// Counts names and values that are written in answers.
  void countText(String text) {
    characters += text.length();
    if (++values > MOST_VALUES || characters > MOST_CHARACTERS) {
      throw new UserException(
          "the schema has more than %d names and values, or %d characters of them"
              .formatted(MOST_VALUES, MOST_CHARACTERS));
    }
  }

  /// Counts what an automaton takes.
  Dfa count(Dfa dfa) {
    cells += dfa.cells();
    if (cells > MOST_CELLS) {
      throw new UserException("the patterns and formats of the schema are too large together");
    }
    return dfa;
  }

  static UserException refused(String where, String what) {
    return new UserException("schema at %s: %s".formatted(where, what));
  }
}
