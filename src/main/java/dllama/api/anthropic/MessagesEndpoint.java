package dllama.api.anthropic;

import akka.http.javadsl.model.HttpResponse;
import dllama.api.http.Answers;
import dllama.api.http.Call;
import dllama.api.http.EventStream;
import dllama.api.http.EventStream.Framing;
import dllama.api.http.Fields;
import dllama.api.http.Json;
import dllama.api.service.AnswerEvent;
import dllama.api.service.Answerer;
import dllama.api.service.ModelCard;
import dllama.api.service.WholeAnswer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `POST /v1/messages`, and how many tokens one would have. Any thread.
public final class MessagesEndpoint {
  private static final String PING = "event: ping\ndata: {\"type\": \"ping\"}\n\n";

  private final Answerer answerer;
  private final ModelCard model;

  public MessagesEndpoint(Answerer answerer, ModelCard model) {
    this.answerer = answerer;
    this.model = model;
  }

  /// Answers a request.
  public HttpResponse answer(Call call) throws InterruptedException {
    MessageRequest request = MessageRequest.read(call.json());
    return request.stream() ? stream(request, call) : whole(request, call);
  }

  /// Tokens of what a request would have the model read.
  public HttpResponse count(Call call) {
    Fields body = call.json();
    int tokens =
        answerer.encode(MessageRequest.prompt(body), MessageRequest.tools(body)).tokens().length;
    return Answers.json(Map.of("input_tokens", tokens));
  }

  private HttpResponse whole(MessageRequest request, Call call) throws InterruptedException {
    WholeAnswer answer = answerer.await(List.of(request.ask()), call).getFirst();
    AnswerEvent.Ended ended = answer.ended();
    Map<String, @Nullable Object> message =
        Anthropic.message(Anthropic.newId(), model.id(), blocks(request, answer));
    message.put("stop_reason", Anthropic.reason(ended));
    message.put("stop_sequence", ended.stop().orElse(null));
    message.put("usage", Anthropic.usage(ended.usage()));
    return Answers.json(message);
  }

  /// At least one, because callers look at the first.
  private static List<Object> blocks(MessageRequest request, WholeAnswer answer) {
    List<Object> blocks = new ArrayList<>();
    if (request.thoughts() && !answer.reasoning().isEmpty()) {
      blocks.add(Map.of("type", "thinking", "thinking", answer.reasoning(), "signature", ""));
    }
    if (!answer.content().isEmpty() || answer.calls().isEmpty()) {
      blocks.add(Map.of("type", "text", "text", answer.content()));
    }
    for (WholeAnswer.Call call : answer.calls()) {
      Map<String, Object> block = new LinkedHashMap<>();
      block.put("type", "tool_use");
      block.put("id", Anthropic.callId(call.id()));
      block.put("name", call.name());
      block.put("input", input(call.arguments().toString()));
      blocks.add(block);
    }
    return blocks;
  }

  /// An answer that was cut off may end within a call.
  private static Object input(String arguments) {
    return Json.isObject(arguments) ? Json.read(arguments) : Map.of();
  }

  private HttpResponse stream(MessageRequest request, Call call) throws InterruptedException {
    EventStream events = EventStream.open(Framing.SSE, PING);
    return answerer.stream(
        List.of(request.ask()),
        (_, tokens) -> new MessageStream(events, model.id(), request.thoughts(), tokens),
        events,
        call);
  }
}
