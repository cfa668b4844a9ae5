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

/// The messages of a chat, checked, in the form in which templates read them: a developer is the
/// system, arguments of calls are objects, and results have the name of what was called.
final class Messages {
  private static final List<String> ROLES =
      List.of("system", "developer", "user", "assistant", "tool", "function");

  private final List<Map<String, @Nullable Object>> all = new ArrayList<>();

  /// Names of functions that were called, by id of the call.
  private final Map<String, String> called = new HashMap<>();

  private Messages() {}

  /// @param body of a request with `messages`
  /// @throws dllama.api.http.ApiException naming the first that is wrong
  static List<Map<String, @Nullable Object>> read(Fields body) {
    if (!body.has("messages")) {
      throw body.bad("messages", "is required, an array of messages");
    }
    List<Fields> given = body.objects("messages");
    if (given.isEmpty()) {
      throw body.bad("messages", "must not be empty");
    }
    Messages messages = new Messages();
    given.forEach(messages::add);
    return messages.all;
  }

  private void add(Fields message) {
    String role =
        message
            .word("role", ROLES)
            .orElseThrow(() -> message.bad("role", "is required, such as \"user\""));
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("role", role.equals("developer") ? "system" : role.equals("function") ? "tool" : role);
    map.put("content", content(message));
    message.textIfAny("name").ifPresent(name -> map.put("name", name));
    switch (role) {
      case "assistant" -> {
        message.textIfAny("reasoning_content").ifPresent(t -> map.put("reasoning_content", t));
        List<Object> calls = calls(message);
        if (!calls.isEmpty()) {
          map.put("tool_calls", calls);
        }
      }
      case "tool" -> {
        String id = message.text("tool_call_id");
        map.put("tool_call_id", id);
        Optional.ofNullable(called.get(id)).ifPresent(name -> map.putIfAbsent("name", name));
      }
      default -> {
        if (map.get("content") == null) {
          throw message.bad("content", "is required in a message of role " + role);
        }
      }
    }
    all.add(map);
  }

  private static @Nullable Object content(Fields message) {
    Optional<JsonNode> content = message.any("content");
    if (content.isEmpty()) {
      return null;
    }
    if (content.get().isTextual()) {
      return content.get().textValue();
    }
    if (!content.get().isArray()) {
      throw message.bad("content", "must be a string, an array of parts or null");
    }
    List<Object> parts = new ArrayList<>();
    for (Fields part : message.objects("content")) {
      parts.add(Map.of("type", "text", "text", text(part)));
    }
    return parts;
  }

  private static String text(Fields part) {
    return switch (part.text("type")) {
      case "text", "input_text", "output_text" -> part.text("text");
      case "refusal" -> part.text("refusal");
      case "image_url", "input_image", "image", "input_audio", "file", "video_url" ->
          throw part.bad(
              "type", "is not possible: the model reads text only, no image_url or audio");
      default -> throw part.bad("type", "is not known; text is");
    };
  }

  private List<Object> calls(Fields message) {
    List<Object> calls = new ArrayList<>();
    for (Fields call : message.objects("tool_calls")) {
      Fields function =
          call.object("function").orElseThrow(() -> call.bad("function", "is required"));
      String name = function.text("name");
      call.textIfAny("id").ifPresent(id -> called.put(id, name));
      Map<String, Object> map = new LinkedHashMap<>();
      call.textIfAny("id").ifPresent(id -> map.put("id", id));
      map.put("type", "function");
      map.put("function", Map.of("name", name, "arguments", arguments(function)));
      calls.add(map);
    }
    return calls;
  }

  private static Object arguments(Fields function) {
    JsonNode given = function.any("arguments").orElseGet(Json::object);
    if (given.isObject()) {
      return Json.values(given);
    }
    String text = function.text("arguments");
    if (text.isBlank()) {
      return Map.of();
    }
    if (!Json.isObject(text)) {
      throw function.bad("arguments", "must be a string that holds a JSON object");
    }
    return Json.values(Json.read(text));
  }
}
