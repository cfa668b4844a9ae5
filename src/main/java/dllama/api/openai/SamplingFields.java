package dllama.api.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.api.http.Fields;
import dllama.api.service.Ask.Sampling;
import dllama.generation.Guidance;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// The fields that say how tokens are drawn, OpenAI's and those that others have added.
final class SamplingFields {
  private static final int MOST_STOPS = 16;

  private SamplingFields() {}

  static Sampling read(Fields body) {
    OptionalLong topk = body.whole("top_k", -1, 1 << 24);
    Optional<Double> repeat = body.real("repeat_penalty", 0.1, 10);
    return new Sampling(
        body.real("temperature", 0, 2),
        body.real("top_p", 0, 1),
        topk.isPresent() ? Optional.of((int) Math.max(0, topk.getAsLong())) : Optional.empty(),
        body.real("min_p", 0, 1),
        seed(body),
        repeat.isPresent() ? repeat : body.real("repetition_penalty", 0.1, 10),
        body.real("presence_penalty", -2, 2),
        body.real("frequency_penalty", -2, 2),
        bias(body));
  }

  /// −1 means any, as with other servers.
  private static OptionalLong seed(Fields body) {
    OptionalLong seed = body.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE);
    return seed.isPresent() && seed.getAsLong() == -1 ? OptionalLong.empty() : seed;
  }

  private static Map<Integer, Float> bias(Fields body) {
    Optional<Fields> given = body.object("logit_bias");
    if (given.isEmpty()) {
      return Map.of();
    }
    Map<Integer, Float> bias = new HashMap<>();
    for (Map.Entry<String, JsonNode> entry : given.get().node().properties()) {
      if (!entry.getKey().matches("\\d{1,9}")) {
        throw body.bad("logit_bias", "has a key that is no token: keys are ids such as \"50256\"");
      }
      given.get().real(entry.getKey(), -100, 100);
      bias.put(Integer.valueOf(entry.getKey()), entry.getValue().floatValue());
    }
    if (bias.size() > Guidance.MOST_BIASED) {
      throw body.bad("logit_bias", "has more than %d tokens".formatted(Guidance.MOST_BIASED));
    }
    return bias;
  }

  static List<String> stops(Fields body) {
    List<String> stops = body.texts("stop").stream().filter(stop -> !stop.isEmpty()).toList();
    if (stops.size() > MOST_STOPS) {
      throw body.bad("stop", "has more than %d strings".formatted(MOST_STOPS));
    }
    return stops;
  }
}
