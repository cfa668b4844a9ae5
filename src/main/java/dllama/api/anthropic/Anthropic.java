package dllama.api.anthropic;

import dllama.api.http.ApiException;
import dllama.api.service.AnswerEvent;
import dllama.api.service.AnswerUsage;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What answers in Anthropic's dialect have in common.
public final class Anthropic {
  private Anthropic() {}

  /// An error in its form.
  public static Object error(ApiException why) {
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("type", type(why.status()));
    error.put("message", why.message());
    return Map.of("type", "error", "error", error);
  }

  private static String type(int status) {
    return switch (status) {
      case 401 -> "authentication_error";
      case 403 -> "permission_error";
      case 404 -> "not_found_error";
      case 413 -> "request_too_large";
      case 429 -> "rate_limit_error";
      case 503 -> "overloaded_error";
      default -> status < 500 ? "invalid_request_error" : "api_error";
    };
  }

  static String newId() {
    return "msg_" + UUID.randomUUID().toString().replace("-", "");
  }

  /// The id of a call, which begins otherwise in this dialect.
  static String callId(String id) {
    return "toolu_" + id.substring(id.indexOf('_') + 1);
  }

  static String reason(AnswerEvent.Ended ended) {
    return switch (ended.finish()) {
      case STOP -> ended.stop().isPresent() ? "stop_sequence" : "end_turn";
      case LENGTH, CANCELLED -> "max_tokens";
      case CALLS -> "tool_use";
    };
  }

  /// A message, as far as it is known.
  static Map<String, @Nullable Object> message(String id, String model, Object content) {
    Map<String, @Nullable Object> message = new LinkedHashMap<>();
    message.put("id", id);
    message.put("type", "message");
    message.put("role", "assistant");
    message.put("model", model);
    message.put("content", content);
    message.put("stop_reason", null);
    message.put("stop_sequence", null);
    return message;
  }

  /// What an answer took: here the tokens of the prompt are those that were not cached.
  static Map<String, Object> usage(AnswerUsage usage) {
    return usage(
        usage.promptTokens() - usage.cachedTokens(),
        usage.cachedTokens(),
        usage.completionTokens());
  }

  static Map<String, Object> usage(int input, int cached, int output) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("input_tokens", input);
    map.put("cache_creation_input_tokens", 0);
    map.put("cache_read_input_tokens", cached);
    map.put("output_tokens", output);
    return map;
  }
}
