package dllama.api.ollama;

import dllama.api.http.Fields;
import dllama.api.http.Json;
import dllama.api.service.Ask.Choice;
import dllama.api.service.Ask.Tools;
import dllama.api.service.Functions;
import dllama.reply.Tool;
import dllama.session.Conversation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The conversation of a request, in the form in which templates read it. Calls have no ids in this
/// dialect; results follow them in order.
final class OllamaChat {
  private static final List<String> ROLES = List.of("system", "user", "assistant", "tool");

  private OllamaChat() {}

  /// @throws dllama.api.http.ApiException naming the first field that is wrong
  static Conversation read(Fields body) {
    List<Map<String, @Nullable Object>> messages = new ArrayList<>();
    body.objects("messages").forEach(message -> messages.add(message(message)));
    Map<String, @Nullable Object> variables = OllamaFields.variables(body);
    List<Object> tools =
        body.objects("tools").stream().map(tool -> Json.values(tool.node())).toList();
    Map<String, @Nullable Object> last = messages.getLast();
    boolean goesOn =
        messages.size() > 1
            && "assistant".equals(last.get("role"))
            && !last.containsKey("tool_calls");
    return goesOn
        ? new Conversation(
            messages.subList(0, messages.size() - 1),
            tools,
            variables,
            String.valueOf(last.get("content")))
        : new Conversation(messages, tools, variables, "");
  }

  private static Map<String, @Nullable Object> message(Fields message) {
    String role =
        message
            .word("role", ROLES)
            .orElseThrow(() -> message.bad("role", "is required, such as \"user\""));
    refuseImages(message);
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("role", role);
    map.put("content", message.textIfAny("content").orElse(""));
    switch (role) {
      case "assistant" -> {
        message
            .textIfAny("thinking")
            .filter(text -> !text.isEmpty())
            .ifPresent(text -> map.put("reasoning_content", text));
        List<Object> calls = new ArrayList<>();
        message.objects("tool_calls").forEach(call -> calls.add(call(call)));
        if (!calls.isEmpty()) {
          map.put("tool_calls", calls);
        }
      }
      case "tool" -> {
        Optional<String> name = message.textIfAny("tool_name");
        name.or(() -> message.textIfAny("name")).ifPresent(of -> map.put("name", of));
        message.textIfAny("tool_call_id").ifPresent(id -> map.put("tool_call_id", id));
      }
      default -> {}
    }
    return map;
  }

  static void refuseImages(Fields of) {
    if (!of.elements("images").isEmpty()) {
      throw of.bad("images", "is not possible: the model reads text only");
    }
  }

  private static Object call(Fields call) {
    Fields function = function(call);
    Object arguments =
        function.object("arguments").map(given -> Json.values(given.node())).orElseGet(Map::of);
    Map<String, Object> map = new LinkedHashMap<>();
    call.textIfAny("id").ifPresent(id -> map.put("id", id));
    map.put("type", "function");
    map.put("function", Map.of("name", function.text("name"), "arguments", arguments));
    return map;
  }

  private static Fields function(Fields of) {
    return of.object("function").orElseThrow(() -> of.bad("function", "is required"));
  }

  static Tools tools(Fields body) {
    List<Tool> tools = new ArrayList<>();
    for (Fields tool : body.objects("tools")) {
      Fields function = function(tool);
      Map<String, Object> parameters =
          function.object("parameters").map(Fields::values).orElse(Map.of("type", "object"));
      tools.add(Functions.read(function, parameters));
    }
    if (tools.size() > Functions.MOST) {
      throw body.bad("tools", "has more than %d".formatted(Functions.MOST));
    }
    return new Tools(tools, tools.isEmpty() ? Choice.NONE : Choice.AUTO, Optional.empty(), true);
  }
}
