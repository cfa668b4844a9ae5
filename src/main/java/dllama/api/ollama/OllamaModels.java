package dllama.api.ollama;

import akka.http.javadsl.model.HttpResponse;
import dllama.api.http.Answers;
import dllama.api.http.ApiException;
import dllama.api.http.Call;
import dllama.api.http.Fields;
import dllama.api.service.Answerer;
import dllama.api.service.Infill;
import dllama.api.service.ModelCard;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What Ollama's clients ask of models: there is one, and it stays. Any thread.
public final class OllamaModels {
  /// The version of Ollama whose API this is; clients refuse to talk to older ones.
  private static final String VERSION = "0.12.6";

  /// When the model is let go: not, so as late as can be written.
  private static final String NEVER = "9999-12-31T23:59:59Z";

  private final ModelCard model;
  private final boolean fillsIn;

  public OllamaModels(ModelCard model, Answerer answerer) {
    this.model = model;
    fillsIn = new Infill(answerer.prompts().vocabulary()).possible();
  }

  /// The version of the API.
  public HttpResponse version(Call call) {
    return Answers.json(Map.of("version", VERSION));
  }

  /// All models.
  public HttpResponse tags(Call call) {
    Map<String, Object> entry = entry();
    entry.put("modified_at", model.since().toString());
    return Answers.json(Map.of("models", List.of(entry)));
  }

  /// Those that are loaded.
  public HttpResponse running(Call call) {
    Map<String, Object> entry = entry();
    entry.put("expires_at", NEVER);
    entry.put("size_vram", 0);
    entry.put("context_length", model.contextLength());
    return Answers.json(Map.of("models", List.of(entry)));
  }

  /// All about one.
  public HttpResponse show(Call call) {
    Fields body = call.json();
    Ollama.check(body, body.has("model") || !body.has("name") ? "model" : "name", model);
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("modelfile", "# " + Ollama.name(model));
    shown.put("parameters", "num_ctx " + model.contextLength());
    shown.put("template", template());
    shown.put("details", details());
    shown.put("model_info", info());
    shown.put("capabilities", capabilities());
    shown.put("modified_at", model.since().toString());
    return Answers.json(shown);
  }

  /// What a root with one model, which its user chose, can not do.
  @SuppressWarnings("DoNotCallSuggester") // an endpoint, called as all are
  public HttpResponse refuse(Call call) {
    throw ApiException.of(
        501, "models are not changed over HTTP: the root is started with one, by --model", "", "");
  }

  private Map<String, Object> entry() {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("name", Ollama.name(model));
    entry.put("model", Ollama.name(model));
    entry.put("size", model.bytes());
    entry.put("digest", digest());
    entry.put("details", details());
    return entry;
  }

  private Map<String, Object> details() {
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("parent_model", "");
    details.put("format", "gguf");
    details.put("family", family());
    details.put("families", List.of(family()));
    details.put("parameter_size", model.size());
    details.put(
        "quantization_level",
        model.weights().toUpperCase(Locale.ROOT).replaceAll("Q(\\d)(\\d)\\b", "Q$1_$2"));
    return details;
  }

  private String family() {
    return model.architecture().toLowerCase(Locale.ROOT);
  }

  private Map<String, Object> info() {
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("general.architecture", family());
    info.put("general.basename", model.id());
    info.put("general.parameter_count", model.parameters());
    info.put(family() + ".block_count", model.layers());
    info.put(family() + ".context_length", model.contextLength());
    info.put(family() + ".embedding_length", model.dim());
    info.put(family() + ".vocab_size", model.vocabSize());
    return info;
  }

  private String template() {
    return model.template().equals("null") ? "" : model.template();
  }

  private List<String> capabilities() {
    List<String> capabilities = new ArrayList<>(List.of("completion"));
    if (template().contains("tools")) {
      capabilities.add("tools");
    }
    if (template().contains("enable_thinking") || template().contains("<think>")) {
      capabilities.add("thinking");
    }
    if (fillsIn) {
      capabilities.add("insert");
    }
    return capabilities;
  }

  /// Tells models apart; not of the file's bytes, which would take minutes to read.
  private String digest() {
    String what = "%s %s %d".formatted(model.id(), model.weights(), model.bytes());
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(what.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
