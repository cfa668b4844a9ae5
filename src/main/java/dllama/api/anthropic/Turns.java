package dllama.api.anthropic;

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

/// The messages of a request, checked, in the form in which templates read them: the system prompt
/// is a message, results of calls are messages of their own, with the name of what was called.
final class Turns {
  private final List<Map<String, @Nullable Object>> all = new ArrayList<>();

  /// Names of functions that were called, by id of the call.
  private final Map<String, String> called = new HashMap<>();

  private Turns() {}

  /// @throws dllama.api.http.ApiException naming the first field that is wrong
  static List<Map<String, @Nullable Object>> read(Fields body) {
    Turns turns = new Turns();
    if (body.has("system")) {
      turns.add("system", texts(body, "system"));
    }
    if (!body.has("messages")) {
      throw body.bad("messages", "is required, an array of messages");
    }
    List<Fields> messages = body.objects("messages");
    if (messages.isEmpty()) {
      throw body.bad("messages", "must not be empty");
    }
    int before = turns.all.size();
    messages.forEach(turns::message);
    if (turns.all.size() == before) {
      throw body.bad("messages", "have no content");
    }
    return turns.all;
  }

  private Map<String, @Nullable Object> add(String role, @Nullable Object content) {
    Map<String, @Nullable Object> message = new LinkedHashMap<>();
    message.put("role", role);
    message.put("content", content);
    all.add(message);
    return message;
  }

  private void message(Fields message) {
    String role =
        message
            .word("role", List.of("user", "assistant", "system"))
            .orElseThrow(() -> message.bad("role", "is required: user or assistant"));
    JsonNode content =
        message
            .any("content")
            .orElseThrow(() -> message.bad("content", "is required, a string or blocks"));
    if (content.isTextual()) {
      add(role, content.textValue());
    } else if (role.equals("assistant")) {
      assistant(message);
    } else {
      user(role, message);
    }
  }

  /// A string, or blocks of text.
  private static Object texts(Fields of, String field) {
    Optional<JsonNode> value = of.any(field);
    if (value.isPresent() && value.get().isTextual()) {
      return value.get().textValue();
    }
    List<Object> parts = new ArrayList<>();
    for (Fields block : of.objects(field)) {
      if (block.word("type", List.of("text")).isEmpty()) {
        throw block.bad("type", "is required, and can be text");
      }
      parts.add(part(block));
    }
    return content(parts);
  }

  private static Map<String, Object> part(Fields block) {
    return Map.of("type", "text", "text", block.text("text"));
  }

  /// One part is a text, which all templates know.
  private static Object content(List<Object> parts) {
    return parts.size() == 1 && parts.getFirst() instanceof Map<?, ?> part
        ? String.valueOf(part.get("text"))
        : parts;
  }

  /// Results of calls come first, whatever else is said in the same message.
  private void user(String role, Fields message) {
    List<Object> parts = new ArrayList<>();
    for (Fields block : message.objects("content")) {
      switch (block.text("type")) {
        case "text" -> parts.add(part(block));
        case "tool_result" -> result(block);
        default -> throw refused(block);
      }
    }
    if (!parts.isEmpty()) {
      add(role, content(parts));
    }
  }

  private void result(Fields block) {
    String id = block.text("tool_use_id");
    Object content = texts(block, "content");
    boolean silent = content instanceof List<?> parts && parts.isEmpty();
    Map<String, @Nullable Object> message = add("tool", silent ? "" : content);
    message.put("tool_call_id", id);
    Optional.ofNullable(called.get(id)).ifPresent(name -> message.put("name", name));
  }

  private void assistant(Fields message) {
    StringBuilder thoughts = new StringBuilder();
    List<Object> parts = new ArrayList<>();
    List<Object> calls = new ArrayList<>();
    for (Fields block : message.objects("content")) {
      switch (block.text("type")) {
        case "text" -> parts.add(part(block));
        case "thinking" -> thoughts.append(block.text("thinking"));
        case "redacted_thinking" -> {} // nobody here can read it
        case "tool_use" -> calls.add(call(block));
        default -> throw refused(block);
      }
    }
    Map<String, @Nullable Object> map = add("assistant", parts.isEmpty() ? "" : content(parts));
    if (!thoughts.isEmpty()) {
      map.put("reasoning_content", thoughts.toString());
    }
    if (!calls.isEmpty()) {
      map.put("tool_calls", calls);
    }
  }

  private Object call(Fields block) {
    String id = block.text("id");
    String name = block.text("name");
    called.put(id, name);
    Object input =
        block.object("input").map(fields -> Json.values(fields.node())).orElseGet(Map::of);
    Map<String, Object> call = new LinkedHashMap<>();
    call.put("id", id);
    call.put("type", "function");
    call.put("function", Map.of("name", name, "arguments", input));
    return call;
  }

  private static RuntimeException refused(Fields block) {
    return switch (block.text("type")) {
      case "image", "document" -> block.bad("type", "is not possible: the model reads text only");
      default -> block.bad("type", "is not one that such a message may have here");
    };
  }
}
