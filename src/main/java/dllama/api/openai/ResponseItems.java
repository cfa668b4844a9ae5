package dllama.api.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.api.http.Fields;
import dllama.api.http.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Makes messages, as templates read them, of the items of a request for a response. What the model
/// did in one turn, to think, to say and to call, are several items and one message.
final class ResponseItems {
  private static final List<String> ROLES = List.of("user", "assistant", "system", "developer");

  private final List<Map<String, @Nullable Object>> all = new ArrayList<>();

  /// Names of functions that were called, by id of the call.
  private final Map<String, String> called = new HashMap<>();

  /// What the model thought, until it is known of which message.
  private final StringBuilder thought = new StringBuilder();

  /// Begins with instructions, which may be empty.
  ResponseItems(String instructions) {
    if (!instructions.isEmpty()) {
      message("system", instructions);
    }
  }

  List<Map<String, @Nullable Object>> messages() {
    return all;
  }

  /// @throws dllama.api.http.ApiException naming the field that is wrong
  void add(Fields item) {
    switch (item.textIfAny("type").orElse("message")) {
      case "message" -> said(item);
      case "function_call" -> call(item);
      case "function_call_output" -> result(item);
      case "reasoning" -> item.objects("content").forEach(part -> thought.append(text(part)));
      case "item_reference" ->
          throw item.bad("type", "is not possible: give the item, or previous_response_id");
      default ->
          throw item.bad(
              "type", "must be one of message, function_call, function_call_output, reasoning");
    }
  }

  private Map<String, @Nullable Object> message(String role, @Nullable Object content) {
    Map<String, @Nullable Object> message = new LinkedHashMap<>();
    message.put("role", role);
    message.put("content", content);
    if (role.equals("assistant") && !thought.isEmpty()) {
      message.put("reasoning_content", thought.toString());
    }
    thought.setLength(0);
    all.add(message);
    return message;
  }

  private void said(Fields item) {
    String role =
        item.word("role", ROLES)
            .orElseThrow(() -> item.bad("role", "is required, such as \"user\""));
    if (!item.has("content")) {
      throw item.bad("content", "is required, a string or parts");
    }
    message(role.equals("developer") ? "system" : role, texts(item, "content"));
  }

  /// A text, or parts.
  private static Object texts(Fields item, String field) {
    Optional<JsonNode> value = item.any(field);
    if (value.isPresent() && value.get().isTextual()) {
      return value.get().textValue();
    }
    List<Object> parts = new ArrayList<>();
    for (Fields part : item.objects(field)) {
      parts.add(Map.of("type", "text", "text", text(part)));
    }
    return parts.size() == 1 && parts.getFirst() instanceof Map<?, ?> part
        ? String.valueOf(part.get("text"))
        : parts;
  }

  private static String text(Fields part) {
    return switch (part.text("type")) {
      case "input_text", "output_text", "text", "reasoning_text", "summary_text" ->
          part.text("text");
      case "refusal" -> part.text("refusal");
      case "input_image", "input_file", "input_audio" ->
          throw part.bad("type", "is not possible: the model reads text only");
      default -> throw part.bad("type", "is not known; input_text is");
    };
  }

  private void call(Fields item) {
    String id = item.text("call_id");
    String name = item.text("name");
    String arguments = item.textIfAny("arguments").filter(text -> !text.isBlank()).orElse("{}");
    if (!Json.isObject(arguments)) {
      throw item.bad("arguments", "must be a string that holds a JSON object");
    }
    called.put(id, name);
    Map<String, Object> call = new LinkedHashMap<>();
    call.put("id", id);
    call.put("type", "function");
    call.put("function", Map.of("name", name, "arguments", Json.values(Json.read(arguments))));
    calls().add(call);
  }

  /// The calls of the model's present turn.
  @SuppressWarnings("unchecked") // nobody else puts something there
  private List<Object> calls() {
    boolean own = !all.isEmpty() && "assistant".equals(all.getLast().get("role"));
    Map<String, @Nullable Object> turn =
        own && thought.isEmpty() ? all.getLast() : message("assistant", "");
    Object calls = turn.computeIfAbsent("tool_calls", _ -> new ArrayList<Object>());
    return (List<Object>) calls;
  }

  private void result(Fields item) {
    String id = item.text("call_id");
    if (!item.has("output")) {
      throw item.bad("output", "is required, a string");
    }
    Map<String, @Nullable Object> message = message("tool", texts(item, "output"));
    message.put("tool_call_id", id);
    Optional.ofNullable(called.get(id)).ifPresent(name -> message.put("name", name));
  }
}
