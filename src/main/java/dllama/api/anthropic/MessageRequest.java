package dllama.api.anthropic;

import dllama.api.http.Fields;
import dllama.api.service.Ask;
import dllama.api.service.Ask.Choice;
import dllama.api.service.Ask.Sampling;
import dllama.api.service.Ask.Tools;
import dllama.api.service.Functions;
import dllama.reply.Tool;
import dllama.session.Conversation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// A request for a message.
///
/// @param thoughts whether the caller is shown what the model thinks
/// @param stream whether it is sent while it is made
record MessageRequest(Ask ask, boolean thoughts, boolean stream) {
  private static final int MOST_STOPS = 16;

  /// @throws dllama.api.http.ApiException naming the first field that is wrong
  static MessageRequest read(Fields body) {
    OptionalLong most = body.whole("max_tokens", 1, Integer.MAX_VALUE);
    if (most.isEmpty()) {
      throw body.bad("max_tokens", "is required, a number of tokens");
    }
    Ask ask =
        new Ask(
            prompt(body),
            sampling(body),
            most,
            stops(body),
            new Ask.Shape.Free(),
            tools(body),
            -1,
            true);
    return new MessageRequest(ask, thinks(body), body.flag("stream", false));
  }

  /// What the model reads, without what says how it is answered.
  static Ask.Prompt prompt(Fields body) {
    List<Map<String, @Nullable Object>> messages = Turns.read(body);
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    variables.put("enable_thinking", thinks(body));
    List<Object> tools = new ArrayList<>();
    if (tools(body).choice() != Choice.NONE) {
      body.objects("tools").forEach(tool -> tools.add(forTemplates(tool)));
    }
    Map<String, @Nullable Object> last = messages.getLast();
    boolean goesOn =
        messages.size() > 1
            && "assistant".equals(last.get("role"))
            && last.keySet().equals(java.util.Set.of("role", "content"))
            && last.get("content") instanceof String;
    return new Ask.Prompt.Chat(
        goesOn
            ? new Conversation(
                messages.subList(0, messages.size() - 1),
                tools,
                variables,
                String.valueOf(last.get("content")))
            : new Conversation(messages, tools, variables, ""));
  }

  private static boolean thinks(Fields body) {
    return body.object("thinking")
        .flatMap(given -> given.word("type", List.of("enabled", "disabled", "adaptive")))
        .map(type -> !type.equals("disabled"))
        .orElse(false);
  }

  private static Sampling sampling(Fields body) {
    OptionalLong topk = body.whole("top_k", 0, 1 << 24);
    Sampling usual = Sampling.USUAL;
    return new Sampling(
        body.real("temperature", 0, 2),
        body.real("top_p", 0, 1),
        topk.isPresent() ? Optional.of((int) topk.getAsLong()) : Optional.empty(),
        usual.minp(),
        usual.seed(),
        usual.repeat(),
        usual.presence(),
        usual.frequency(),
        usual.bias());
  }

  private static List<String> stops(Fields body) {
    List<String> stops = body.texts("stop_sequences").stream().filter(s -> !s.isEmpty()).toList();
    if (stops.size() > MOST_STOPS) {
      throw body.bad("stop_sequences", "has more than %d strings".formatted(MOST_STOPS));
    }
    return stops;
  }

  static Tools tools(Fields body) {
    List<Fields> given = body.objects("tools");
    if (given.size() > Functions.MOST) {
      throw body.bad("tools", "has more than %d".formatted(Functions.MOST));
    }
    List<Tool> tools = given.stream().map(MessageRequest::tool).toList();
    Optional<Fields> choice = body.object("tool_choice");
    if (choice.isEmpty()) {
      return new Tools(tools, tools.isEmpty() ? Choice.NONE : Choice.AUTO, Optional.empty(), true);
    }
    Fields chosen = choice.get();
    String type =
        chosen
            .word("type", List.of("auto", "any", "tool", "none"))
            .orElseThrow(() -> chosen.bad("type", "is required: auto, any, tool or none"));
    boolean parallel = !chosen.flag("disable_parallel_tool_use", false);
    if (tools.isEmpty() && (type.equals("any") || type.equals("tool"))) {
      throw body.bad("tool_choice", "needs tools");
    }
    return switch (type) {
      case "none" -> new Tools(tools, Choice.NONE, Optional.empty(), parallel);
      case "any" -> new Tools(tools, Choice.REQUIRED, Optional.empty(), parallel);
      case "tool" -> new Tools(tools, Choice.REQUIRED, Optional.of(only(chosen, tools)), parallel);
      default ->
          new Tools(tools, tools.isEmpty() ? Choice.NONE : Choice.AUTO, Optional.empty(), parallel);
    };
  }

  private static String only(Fields choice, List<Tool> tools) {
    String name = choice.text("name");
    if (tools.stream().noneMatch(tool -> tool.name().equals(name))) {
      throw choice.bad("name", "is not among the tools");
    }
    return name;
  }

  private static Tool tool(Fields tool) {
    if (!tool.textIfAny("type").orElse("custom").equals("custom")) {
      throw tool.bad("type", "is not possible: this server has no tools of its own");
    }
    return Functions.read(tool, schema(tool));
  }

  private static Map<String, Object> schema(Fields tool) {
    return tool.object("input_schema")
        .map(Fields::values)
        .orElseThrow(() -> tool.bad("input_schema", "is required, a JSON schema"));
  }

  private static Object forTemplates(Fields tool) {
    Map<String, Object> function = new LinkedHashMap<>();
    function.put("name", tool.text("name"));
    tool.textIfAny("description").ifPresent(text -> function.put("description", text));
    function.put("parameters", schema(tool));
    return Map.of("type", "function", "function", function);
  }
}
