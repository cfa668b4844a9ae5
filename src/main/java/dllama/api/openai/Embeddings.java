package dllama.api.openai;

import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.databind.JsonNode;
import dllama.api.http.Answers;
import dllama.api.http.ApiException;
import dllama.api.http.Call;
import dllama.api.http.Fields;
import dllama.api.service.Embedder;
import dllama.api.service.Embedder.Embedding;
import dllama.api.service.Embedder.Form;
import dllama.api.service.ModelCard;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `POST /v1/embeddings`: vectors of length 1 that stand for texts. Any thread.
public final class Embeddings {
  private final Embedder embedder;
  private final ModelCard model;

  public Embeddings(Embedder embedder, ModelCard model) {
    this.embedder = embedder;
    this.model = model;
  }

  /// Answers a request.
  public HttpResponse answer(Call call) throws InterruptedException {
    Fields body = call.json();
    boolean base64 =
        body.word("encoding_format", List.of("float", "base64")).orElse("float").equals("base64");
    int dim = model.dim();
    if (body.whole("dimensions", 1, Integer.MAX_VALUE, dim) != dim) {
      throw body.bad("dimensions", "must be %d, which is what this model gives".formatted(dim));
    }
    List<Embedding> all =
        embedder.embed(inputs(body), "input", base64 ? Form.BASE64 : Form.NUMBERS, call);
    List<Object> data = new ArrayList<>();
    for (Embedding embedding : all) {
      float[] unit = embedding.unit();
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("object", "embedding");
      entry.put("index", data.size());
      entry.put("embedding", base64 ? base64(unit) : unit);
      data.add(entry);
    }
    int tokens = all.stream().mapToInt(Embedding::tokens).sum();
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("object", "list");
    document.put("data", data);
    document.put("model", model.id());
    document.put("usage", Map.of("prompt_tokens", tokens, "total_tokens", tokens));
    return Answers.json(document);
  }

  private List<int[]> inputs(Fields body) {
    String what = "a string, an array of strings, or tokens as numbers";
    JsonNode input = body.any("input").orElseThrow(() -> body.bad("input", "is required, " + what));
    ApiException wrong = body.bad("input", "must be " + what);
    if (input.isTextual()) {
      return List.of(embedder.tokens(input.textValue()));
    }
    if (!input.isArray() || input.isEmpty()) {
      throw wrong;
    }
    if (input.get(0).isNumber()) {
      return List.of(OpenAi.tokens(input, wrong));
    }
    if (input.size() > Embedder.MOST_TEXTS) {
      throw body.bad("input", "has more than %d elements".formatted(Embedder.MOST_TEXTS));
    }
    List<int[]> inputs = new ArrayList<>();
    for (JsonNode element : input) {
      inputs.add(
          element.isTextual()
              ? embedder.tokens(element.textValue())
              : OpenAi.tokens(element, wrong));
    }
    return inputs;
  }

  /// Floats of 4 bytes, the lowest first, as clients of OpenAI expect them.
  private static String base64(float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return Base64.getEncoder().encodeToString(bytes.array());
  }
}
