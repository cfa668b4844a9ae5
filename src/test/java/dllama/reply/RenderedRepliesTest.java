package dllama.reply;

import static dllama.reply.Answers.NO_MARKERS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.template.Limits;
import dllama.template.Template;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Random answers, written by small templates as models write them, come back the same.
class RenderedRepliesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /// What all templates share: thoughts, content, and a list of calls.
  private static final String FRAME =
      """
      {%% if thought %%}<think>
      {{ thought }}
      </think>

      {%% endif %%}{{ content }}{%% if calls %%}%s{%% for c in calls %%}%s{%% if not loop.last %%}%s\
      {%% endif %%}{%% endfor %%}%s{%% endif %%}{# tools #}\
      """;

  private static final String OBJECT =
      "{\"name\": {{c.name|tojson}}, \"arguments\": {{c.args|tojson}}}";

  private static final String VALUE = "{{ v if v is string else v|tojson }}";

  private static final String TAGS =
      """

      <tool_call>
      <function={{ c.name }}>{% for k, v in c.args.items() %}
      <parameter={{ k }}>
      VALUE
      </parameter>{% endfor %}
      </function>
      </tool_call>\
      """
          .replace("VALUE", VALUE);

  private static final String ARG_KEYS =
      """

      <tool_call>{{ c.name }}{% for k, v in c.args.items() %}
      <arg_key>{{ k }}</arg_key>
      <arg_value>VALUE</arg_value>{% endfor %}
      </tool_call>\
      """
          .replace("VALUE", VALUE);

  /// Names within values in quotes, because these may have anything in them.
  private static final String BRACES =
      """
      {% macro value(v) %}{% if v is string %}<|"|>{{ v }}<|"|>{% elif v is mapping %}{{ '{' }}\
      {% for k, w in v.items() %}{{ value(k) }}:{{ value(w) }}{% if not loop.last %},{% endif %}\
      {% endfor %}}{% elif v is sequence %}[{% for w in v %}{{ value(w) }}\
      {% if not loop.last %},{% endif %}{% endfor %}]{% else %}{{ v|tojson }}{% endif %}\
      {% endmacro %}<|tool_call>call:{{ c.name }}{{ '{' }}{% for k, v in c.args.items() %}\
      {{ k }}:{{ value(v) }}{% if not loop.last %},{% endif %}{% endfor %}}<tool_call|>\
      """;

  private static final Map<String, String> TEMPLATES =
      Map.ofEntries(
          Map.entry(
              "Hermes", FRAME.formatted("", "\n<tool_call>\n" + OBJECT + "\n</tool_call>", "", "")),
          Map.entry("list", FRAME.formatted("[TOOL_CALLS][", OBJECT, ", ", "]")),
          Map.entry(
              "list in tags", FRAME.formatted("\n<tool_calls>[", OBJECT, ", ", "]</tool_calls>")),
          Map.entry(
              "named",
              FRAME.formatted("", "[TOOL_CALLS]{{c.name}}[ARGS]{{c.args|tojson}}", "", "")),
          Map.entry(
              "DeepSeek",
              FRAME.formatted(
                  "<｜tool▁calls▁begin｜>",
                  "<｜tool▁call▁begin｜>function<｜tool▁sep｜>{{c.name}}\n```json\n"
                      + "{{c.args|tojson}}\n```<｜tool▁call▁end｜>",
                  "\n",
                  "<｜tool▁calls▁end｜>")),
          Map.entry(
              "Kimi",
              FRAME.formatted(
                  "<|tool_calls_section_begin|>",
                  "<|tool_call_begin|>functions.{{c.name}}:{{loop.index0}}"
                      + "<|tool_call_argument_begin|>{{c.args|tojson}}<|tool_call_end|>",
                  "",
                  "<|tool_calls_section_end|>")),
          Map.entry(
              "Command R+",
              FRAME.formatted(
                  "\nAction:\n```json\n[\n",
                  "    {\n        \"tool_name\": {{c.name|tojson}},\n        \"parameters\":"
                      + " {{c.args|tojson(indent=4)}}\n    }",
                  ",\n",
                  "\n]```\n")),
          Map.entry(
              "LFM2",
              FRAME.formatted(
                  "<|tool_call_start|>[",
                  "{{c.name}}({% for k, v in c.args.items() %}{{k}}={{v|tojson}}"
                      + "{% if not loop.last %}, {% endif %}{% endfor %})",
                  ", ",
                  "]<|tool_call_end|>")),
          Map.entry("tags", FRAME.formatted("", TAGS, "", "")),
          Map.entry("keys", FRAME.formatted("", ARG_KEYS, "", "")),
          Map.entry("braces", FRAME.formatted("", BRACES.strip(), "", "")));

  private static final Tool ORDER =
      new Tool(
          "create_order",
          "",
          Map.of(
              "properties",
              Map.of(
                  "text", Map.of("type", "string"),
                  "number", Map.of("type", "number"),
                  "whole", Map.of("type", "integer"),
                  "flag", Map.of("type", "boolean"),
                  "list", Map.of("type", "array"),
                  "object", Map.of("type", "object"))));

  private static final Tool OTHER = new Tool("other", "", ORDER.parameters());

  @TestFactory
  Stream<DynamicTest> shouldComeBackTheSame() {
    return TEMPLATES.entrySet().stream()
        .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> checkAll(each.getValue())));
  }

  private static void checkAll(String source) throws IOException {
    ReplyFormat format = ReplyFormat.of(source, NO_MARKERS);
    assertTrue(format.tellsTools());
    Template template = Template.parse(source);
    for (long seed = 0; seed < 300; seed++) {
      check(format, template, new Random(seed), "seed " + seed);
    }
  }

  private static void check(ReplyFormat format, Template template, Random random, String seed)
      throws IOException {
    Map<String, Object> reply = new LinkedHashMap<>();
    List<String> expected = new ArrayList<>();
    reply.put("thought", random.nextBoolean() ? words(random) : "");
    reply.put("content", random.nextBoolean() ? words(random) : "");
    reply.forEach(
        (kind, text) -> {
          if (!text.equals("")) {
            expected.add((kind.equals("thought") ? "R " : "C ") + text);
          }
        });
    List<Map<String, Object>> calls = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      String name = random.nextBoolean() ? ORDER.name() : OTHER.name();
      calls.add(Map.of("name", name, "args", arguments(random)));
    }
    reply.put("calls", calls);
    String text = template.render(reply, Limits.DEFAULT, Clock.systemUTC());
    List<String> pieces = Answers.pieces(text, random, 1 + random.nextInt(20));
    List<String> lines = Answers.lines(format.parser(List.of(ORDER, OTHER), ""), pieces);
    String shown = seed + ": " + text;
    assertEquals(expected.size() + calls.size(), lines.size(), shown);
    assertEquals(expected, lines.subList(0, expected.size()), shown);
    for (int i = 0; i < calls.size(); i++) {
      String line = lines.get(expected.size() + i);
      String head = "T " + calls.get(i).get("name") + " ";
      assertTrue(line.startsWith(head), shown);
      JsonNode arguments = JSON.readTree(line.substring(head.length()));
      assertEquals(
          JSON.readTree(JSON.writeValueAsString(calls.get(i).get("args"))), arguments, shown);
    }
  }

  private static Map<String, Object> arguments(Random random) {
    Map<String, Object> arguments = new LinkedHashMap<>();
    for (String key : List.of("text", "number", "whole", "flag", "list", "object")) {
      if (random.nextBoolean()) {
        arguments.put(
            key,
            switch (key) {
              case "text" -> words(random);
              case "number" -> random.nextInt(1000) / 8.0;
              case "whole" -> random.nextInt(100) - 50;
              case "flag" -> random.nextBoolean();
              case "list" -> List.of(words(random), 1, List.of(), Map.of("a", words(random)));
              default -> Map.of("a", Map.of(words(random), words(random)), "b", List.of(1.5));
            });
      }
    }
    return arguments;
  }

  /// Text that begins and ends with a word, with traps in it, but for the marker that ends values.
  private static String words(Random random) {
    List<String> words =
        List.of("a", "\"", "\\", "{", "}", "]", "[", "é", "🍕", "\n", "<", "</param", "```", ",");
    StringBuilder text = new StringBuilder("w");
    IntStream.range(0, random.nextInt(12))
        .forEach(_ -> text.append(words.get(random.nextInt(words.size()))));
    return text.append("w").toString();
  }
}
