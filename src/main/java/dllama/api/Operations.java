package dllama.api;

import akka.http.javadsl.model.HttpResponse;
import dllama.api.http.Answers;
import dllama.api.http.ApiException;
import dllama.api.http.Call;
import dllama.api.http.Fields;
import dllama.api.openai.ChatPrompt;
import dllama.api.service.Answerer;
import dllama.api.view.ClusterStatus;
import dllama.api.view.ClusterView;
import dllama.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/// What is asked of the server itself: whether it lives, what its cluster does, how texts become
/// tokens. Any thread.
final class Operations {
  private final Answerer answerer;
  private final ClusterStatus status;
  private final ClusterView view;

  Operations(Answerer answerer, ClusterStatus status, ClusterView view) {
    this.answerer = answerer;
    this.status = status;
    this.view = view;
  }

  /// Whether the process lives.
  HttpResponse health(Call call) {
    return Answers.json(Map.of("status", "ok"));
  }

  /// Whether answers are possible.
  HttpResponse ready(Call call) {
    if (view.state() != ClusterView.State.READY) {
      String what = view.waiting().isEmpty() ? "the model is being loaded" : view.waiting();
      throw ApiException.later(503, what, "not_ready", 5);
    }
    return Answers.json(Map.of("status", "ok", "nodes", view.nodes()));
  }

  HttpResponse cluster(Call call) throws InterruptedException {
    return Answers.json(status.document());
  }

  /// Tokens of `content`.
  HttpResponse tokenize(Call call) {
    Fields body = call.json();
    String text = body.text("content");
    Tokenizer tokenizer = answerer.prompts().tokenizer();
    int[] ids =
        tokenizer.encode(text, body.flag("add_special", false), body.flag("parse_special", true));
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("tokens", ids);
    if (body.flag("with_pieces", false)) {
      answer.put("pieces", pieces(ids));
    }
    return Answers.json(answer);
  }

  private String[] pieces(int[] ids) {
    String[] pieces = new String[ids.length];
    for (int i = 0; i < ids.length; i++) {
      pieces[i] = answerer.prompts().vocabulary().text(ids[i]);
    }
    return pieces;
  }

  /// Text of `tokens`.
  HttpResponse detokenize(Call call) {
    Fields body = call.json();
    if (!body.has("tokens")) {
      throw body.bad("tokens", "is required, an array of numbers");
    }
    byte[][] all = answerer.prompts().vocabulary().pieces();
    var text = new ByteArrayOutputStream();
    for (var element : body.elements("tokens")) {
      if (!element.isIntegralNumber()
          || element.intValue() < 0
          || element.intValue() >= all.length) {
        throw body.bad(
            "tokens", "must be an array of numbers from 0 to %d".formatted(all.length - 1));
      }
      text.writeBytes(all[element.intValue()]);
    }
    return Answers.json(Map.of("content", text.toString(StandardCharsets.UTF_8)));
  }

  /// What the model would see of a chat.
  HttpResponse applyTemplate(Call call) {
    return Answers.json(Map.of("prompt", ChatPrompt.text(answerer, call.json())));
  }
}
