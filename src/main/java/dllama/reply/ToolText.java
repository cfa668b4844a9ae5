package dllama.reply;

import dllama.template.Limits;
import dllama.template.Template;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Tells a model of tools, calls and results in plain messages, for chat templates that do not.
public final class ToolText {
  private static final Template INSTRUCTIONS =
      Template.parse(
          """
          You may call these functions to help with what the user asks. Each line describes one in \
          JSON:
          <tools>
          {% for tool in tools -%}
          {{ tool | tojson }}
          {% endfor -%}
          </tools>

          To call a function, write its name and its arguments, as a JSON object that fits \
          its parameters, exactly like this:
          {{ example }}
          Several calls may follow each other. Write nothing after them: you are then given the \
          results in <tool_response></tool_response>. If no function helps, answer without a \
          call.""");

  private static final Template JSON = Template.parse("{{ value | tojson }}");

  private static final String RESULT = "<tool_response>\n";

  private ToolText() {}

  /// A conversation for a template: with what it does not do itself done in plain messages. Maps
  /// are as in the chat completions API; arguments of calls may be texts or objects.
  ///
  /// @param tools that the model may call now
  public static List<Map<String, @Nullable Object>> messages(
      ReplyFormat format,
      List<? extends Map<String, ? extends @Nullable Object>> messages,
      List<Tool> tools) {
    List<Map<String, @Nullable Object>> plain = new ArrayList<>();
    for (Map<String, ? extends @Nullable Object> message : messages) {
      Map<String, @Nullable Object> next =
          format.writesCalls() ? new LinkedHashMap<>(message) : written(format, message);
      if (!joined(plain, next)) {
        plain.add(next);
      }
    }
    if (!tools.isEmpty() && !format.tellsTools()) {
      instruct(plain, instructions(tools, format.callForm()));
    }
    return plain;
  }

  /// What a model is told of tools.
  static String instructions(List<Tool> tools, CallForm form) {
    Map<String, Object> input =
        Map.of(
            "tools",
            tools.stream().map(ToolText::description).toList(),
            "example",
            form.text("NAME", "{\"PARAMETER\": VALUE}"));
    return render(INSTRUCTIONS, input);
  }

  private static String render(Template template, Map<String, ? extends @Nullable Object> input) {
    return template.render(input, Limits.DEFAULT, Clock.systemUTC());
  }

  private static Map<String, Object> description(Tool tool) {
    Map<String, Object> function = new LinkedHashMap<>();
    function.put("name", tool.name());
    if (!tool.description().isEmpty()) {
      function.put("description", tool.description());
    }
    function.put("parameters", tool.parameters());
    return function;
  }

  /// Puts instructions into the system message, or in front where there is none.
  private static void instruct(List<Map<String, @Nullable Object>> messages, String text) {
    Map<String, @Nullable Object> first = messages.isEmpty() ? Map.of() : messages.getFirst();
    if ("system".equals(first.get("role")) && first.get("content") instanceof String rules) {
      first.put("content", rules.isEmpty() ? text : rules + "\n\n" + text);
    } else {
      Map<String, @Nullable Object> system = new LinkedHashMap<>();
      system.put("role", "system");
      system.put("content", text);
      messages.addFirst(system);
    }
  }

  /// Results that follow each other become one message: many templates want turns to alternate.
  private static boolean joined(
      List<Map<String, @Nullable Object>> messages, Map<String, @Nullable Object> next) {
    if (messages.isEmpty()
        || !(messages.getLast().get("content") instanceof String before)
        || !(next.get("content") instanceof String text)
        || !before.startsWith(RESULT)
        || !text.startsWith(RESULT)
        || !"user".equals(next.get("role"))
        || !"user".equals(messages.getLast().get("role"))) {
      return false;
    }
    messages.getLast().put("content", before + "\n" + text);
    return true;
  }

  private static Map<String, @Nullable Object> written(
      ReplyFormat format, Map<String, ? extends @Nullable Object> message) {
    Map<String, @Nullable Object> plain = new LinkedHashMap<>(message);
    if ("tool".equals(message.get("role"))) {
      plain.keySet().removeAll(List.of("tool_call_id", "name"));
      plain.put("role", "user");
      plain.put(
          "content", RESULT + text(message.get("content")) + "\n</tool_response>");
    } else if (message.get("tool_calls") instanceof List<?> calls) {
      StringBuilder content = new StringBuilder(text(message.get("content")));
      for (Object call : calls) {
        if (call instanceof Map<?, ?> map && map.get("function") instanceof Map<?, ?> function) {
          String name = String.valueOf(function.get("name"));
          String arguments = json(function.get("arguments"));
          content.append(content.isEmpty() ? "" : "\n");
          content.append(format.callForm().text(name, arguments));
        }
      }
      plain.remove("tool_calls");
      plain.put("content", content.toString());
    }
    return plain;
  }

  private static String json(@Nullable Object arguments) {
    if (arguments instanceof String text) {
      return text.isBlank() ? "{}" : text;
    }
    return arguments == null ? "{}" : render(JSON, Map.of("value", arguments));
  }

  /// Content that is a text, or parts of which some are.
  private static String text(@Nullable Object content) {
    if (content instanceof List<?> parts) {
      StringBuilder all = new StringBuilder();
      for (Object part : parts) {
        if (part instanceof Map<?, ?> map && map.get("text") instanceof String text) {
          all.append(text);
        }
      }
      return all.toString();
    }
    return content instanceof String text ? text : "";
  }
}
