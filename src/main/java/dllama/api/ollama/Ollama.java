package dllama.api.ollama;

import dllama.api.http.ApiException;
import dllama.api.http.Fields;
import dllama.api.service.AnswerEvent.Finish;
import dllama.api.service.AnswerUsage;
import dllama.api.service.ModelCard;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// What answers in Ollama's dialect have in common.
public final class Ollama {
  private static final String TAG = ":latest";

  private Ollama() {}

  /// An error in its form.
  public static Object error(ApiException why) {
    return Map.of("error", why.message());
  }

  /// The model's name, with a tag, as clients of Ollama expect it.
  static String name(ModelCard model) {
    return model.id().contains(":") ? model.id() : model.id() + TAG;
  }

  /// Checks that a request is for the model that is here.
  ///
  /// @param field that names it
  /// @return the name that was given
  static String check(Fields body, String field, ModelCard model) {
    String given = body.text(field);
    String bare = given.endsWith(TAG) ? given.substring(0, given.length() - TAG.length()) : given;
    if (bare.isEmpty()) {
      throw body.bad(field, "is required, a model's name; /api/tags lists what there is");
    }
    if (!given.equalsIgnoreCase(model.id()) && !bare.equalsIgnoreCase(model.id())) {
      throw ApiException.of(
          404,
          "model \"%s\" is not here; /api/tags lists what there is".formatted(shown(given)),
          field,
          "model_not_found");
    }
    return given;
  }

  private static String shown(String name) {
    String plain = name.replaceAll("\\p{Cntrl}", "?");
    return plain.length() > 100 ? plain.substring(0, 100) + "…" : plain;
  }

  /// What every document of an answer begins with.
  static Map<String, Object> head(String model) {
    Map<String, Object> head = new LinkedHashMap<>();
    head.put("model", model);
    head.put("created_at", Instant.now().toString());
    return head;
  }

  /// What the last document of an answer ends with.
  static void end(Map<String, Object> document, Finish finish, AnswerUsage usage) {
    document.put("done", true);
    document.put("done_reason", reason(finish));
    document.put("total_duration", usage.nanos());
    document.put("load_duration", 0);
    document.put("prompt_eval_count", usage.promptTokens());
    document.put("prompt_eval_duration", usage.usage().prefillNanos());
    document.put("eval_count", usage.completionTokens());
    document.put("eval_duration", usage.usage().decodeNanos());
  }

  private static String reason(Finish finish) {
    return switch (finish) {
      case STOP, CALLS -> "stop";
      case LENGTH, CANCELLED -> "length";
    };
  }

  /// What a model's template can be given beside a question.
  static Optional<Object> think(Fields body) {
    return body.any("think")
        .map(
            given -> {
              if (given.isBoolean()) {
                return given.booleanValue();
              }
              return body.word("think", java.util.List.of("low", "medium", "high")).orElseThrow();
            });
  }
}
