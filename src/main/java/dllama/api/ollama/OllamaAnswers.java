package dllama.api.ollama;

import akka.http.javadsl.model.HttpResponse;
import dllama.api.http.Answers;
import dllama.api.http.Call;
import dllama.api.http.EventStream;
import dllama.api.http.EventStream.Framing;
import dllama.api.http.Fields;
import dllama.api.http.Json;
import dllama.api.ollama.OllamaAnswer.Form;
import dllama.api.service.Answerer;
import dllama.api.service.Ask;
import dllama.api.service.Infill;
import dllama.api.service.ModelCard;
import dllama.api.service.WholeAnswer;
import dllama.session.Conversation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// `POST /api/chat` and `/api/generate`. Any thread.
public final class OllamaAnswers {
  private final Answerer answerer;
  private final ModelCard model;
  private final Infill infill;

  public OllamaAnswers(Answerer answerer, ModelCard model) {
    this.answerer = answerer;
    this.model = model;
    infill = new Infill(answerer.prompts().vocabulary());
  }

  /// Answers a conversation.
  public HttpResponse chat(Call call) throws InterruptedException {
    Fields body = call.json();
    String name = Ollama.check(body, "model", model);
    if (body.elements("messages").isEmpty()) {
      return loaded(body, name, Form.CHAT);
    }
    Ask.Prompt prompt = new Ask.Prompt.Chat(OllamaChat.read(body));
    Ask ask = OllamaFields.ask(body, prompt, OllamaChat.tools(body));
    return answer(body, name, ask, Form.CHAT, call);
  }

  /// Answers a question, or lets a text go on.
  public HttpResponse generate(Call call) throws InterruptedException {
    Fields body = call.json();
    String name = Ollama.check(body, "model", model);
    OllamaChat.refuseImages(body);
    Optional<Ask.Prompt> prompt = prompt(body);
    if (prompt.isEmpty()) {
      return loaded(body, name, Form.TEXT);
    }
    return answer(
        body, name, OllamaFields.ask(body, prompt.get(), Ask.Tools.NONE), Form.TEXT, call);
  }

  private Optional<Ask.Prompt> prompt(Fields body) {
    String text = body.textIfAny("prompt").orElse("");
    String suffix = body.textIfAny("suffix").orElse("");
    if (!suffix.isEmpty()) {
      return Optional.of(infill.prompt(text, suffix));
    }
    if (text.isEmpty()) {
      return Optional.empty();
    }
    if (body.flag("raw", false)) {
      return Optional.of(new Ask.Prompt.Text(text));
    }
    List<Map<String, @Nullable Object>> messages = new ArrayList<>();
    body.textIfAny("system")
        .filter(system -> !system.isEmpty())
        .ifPresent(system -> messages.add(message("system", system)));
    messages.add(message("user", text));
    return Optional.of(
        new Ask.Prompt.Chat(
            new Conversation(messages, List.of(), OllamaFields.variables(body), "")));
  }

  private static Map<String, @Nullable Object> message(String role, String content) {
    Map<String, @Nullable Object> message = new LinkedHashMap<>();
    message.put("role", role);
    message.put("content", content);
    return message;
  }

  /// Without a question the model is to be loaded, which it is, or no longer kept, which it is.
  private static HttpResponse loaded(Fields body, String name, Form form) {
    boolean unload =
        body.any("keep_alive").map(given -> given.asText().matches("0[a-z]*")).orElse(false);
    Map<String, Object> document = Ollama.head(name);
    form.put(document, "", "", List.of());
    document.put("done", true);
    document.put("done_reason", unload ? "unload" : "load");
    return Answers.json(document);
  }

  /// A line of an answer that is not there yet: some clients give up on silence.
  private static String ping(String name, Form form) {
    Map<String, Object> document = Ollama.head(name);
    form.put(document, "", "", List.of());
    document.put("done", false);
    return Json.text(document) + "\n";
  }

  private HttpResponse answer(Fields body, String name, Ask ask, Form form, Call call)
      throws InterruptedException {
    boolean thoughts = OllamaFields.showsThoughts(body);
    if (!body.flag("stream", true)) {
      return whole(answerer.await(List.of(ask), call).getFirst(), name, thoughts, form);
    }
    EventStream events = EventStream.open(Framing.LINES, ping(name, form));
    var answer = new OllamaAnswer(events, form, name, thoughts);
    return answerer.stream(List.of(ask), (_, _) -> answer, events, call);
  }

  private static HttpResponse whole(WholeAnswer answer, String name, boolean thoughts, Form form) {
    List<Object> calls = new ArrayList<>();
    for (WholeAnswer.Call call : answer.calls()) {
      calls.add(OllamaAnswer.call(calls.size(), call.name(), call.arguments().toString()));
    }
    Map<String, Object> document = new LinkedHashMap<>(Ollama.head(name));
    form.put(document, answer.content(), thoughts ? answer.reasoning() : "", calls);
    Ollama.end(document, answer.ended().finish(), answer.ended().usage());
    return Answers.json(document);
  }
}
