package dllama.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Whatever tokens a model takes of those that it may, the answer is what the schema says. 200
/// schemas, each with vocabularies of several kinds.
@Tag("slow")
class ConstrainedAnswersTest {
  private static final int SCHEMAS = 200;

  /// Tokens until an answer is brought to an end, and until it has to have ended.
  private static final int USUAL = 40;

  private static final int MOST = 3000;

  /// By hand, then by chance with the place as the seed.
  private static List<JsonNode> schemas() {
    List<JsonNode> all = new ArrayList<>();
    Schemas.list("schemas.json").forEach(all::add);
    for (int seed = all.size(); seed < SCHEMAS; seed++) {
      all.add(new RandomSchema(new Random(seed)).schema());
    }
    return all;
  }

  @Test
  void shouldBeValidWhateverTokensAreTaken() {
    List<Map.Entry<String, Writer>> writers =
        Vocabularies.all().entrySet().stream()
            .map(of -> Map.entry(of.getKey(), new Writer(of.getValue())))
            .toList();
    List<JsonNode> schemas = schemas();
    assertEquals(SCHEMAS, schemas.size());
    for (int i = 0; i < SCHEMAS; i++) {
      Grammar grammar = Grammar.json(JsonSchema.parse(schemas.get(i)));
      // Small vocabularies always, of the large ones one after the other.
      int large = writers.size() > 2 ? 2 + i % (writers.size() - 2) : 0;
      for (Map.Entry<String, Writer> writer :
          List.of(writers.get(0), writers.get(1), writers.get(large))) {
        String text = writer.getValue().write(grammar, new Random(i), USUAL, MOST);
        String what = "schema %d %s, %s: %s".formatted(i, schemas.get(i), writer.getKey(), text);
        assertNotNull(text, what);
        assertEquals(List.of(), Schemas.faults(schemas.get(i), Schemas.read(text)), what);
      }
    }
  }

  @Test
  void shouldTakeWhatIsValidByteByByte() {
    for (int seed = 1000; seed < 1200; seed++) {
      Random random = new Random(seed);
      RandomSchema made = new RandomSchema(random);
      JsonNode schema = made.schema();
      Grammar grammar = Grammar.json(JsonSchema.parse(schema));
      for (int i = 0; i < 10; i++) {
        JsonNode value = made.value(schema, 4);
        String what = "seed %d: %s for %s".formatted(seed, value, schema);
        assertEquals(List.of(), Schemas.faults(schema, value), what);
        for (String text : List.of(value.toString(), spaced(value))) {
          assertTrue(takes(grammar, text), what + " as " + text);
        }
      }
    }
  }

  /// As Python writes it.
  private static String spaced(JsonNode value) {
    if (value.isObject()) {
      List<String> members = new ArrayList<>();
      value
          .properties()
          .forEach(
              of ->
                  members.add(
                      Schemas.JSON.getNodeFactory().textNode(of.getKey())
                          + ": "
                          + spaced(of.getValue())));
      return "{" + String.join(", ", members) + "}";
    }
    if (value.isArray()) {
      List<String> items = new ArrayList<>();
      value.forEach(item -> items.add(spaced(item)));
      return "[" + String.join(", ", items) + "]";
    }
    return value.toString();
  }

  static boolean takes(Grammar grammar, String text) {
    return Ways.into(grammar).after(text.getBytes(StandardCharsets.UTF_8), 0).mayEnd();
  }
}
