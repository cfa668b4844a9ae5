package dllama.api.ollama;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.api.http.Fields;
import dllama.api.http.Json;
import dllama.api.service.Ask;
import dllama.api.service.Ask.Sampling;
import dllama.api.service.Ask.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// The fields that chats and texts that go on have in common.
final class OllamaFields {
  private static final int MOST_STOPS = 16;

  private OllamaFields() {}

  /// An ask with everything that `options`, `format` and `think` say.
  ///
  /// @throws dllama.api.http.ApiException naming the first field that is wrong
  static Ask ask(Fields body, Ask.Prompt prompt, Ask.Tools tools) {
    Fields options = body.object("options").orElseGet(() -> Fields.parse(Json.bytes(Map.of())));
    return new Ask(
        prompt, sampling(options), most(options), stops(options), shape(body), tools, -1, true);
  }

  /// Variables of templates.
  static Map<String, @Nullable Object> variables(Fields body) {
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    Ollama.think(body)
        .ifPresent(
            think -> {
              variables.put("enable_thinking", !Boolean.FALSE.equals(think));
              if (think instanceof String effort) {
                variables.put("reasoning_effort", effort);
              }
            });
    return variables;
  }

  /// Whether the caller is shown what the model thinks.
  static boolean showsThoughts(Fields body) {
    return !Ollama.think(body).equals(Optional.of(false));
  }

  private static Sampling sampling(Fields options) {
    OptionalLong topk = options.whole("top_k", -1, 1 << 24);
    OptionalLong seed = options.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE);
    return new Sampling(
        options.real("temperature", 0, 100),
        options.real("top_p", 0, 1),
        topk.isPresent() ? Optional.of((int) Math.max(0, topk.getAsLong())) : Optional.empty(),
        options.real("min_p", 0, 1),
        seed.isPresent() && seed.getAsLong() == -1 ? OptionalLong.empty() : seed,
        options.real("repeat_penalty", 0.1, 10),
        options.real("presence_penalty", -2, 2),
        options.real("frequency_penalty", -2, 2),
        Map.of());
  }

  /// Nothing above 0 means: as long as there is room.
  private static OptionalLong most(Fields options) {
    OptionalLong most = options.whole("num_predict", -2, Integer.MAX_VALUE);
    return most.isPresent() && most.getAsLong() > 0 ? most : OptionalLong.empty();
  }

  private static List<String> stops(Fields options) {
    List<String> stops = options.texts("stop").stream().filter(stop -> !stop.isEmpty()).toList();
    if (stops.size() > MOST_STOPS) {
      throw options.bad("stop", "has more than %d strings".formatted(MOST_STOPS));
    }
    return stops;
  }

  private static Shape shape(Fields body) {
    Optional<JsonNode> format = body.any("format");
    if (format.isEmpty()) {
      return new Shape.Free();
    }
    if (format.get().isObject()) {
      return new Shape.JsonSchema(format.get().toString());
    }
    String word = format.get().isTextual() ? format.get().textValue() : "?";
    return switch (word) {
      case "" -> new Shape.Free();
      case "json" -> new Shape.JsonObject();
      default -> throw body.bad("format", "must be \"json\" or a JSON schema");
    };
  }
}
