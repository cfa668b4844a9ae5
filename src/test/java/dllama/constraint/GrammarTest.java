package dllama.constraint;

import static dllama.constraint.ConstrainedAnswersTest.takes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class GrammarTest {
  private static final Grammar.Trigger CALL =
      new Grammar.Trigger(
          "<tool_call>",
          Grammar.sequence(Grammar.anyJsonObject(), Grammar.literal("</tool_call>")));

  @Test
  void shouldTakeJustTheLiteral() {
    Grammar grammar = Grammar.literal("añ😀");
    assertTrue(takes(grammar, "añ😀"));
    assertFalse(takes(grammar, "añ"));
    assertFalse(takes(grammar, "añ😀a"));
    assertTrue(takes(Grammar.literal(""), ""));
    assertFalse(takes(Grammar.literal(""), "a"));
  }

  @Test
  void shouldTakeForcedCalls() {
    Grammar calls =
        Grammar.sequence(
            Grammar.literal("<tool_call>\n{\"name\": \""),
            Grammar.choice(tool("get", "{'x':{'type':'integer'}}"), tool("get_all", "{}")),
            Grammar.literal("}\n</tool_call>"));
    assertTrue(
        takes(calls, "<tool_call>\n{\"name\": \"get\", \"arguments\": {\"x\": 5}}\n</tool_call>"));
    assertTrue(
        takes(calls, "<tool_call>\n{\"name\": \"get_all\", \"arguments\": {}}\n</tool_call>"));
    assertFalse(
        takes(calls, "<tool_call>\n{\"name\": \"get_al\", \"arguments\": {}}\n</tool_call>"));
    assertFalse(
        takes(
            calls,
            "<tool_call>\n{\"name\": \"get\", \"arguments\": {\"x\": \"5\"}}\n</tool_call>"));
    // With a vocabulary whose tokens reach across the parts.
    Writer writer = new Writer(Vocabularies.pieces());
    TreeSet<String> names = new TreeSet<>();
    for (int seed = 0; seed < 60; seed++) {
      String text = writer.write(calls, new Random(seed), 30, 1000);
      assertTrue(takes(calls, text), text);
      names.add(text.substring(22, text.indexOf('"', 22)));
    }
    assertEquals("[get, get_all]", names.toString());
  }

  private static Grammar tool(String name, String properties) {
    String schema =
        "{'type':'object','properties':%s,'required':%s}"
            .formatted(properties, properties.length() > 2 ? "['x']" : "[]");
    return Grammar.sequence(
        Grammar.literal(name + "\", \"arguments\": "),
        Grammar.json(JsonSchema.parse(Schemas.read(schema.replace('\'', '"')))));
  }

  @Test
  void shouldHoldWhatFollowsATrigger() {
    Grammar grammar = Grammar.freeText(List.of(CALL), true);
    for (String text :
        List.of(
            "",
            "any text, 日本",
            "a < b and <tool_cal",
            "<tool_call>{\"a\": 1}</tool_call>",
            "Well, <<tool_call>{}</tool_call>")) {
      assertTrue(takes(grammar, text), text);
    }
    for (String text :
        List.of(
            "<tool_call>",
            "a<tool_call>b",
            "<tool_call>{}</tool_call> and more",
            "<tool_call>[]</tool_call>")) {
      assertFalse(takes(grammar, text), text);
    }
    Grammar forced = Grammar.freeText(List.of(CALL), false);
    assertFalse(takes(forced, "any text"));
    assertTrue(takes(forced, "any text<tool_call>{}</tool_call>"));
  }

  @Test
  void shouldTellTriggersApart() {
    Grammar grammar =
        Grammar.freeText(
            List.of(
                new Grammar.Trigger("aab", Grammar.literal("1")),
                new Grammar.Trigger("abc", Grammar.literal("2")),
                new Grammar.Trigger("é", Grammar.literal("3"))),
            true);
    assertTrue(takes(grammar, "xaaab1"));
    assertTrue(takes(grammar, "xabc2"));
    assertTrue(takes(grammar, "abé3"));
    assertFalse(takes(grammar, "aabc2"), "aab comes first");
    assertFalse(takes(grammar, "aab2"));
    assertTrue(takes(grammar, "abab"));
    assertFalse(takes(grammar, "é"));
    assertTrue(takes(grammar, "è"));
  }

  @Test
  void shouldTakeWholeCharactersOnly() {
    Ways ways = Ways.into(Grammar.freeText()).after("ä".getBytes(StandardCharsets.UTF_8)[0]);
    assertFalse(ways.mayEnd());
    assertFalse(ways.isEmpty());
    assertTrue(ways.after((byte) 'a').isEmpty());
    for (int[] wrong :
        new int[][] {{0x80}, {0xC0, 0x80}, {0xED, 0xA0, 0x80}, {0xF5}, {0xE0, 0x80, 0x80}}) {
      byte[] bytes = new byte[wrong.length];
      for (int i = 0; i < wrong.length; i++) {
        bytes[i] = (byte) wrong[i];
      }
      assertTrue(Ways.into(Grammar.freeText()).after(bytes, 0).isEmpty());
    }
    for (int c = 0; c <= Character.MAX_CODE_POINT; c += 37) {
      if (c < 0xD800 || c > 0xDFFF) {
        assertTrue(takes(Grammar.freeText(), Character.toString(c)));
      }
    }
  }

  @Test
  void shouldRepeat() {
    Grammar grammar = Grammar.repeat(Grammar.literal("ab"), ", ", 2, 3);
    assertFalse(takes(grammar, "ab"));
    assertTrue(takes(grammar, "ab, ab"));
    assertTrue(takes(grammar, "ab, ab, ab"));
    assertFalse(takes(grammar, "ab, ab, ab, ab"));
    assertTrue(takes(Grammar.repeat(Grammar.literal("a"), "", 0, Integer.MAX_VALUE), "aaaa"));
    assertTrue(takes(Grammar.repeat(Grammar.literal("a"), "", 0, Integer.MAX_VALUE), ""));
    assertThrows(
        IllegalArgumentException.class, () -> Grammar.repeat(Grammar.literal(""), "", 0, 9));
  }

  @Test
  void shouldTakeAnyObject() {
    for (String text :
        List.of(
            "{}",
            "{\"a\":1,\"b\":[true,null,-0.5e-3,\"\\u00e9\\\\\"],\"c\":{\"d\":{}}}",
            "{\n  \"a\": [\n    1,\n    2\n  ]\n}")) {
      assertTrue(takes(Grammar.anyJsonObject(), text), text);
    }
    for (String text :
        List.of("[]", "1", "{a:1}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":+1}", "{ }")) {
      assertFalse(takes(Grammar.anyJsonObject(), text), text);
    }
    for (Map.Entry<String, dllama.tokenizer.Tokenizer.Vocabulary> of :
        Map.of("built-in", Vocabularies.builtIn(), "pieces", Vocabularies.pieces()).entrySet()) {
      Writer writer = new Writer(of.getValue());
      for (int seed = 0; seed < 50; seed++) {
        String text = writer.write(Grammar.anyJsonObject(), new Random(seed), 60, 3000);
        assertTrue(Schemas.read(text).isObject(), of.getKey() + ", seed " + seed + ": " + text);
      }
    }
  }
}
