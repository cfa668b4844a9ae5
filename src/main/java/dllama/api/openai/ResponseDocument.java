package dllama.api.openai;

import dllama.api.http.ApiException;
import dllama.api.http.Fields;
import dllama.api.http.Json;
import dllama.api.service.AnswerEvent;
import dllama.api.service.AnswerEvent.Finish;
import dllama.api.service.AnswerUsage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A response as the caller sees it. Immutable.
final class ResponseDocument {
  /// Fields that a response repeats, and what they are where the request has none.
  private static final Map<String, String> REPEATED = repeated();

  private final String id = OpenAi.newId("resp_");
  private final long created = System.currentTimeMillis() / 1000;
  private final String model;
  private final ResponseRequest request;

  ResponseDocument(String model, ResponseRequest request) {
    this.model = model;
    this.request = request;
  }

  private static Map<String, String> repeated() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("instructions", "null");
    all.put("max_output_tokens", "null");
    all.put("metadata", "{}");
    all.put("parallel_tool_calls", "true");
    all.put("previous_response_id", "null");
    all.put("reasoning", "{\"effort\":null,\"summary\":null}");
    all.put("temperature", "null");
    all.put("text", "{\"format\":{\"type\":\"text\"}}");
    all.put("tool_choice", "\"auto\"");
    all.put("tools", "[]");
    all.put("top_p", "null");
    all.put("truncation", "\"disabled\"");
    all.put("user", "null");
    return all;
  }

  String id() {
    return id;
  }

  /// While it is made.
  Map<String, @Nullable Object> begun() {
    return document("in_progress", List.of());
  }

  /// When it is made.
  Map<String, @Nullable Object> ended(List<Map<String, Object>> output, AnswerEvent.Ended ended) {
    boolean whole = ended.finish() == Finish.STOP || ended.finish() == Finish.CALLS;
    Map<String, @Nullable Object> document = document(whole ? "completed" : "incomplete", output);
    if (!whole) {
      document.put("incomplete_details", Map.of("reason", "max_output_tokens"));
    }
    document.put("usage", usage(ended.usage()));
    document.put("timings", ended.usage().timings());
    return document;
  }

  /// When it is not.
  Map<String, @Nullable Object> failed(List<Map<String, Object>> output, ApiException why) {
    Map<String, @Nullable Object> document = document("failed", output);
    document.put("error", Map.of("code", "server_error", "message", why.message()));
    return document;
  }

  private Map<String, @Nullable Object> document(String status, List<?> output) {
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("id", id);
    document.put("object", "response");
    document.put("created_at", created);
    document.put("status", status);
    document.put("background", false);
    document.put("error", null);
    document.put("incomplete_details", null);
    document.put("model", model);
    document.put("output", output);
    document.put("store", request.store());
    document.put("usage", null);
    Fields body = request.body();
    REPEATED.forEach(
        (field, otherwise) ->
            document.put(field, body.any(field).orElseGet(() -> Json.read(otherwise))));
    return document;
  }

  private static Map<String, Object> usage(AnswerUsage usage) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("input_tokens", usage.promptTokens());
    map.put("input_tokens_details", Map.of("cached_tokens", usage.cachedTokens()));
    map.put("output_tokens", usage.completionTokens());
    map.put("output_tokens_details", Map.of("reasoning_tokens", usage.reasoningTokens()));
    map.put("total_tokens", usage.promptTokens() + usage.completionTokens());
    return map;
  }
}
