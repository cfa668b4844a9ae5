package dllama.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dllama.error.UserException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class JsonSchemaTest {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /// Far more than any of it takes; a machine may be busy.
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @Test
  void shouldRefuseByNameWhatItCanNotHold() {
    for (JsonNode entry : Schemas.list("refused.json")) {
      UserException e =
          assertThrows(
              UserException.class,
              () -> JsonSchema.parse(entry.get("schema")),
              () -> entry.get("schema").toString());
      assertTrue(
          e.getMessage().contains(entry.get("says").asText()), entry + ": " + e.getMessage());
      assertEquals(1, e.getMessage().lines().count());
    }
  }

  @Test
  void shouldTakeMembersInTheirOrder() {
    Grammar grammar =
        grammar(
            """
            {"properties": {"a": {"type": "null"}, "b": {"type": "null"}, "c": {"type": "null"}},
             "required": ["b"]}
            """);
    for (String text :
        new String[] {
          "{'b':null}",
          "{'a':null,'b':null}",
          "{'b':null,'c':null}",
          "{ 'b': null }",
          "{'a':null,'b':null,'c':null}",
          "{\n  'a': null,\n  'b': null\n}"
        }) {
      assertTrue(ConstrainedAnswersTest.takes(grammar, text.replace('\'', '"')), text);
    }
    for (String text :
        new String[] {
          "{}", "{'a':null}", "{'b':null,'a':null}", "{'b':null,'b':null}", "{'b':null,}",
          "{,'b':null}", "{'b':null,'d':null}", "{'b':null}}", "{'b'null}", "{'b':null} ",
          "{  'b':null}", "{'b':  null}"
        }) {
      assertFalse(ConstrainedAnswersTest.takes(grammar, text.replace('\'', '"')), text);
    }
  }

  @Test
  void shouldEndRecursionWhereThereIsNoRoomForMore() {
    Grammar list =
        grammar(
            "{'type':'array','items':{'anyOf':[{'$ref':'#'},{'type':'null'}]}}".replace('\'', '"'));
    // Of those that have something in them.
    int most = Grammar.MOST_NESTED + 1;
    assertTrue(ConstrainedAnswersTest.takes(list, "[".repeat(most) + "]".repeat(most)));
    assertTrue(
        ConstrainedAnswersTest.takes(list, "[".repeat(most - 1) + "null" + "]".repeat(most - 1)));
    assertFalse(ConstrainedAnswersTest.takes(list, "[".repeat(most + 1) + "]".repeat(most + 1)));
  }

  @Test
  void shouldCountCharactersNotBytes() {
    Grammar grammar = grammar("{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}");
    for (String text : new String[] {"'äö'", "'😀😀😀'", "'\\ud83d\\ude00\\n'", "'\\u0041bc'"}) {
      assertTrue(ConstrainedAnswersTest.takes(grammar, text.replace('\'', '"')), text);
    }
    for (String text :
        new String[] {"'a'", "'\\ud83d\\ude00'", "'\\ud83dab'", "'abcd'", "'\\ude00ab'", "'a\n'"}) {
      assertFalse(ConstrainedAnswersTest.takes(grammar, text.replace('\'', '"')), text);
    }
  }

  @Test
  void shouldRefuseSchemasThatMeanHarmQuickly() {
    assertTimeoutPreemptively(
        LIMIT,
        () -> {
          ObjectNode deep = JSON.objectNode();
          ObjectNode inner = deep;
          for (int i = 0; i < 5000; i++) {
            inner = inner.put("type", "array").putObject("items");
          }
          refused(deep, "nested more than");
          ObjectNode values = JSON.objectNode();
          ArrayNode list = values.putArray("enum");
          for (int i = 0; i < 100_000; i++) {
            list.add("value " + i);
          }
          refused(values, "names and values");
          ObjectNode wide = JSON.objectNode().put("type", "object");
          for (int i = 0; i < 20_000; i++) {
            wide.withObject("properties").putObject("p" + i);
          }
          refused(wide, "more than");
          // Each part is twice the next one.
          ObjectNode doubled = JSON.objectNode();
          for (int i = 0; i < 20; i++) {
            ObjectNode part = doubled.withObject("$defs").putObject("p" + i);
            for (int j = 0; j < 2; j++) {
              part.withArray("allOf").addObject().put("$ref", "#/$defs/p" + (i + 1));
            }
          }
          doubled.withObject("$defs").putObject("p20").put("type", "null");
          refused(doubled.put("$ref", "#/$defs/p0"), "more than");
          ObjectNode patterns = JSON.objectNode().put("type", "array");
          for (int i = 0; i < 20; i++) {
            patterns
                .withArray("prefixItems")
                .addObject()
                .put("pattern", "^[ -~]{9000}x{" + i + "}$");
          }
          refused(patterns, "too large together");
          // Without a limit that matters.
          ObjectNode many = JSON.objectNode().put("type", "array").put("maxItems", 1_000_000_000);
          many.putObject("items").put("type", "string").put("maxLength", 2_000_000_000);
          assertTrue(ConstrainedAnswersTest.takes(JsonSchema.parse(many).grammar(), "[\"a\"]"));
        });
  }

  /// Alternatives that begin alike at every level: as many ways as can be, but not more.
  @Test
  void shouldBoundTheWaysThatAreOpen() {
    assertTimeoutPreemptively(
        LIMIT,
        () -> {
          Grammar grammar =
              grammar(
                  """
                  {"anyOf": [{"type": "null"}, {"type": "array", "items": {"$ref": "#"}, "maxItems": 7},
                   {"type": "array", "items": {"$ref": "#"}, "maxItems": 8}]}
                  """);
          GrammarMask mask = TokenTrie.of(Vocabularies.pieces()).mask(grammar, -1);
          for (int i = 0; i < 40; i++) {
            assertTrue(mask.allowed().get(3 + '['));
            mask.accept(3 + '[');
          }
          for (int i = 0; i < 40; i++) {
            assertTrue(mask.allowed().get(3 + ']'));
            mask.accept(3 + ']');
          }
          assertTrue(mask.mayEnd());
        });
  }

  private static void refused(JsonNode schema, String says) {
    UserException e = assertThrows(UserException.class, () -> JsonSchema.parse(schema));
    assertTrue(e.getMessage().contains(says), e.getMessage());
  }

  private static Grammar grammar(String schema) {
    return JsonSchema.parse(Schemas.read(schema)).grammar();
  }
}
