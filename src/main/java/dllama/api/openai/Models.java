package dllama.api.openai;

import akka.http.javadsl.model.HttpResponse;
import dllama.api.http.Answers;
import dllama.api.http.ApiException;
import dllama.api.http.Call;
import dllama.api.service.ModelCard;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `GET /v1/models`, and one of them: there is one. What is told is in OpenAI's form and in
/// Anthropic's, whose paths are the same.
public final class Models {
  private final ModelCard model;

  public Models(ModelCard model) {
    this.model = model;
  }

  /// All.
  public HttpResponse list(Call call) {
    Map<String, Object> list = new LinkedHashMap<>();
    list.put("object", "list");
    list.put("data", List.of(entry()));
    list.put("has_more", false);
    list.put("first_id", model.id());
    list.put("last_id", model.id());
    return Answers.json(list);
  }

  /// The one that the path names.
  public HttpResponse one(Call call) {
    if (!call.tail().equals(model.id())) {
      throw ApiException.of(
          404,
          "there is no such model here; /v1/models lists what there is",
          "model",
          "model_not_found");
    }
    return Answers.json(entry());
  }

  private Map<String, Object> entry() {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("id", model.id());
    entry.put("object", "model");
    entry.put("created", model.since().getEpochSecond());
    entry.put("owned_by", "dllama-akka");
    entry.put("type", "model");
    entry.put("display_name", model.id());
    entry.put("created_at", model.since().truncatedTo(ChronoUnit.SECONDS).toString());
    entry.put("context_length", model.contextLength());
    entry.put(
        "meta",
        Map.of(
            "architecture", model.architecture(),
            "weights", model.weights(),
            "n_params", model.parameters(),
            "n_ctx_train", model.trainedLength(),
            "n_vocab", model.vocabSize(),
            "size", model.bytes()));
    return entry;
  }
}
