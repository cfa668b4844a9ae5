package dllama.api.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dllama.api.http.ApiException;
import dllama.api.http.Fields;
import dllama.api.http.Json;
import dllama.api.openai.ResponseStore.Kept;
import dllama.api.service.Ask;
import dllama.api.service.Ask.Choice;
import dllama.session.Conversation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A request for a response.
///
/// @param items all that was said up to now: an object with the array `input`
/// @param body of the request, whose fields the response repeats
/// @param store whether the response is kept
/// @param stream whether it is sent while it is made
record ResponseRequest(Ask ask, ObjectNode items, Fields body, boolean store, boolean stream) {
  /// What would need more than a model.
  private static final List<String> ELSEWHERE = List.of("conversation", "prompt");

  /// @param kept responses that the caller may go on from, by their ids
  /// @throws ApiException naming the first field that is wrong
  static ResponseRequest read(Fields body, Function<String, Optional<Kept>> kept) {
    for (String field : ELSEWHERE) {
      if (body.has(field)) {
        throw body.bad(field, "is not possible: give input, and previous_response_id");
      }
    }
    if (body.flag("background", false)) {
      throw body.bad("background", "is not possible: stream is");
    }
    ObjectNode items = items(body, kept);
    Ask ask =
        new Ask(
            new Ask.Prompt.Chat(conversation(body, items)),
            SamplingFields.read(body),
            body.whole("max_output_tokens", 1, Integer.MAX_VALUE),
            SamplingFields.stops(body),
            ToolFields.shape(body.object("text").flatMap(text -> text.object("format")), true),
            ToolFields.read(body, true),
            -1,
            true);
    return new ResponseRequest(
        ask, items, body, body.flag("store", true), body.flag("stream", false));
  }

  /// Those of the response before, and those of this request.
  private static ObjectNode items(Fields body, Function<String, Optional<Kept>> kept) {
    ObjectNode items = Json.object();
    ArrayNode all = items.putArray("input");
    Optional<String> previous = body.textIfAny("previous_response_id");
    if (previous.isPresent()) {
      all.addAll((ArrayNode) Json.read(before(previous.get(), kept)).get("input"));
    }
    JsonNode input =
        body.any("input").orElseThrow(() -> body.bad("input", "is required, a string or items"));
    if (input.isTextual()) {
      all.addObject().put("type", "message").put("role", "user").put("content", input.textValue());
    } else {
      body.objects("input").forEach(item -> all.add(item.node()));
    }
    if (all.isEmpty()) {
      throw body.bad("input", "must not be empty");
    }
    return items;
  }

  private static String before(String id, Function<String, Optional<Kept>> kept) {
    byte[] items =
        kept.apply(id)
            .orElseThrow(
                () ->
                    ApiException.of(
                        404,
                        "previous_response_id is not kept here: it was never, or is no longer",
                        "previous_response_id",
                        "previous_response_not_found"))
            .items();
    return new String(items, java.nio.charset.StandardCharsets.UTF_8);
  }

  private static Conversation conversation(Fields body, ObjectNode items) {
    ResponseItems messages = new ResponseItems(body.textIfAny("instructions").orElse(""));
    Fields.parse(Json.bytes(items)).objects("input").forEach(messages::add);
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    body.object("reasoning")
        .flatMap(reasoning -> reasoning.textIfAny("effort"))
        .ifPresent(
            effort -> {
              variables.put("reasoning_effort", effort);
              variables.put("enable_thinking", !effort.equals("none"));
            });
    List<Object> tools = new ArrayList<>();
    if (ToolFields.read(body, true).choice() != Choice.NONE) {
      ToolFields.functions(body, true).forEach(tool -> tools.add(forTemplates(tool)));
    }
    return new Conversation(messages.messages(), tools, variables, "");
  }

  private static Object forTemplates(Fields tool) {
    Map<String, Object> function = new LinkedHashMap<>();
    function.put("name", tool.text("name"));
    tool.textIfAny("description").ifPresent(text -> function.put("description", text));
    tool.object("parameters")
        .ifPresent(schema -> function.put("parameters", Json.values(schema.node())));
    return Map.of("type", "function", "function", function);
  }
}
