package dllama.api.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.api.http.ApiException;
import dllama.api.service.AnswerEvent.Finish;
import dllama.api.service.AnswerUsage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// What answers in OpenAI's dialect have in common.
public final class OpenAi {
  private OpenAi() {}

  /// An error in its form.
  public static Object error(ApiException why) {
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("message", why.message());
    error.put("type", why.status() < 500 ? "invalid_request_error" : "server_error");
    error.put("param", why.field().orElse(null));
    error.put("code", why.code().orElse(null));
    return Map.of("error", error);
  }

  static String newId(String prefix) {
    return prefix + UUID.randomUUID().toString().replace("-", "");
  }

  /// What every document begins with.
  static Map<String, Object> head(String id, String object, String model) {
    Map<String, Object> head = new LinkedHashMap<>();
    head.put("id", id);
    head.put("object", object);
    head.put("created", System.currentTimeMillis() / 1000);
    head.put("model", model);
    return head;
  }

  static String reason(Finish finish) {
    return switch (finish) {
      case STOP -> "stop";
      case LENGTH, CANCELLED -> "length";
      case CALLS -> "tool_calls";
    };
  }

  /// Tokens that are given as numbers.
  ///
  /// @throws ApiException `wrong`, if it is anything else
  static int[] tokens(JsonNode array, ApiException wrong) {
    if (!array.isArray()) {
      throw wrong;
    }
    int[] tokens = new int[array.size()];
    for (int i = 0; i < tokens.length; i++) {
      JsonNode id = array.get(i);
      if (!id.isIntegralNumber() || !id.canConvertToInt()) {
        throw wrong;
      }
      tokens[i] = id.intValue();
    }
    return tokens;
  }

  /// What answers to one prompt took together.
  static Map<String, Object> usage(int promptTokens, List<AnswerUsage> answers) {
    int completion = AnswerUsage.completionTokens(answers);
    int thoughts = answers.stream().mapToInt(AnswerUsage::reasoningTokens).sum();
    int cached = answers.stream().mapToInt(AnswerUsage::cachedTokens).max().orElse(0);
    Map<String, Object> usage = new LinkedHashMap<>();
    usage.put("prompt_tokens", promptTokens);
    usage.put("completion_tokens", completion);
    usage.put("total_tokens", promptTokens + completion);
    usage.put("prompt_tokens_details", Map.of("cached_tokens", cached));
    usage.put("completion_tokens_details", Map.of("reasoning_tokens", thoughts));
    return usage;
  }
}
