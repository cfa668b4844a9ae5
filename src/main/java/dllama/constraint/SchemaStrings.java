package dllama.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.error.UserException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Grammars of strings: of any, of those of a length, and of those of a pattern or format.
final class SchemaStrings {
  private static final int MOST_DEMANDED = 100_000;
  private static final int MOST_STATES = 20_000;

  private final SchemaDocument document;

  SchemaStrings(SchemaDocument document) {
    this.document = document;
  }

  Grammar grammar(JsonNode schema, String where) {
    int min = SchemaCompiler.limit(schema, "minLength", 0, where);
    int max = SchemaCompiler.limit(schema, "maxLength", Integer.MAX_VALUE, where);
    if (max < min) {
      throw SchemaDocument.refused(where, "\"maxLength\" is less than \"minLength\"");
    }
    if (min > MOST_DEMANDED) {
      throw SchemaDocument.refused(where, "\"minLength\" is more than " + MOST_DEMANDED);
    }
    boolean any = min == 0 && max == Integer.MAX_VALUE;
    Optional<JsonString> length = any ? Optional.empty() : Optional.of(new JsonString(min, max));
    Optional<Dfa> found = Optional.empty();
    for (String keyword : new String[] {"pattern", "format"}) {
      String pattern = pattern(schema, keyword, where);
      if (pattern == null) {
        continue;
      }
      try {
        Optional<Dfa> of = Patterns.strings(pattern, length);
        if (of.isPresent() && found.isPresent()) {
          of = DfaBuilder.both(found.get(), of.get(), MOST_STATES).build();
        }
        if (of.isEmpty()) {
          return SchemaCompiler.NOTHING;
        }
        found = Optional.of(document.count(of.get()));
      } catch (UserException e) {
        throw SchemaDocument.refused(where, "\"%s\": %s".formatted(keyword, e.getMessage()));
      }
    }
    if (found.isPresent()) {
      return found.get();
    }
    return any ? JsonText.STRING : length.get();
  }

  /// The pattern that a keyword stands for.
  private static @Nullable String pattern(JsonNode schema, String keyword, String where) {
    JsonNode value = schema.get(keyword);
    if (value == null) {
      return null;
    }
    if (!value.isTextual()) {
      throw SchemaDocument.refused(where, "\"%s\" has to be a string".formatted(keyword));
    }
    if (keyword.equals("pattern")) {
      return value.textValue();
    }
    String pattern = Formats.PATTERNS.get(value.textValue());
    if (pattern == null && !Formats.OF_NUMBERS.contains(value.textValue())) {
      throw SchemaDocument.refused(
          where,
          "format \"%s\" is not supported; those that are: %s"
              .formatted(value.textValue(), String.join(", ", Formats.PATTERNS.keySet())));
    }
    return pattern;
  }
}
