package dllama.api.ollama;

import akka.http.javadsl.model.HttpResponse;
import dllama.api.http.Answers;
import dllama.api.http.Call;
import dllama.api.http.Fields;
import dllama.api.service.Embedder;
import dllama.api.service.Embedder.Embedding;
import dllama.api.service.Embedder.Form;
import dllama.api.service.ModelCard;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `POST /api/embed`, and `/api/embeddings` before it. Any thread.
public final class OllamaEmbeddings {
  private final Embedder embedder;
  private final ModelCard model;

  public OllamaEmbeddings(Embedder embedder, ModelCard model) {
    this.embedder = embedder;
    this.model = model;
  }

  /// Vectors of length 1 of one text or several.
  public HttpResponse embed(Call call) throws InterruptedException {
    long start = System.nanoTime();
    Fields body = call.json();
    String name = Ollama.check(body, "model", model);
    int dim = model.dim();
    int dimensions = body.whole("dimensions", 0, Integer.MAX_VALUE, dim);
    if (dimensions != 0 && dimensions != dim) {
      throw body.bad("dimensions", "must be %d, which is what this model gives".formatted(dim));
    }
    List<String> texts = body.texts("input");
    if (texts.size() > Embedder.MOST_TEXTS) {
      throw body.bad("input", "has more than %d elements".formatted(Embedder.MOST_TEXTS));
    }
    boolean truncate = body.flag("truncate", true);
    boolean none = texts.isEmpty() || texts.equals(List.of("")); // only loads the model
    List<int[]> tokens =
        none ? List.of() : texts.stream().map(text -> tokens(text, truncate)).toList();
    List<Embedding> all = none ? List.of() : embedder.embed(tokens, "input", Form.NUMBERS, call);
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("model", name);
    document.put("embeddings", all.stream().map(Embedding::unit).toList());
    document.put("total_duration", System.nanoTime() - start);
    document.put("load_duration", 0);
    document.put("prompt_eval_count", all.stream().mapToInt(Embedding::tokens).sum());
    return Answers.json(document);
  }

  /// The vector of one text, as long as it is.
  public HttpResponse embeddings(Call call) throws InterruptedException {
    Fields body = call.json();
    Ollama.check(body, "model", model);
    String prompt = body.textIfAny("prompt").orElse("");
    float[] plain =
        prompt.isEmpty()
            ? new float[0]
            : embedder
                .embed(List.of(tokens(prompt, true)), "prompt", Form.NUMBERS, call)
                .getFirst()
                .plain();
    return Answers.json(Map.of("embedding", plain));
  }

  private int[] tokens(String text, boolean truncate) {
    int[] tokens = embedder.tokens(text);
    int most = embedder.mostTokens();
    return truncate && tokens.length > most ? Arrays.copyOf(tokens, most) : tokens;
  }
}
