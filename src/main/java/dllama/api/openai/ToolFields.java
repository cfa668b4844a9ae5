package dllama.api.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.api.http.Fields;
import dllama.api.http.Json;
import dllama.api.service.Ask.Choice;
import dllama.api.service.Ask.Shape;
import dllama.api.service.Ask.Tools;
import dllama.api.service.Functions;
import dllama.reply.Tool;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The fields that say what the model may call, and what its answer has to be.
final class ToolFields {
  private static final Map<String, Object> NO_PARAMETERS =
      Map.of("type", "object", "properties", Map.of());

  /// Tools of requests for responses that only OpenAI's servers have, or that are called otherwise
  /// than with JSON. Clients such as Codex always list some; the model is not told of them.
  private static final List<String> ELSEWHERE =
      List.of(
          "web_search",
          "web_search_preview",
          "file_search",
          "code_interpreter",
          "image_generation",
          "mcp",
          "local_shell",
          "shell",
          "apply_patch",
          "tool_search",
          "namespace",
          "custom");

  private ToolFields() {}

  static Tools read(Fields body) {
    return read(body, false);
  }

  /// Those of a request.
  ///
  /// @param flat whether a tool is the function itself, as in requests for responses
  static Tools read(Fields body, boolean flat) {
    if (body.has("functions") || body.has("function_call")) {
      throw body.bad("functions", "is no longer used: give tools");
    }
    List<Tool> tools = new ArrayList<>();
    for (Fields tool : functions(body, flat)) {
      tools.add(tool(tool, flat));
    }
    if (tools.size() > Functions.MOST) {
      throw body.bad("tools", "has more than %d".formatted(Functions.MOST));
    }
    Optional<String> only = only(body, tools);
    Choice choice = only.isPresent() ? Choice.REQUIRED : choice(body, tools);
    return new Tools(tools, choice, only, body.flag("parallel_tool_calls", true));
  }

  /// Those tools of a request that are functions.
  ///
  /// @param flat whether a tool is the function itself, as in requests for responses
  static List<Fields> functions(Fields body, boolean flat) {
    return body.objects("tools").stream()
        .filter(tool -> !flat || !ELSEWHERE.contains(tool.textIfAny("type").orElse("")))
        .toList();
  }

  /// As templates read them.
  static List<Object> forTemplates(Fields body) {
    return body.elements("tools").stream().map(Json::values).toList();
  }

  private static Tool tool(Fields tool, boolean flat) {
    tool.word("type", List.of("function"));
    Fields function =
        flat
            ? tool
            : tool.object("function").orElseThrow(() -> tool.bad("function", "is required"));
    return Functions.read(
        function, function.object("parameters").map(Fields::values).orElse(NO_PARAMETERS));
  }

  private static Choice choice(Fields body, List<Tool> tools) {
    Optional<JsonNode> given = body.any("tool_choice");
    if (given.isEmpty()) {
      return tools.isEmpty() ? Choice.NONE : Choice.AUTO;
    }
    String word = body.word("tool_choice", List.of("none", "auto", "required")).orElseThrow();
    if (tools.isEmpty() && word.equals("required")) {
      throw body.bad("tool_choice", "needs tools");
    }
    return switch (word) {
      case "none" -> Choice.NONE;
      case "auto" -> tools.isEmpty() ? Choice.NONE : Choice.AUTO;
      default -> Choice.REQUIRED;
    };
  }

  /// The function that has to be called.
  private static Optional<String> only(Fields body, List<Tool> tools) {
    Optional<JsonNode> given = body.any("tool_choice");
    if (given.isEmpty() || given.get().isTextual()) {
      return Optional.empty();
    }
    Fields choice = body.object("tool_choice").orElseThrow();
    String name =
        choice
            .object("function")
            .map(function -> function.text("name"))
            .orElseGet(() -> choice.text("name"));
    if (tools.stream().noneMatch(tool -> tool.name().equals(name))) {
      throw body.bad("tool_choice", "names a function that is not among the tools");
    }
    return Optional.of(name);
  }

  static Shape shape(Fields body) {
    return shape(body.object("response_format"), false);
  }

  /// What a format asks for.
  ///
  /// @param flat whether the schema stands in the format itself, as in requests for responses
  static Shape shape(Optional<Fields> format, boolean flat) {
    if (format.isEmpty()) {
      return new Shape.Free();
    }
    String type =
        format
            .get()
            .word("type", List.of("text", "json_object", "json_schema"))
            .orElseThrow(() -> format.get().bad("type", "is required"));
    return switch (type) {
      case "text" -> new Shape.Free();
      case "json_object" -> new Shape.JsonObject();
      default -> new Shape.JsonSchema(schema(format.get(), flat));
    };
  }

  private static String schema(Fields format, boolean flat) {
    Fields named =
        flat
            ? format
            : format
                .object("json_schema")
                .orElseThrow(() -> format.bad("json_schema", "is required"));
    return named
        .object("schema")
        .orElseThrow(() -> named.bad("schema", "is required, a JSON schema"))
        .node()
        .toString();
  }
}
