package dllama.api.openai;

import akka.http.javadsl.model.HttpResponse;
import dllama.api.http.Answers;
import dllama.api.http.Call;
import dllama.api.http.EventStream;
import dllama.api.http.EventStream.Framing;
import dllama.api.service.Answerer;
import dllama.api.service.Ask;
import dllama.api.service.ModelCard;
import dllama.api.service.WholeAnswer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// `POST /v1/chat/completions`. Any thread.
public final class ChatCompletions {
  private final Answerer answerer;
  private final ModelCard model;
  private final Logprobs logprobs;

  public ChatCompletions(Answerer answerer, ModelCard model) {
    this.answerer = answerer;
    this.model = model;
    logprobs = new Logprobs(answerer.prompts().vocabulary());
  }

  /// Answers a request.
  public HttpResponse answer(Call call) throws InterruptedException {
    ChatRequest request = ChatRequest.read(call.json());
    return request.stream() ? stream(request, call) : whole(request, call);
  }

  private static List<Ask> asks(ChatRequest request) {
    return IntStream.range(0, request.answers()).mapToObj(request.ask()::answer).toList();
  }

  private HttpResponse whole(ChatRequest request, Call call) throws InterruptedException {
    List<WholeAnswer> answers = answerer.await(asks(request), call);
    List<Object> choices = new ArrayList<>();
    for (WholeAnswer answer : answers) {
      Map<String, Object> choice = new LinkedHashMap<>();
      choice.put("index", choices.size());
      choice.put("message", message(answer));
      choice.put(
          "logprobs", request.ask().logprobs() < 0 ? null : logprobs.ofChat(answer.tokens()));
      choice.put("finish_reason", OpenAi.reason(answer.ended().finish()));
      choices.add(choice);
    }
    Map<String, Object> body =
        OpenAi.head(OpenAi.newId("chatcmpl-"), "chat.completion", model.id());
    body.put("choices", choices);
    var usages = answers.stream().map(answer -> answer.ended().usage()).toList();
    body.put("usage", OpenAi.usage(usages.getFirst().promptTokens(), usages));
    body.put("timings", usages.getFirst().timings());
    return Answers.json(body);
  }

  private static Map<String, @Nullable Object> message(WholeAnswer answer) {
    Map<String, @Nullable Object> message = new LinkedHashMap<>();
    message.put("role", "assistant");
    boolean silent = answer.content().isEmpty() && !answer.calls().isEmpty();
    message.put("content", silent ? null : answer.content());
    if (!answer.reasoning().isEmpty()) {
      message.put("reasoning_content", answer.reasoning());
    }
    if (!answer.calls().isEmpty()) {
      message.put("tool_calls", answer.calls().stream().map(ChatCompletions::call).toList());
    }
    return message;
  }

  private static Map<String, Object> call(WholeAnswer.Call call) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("id", call.id());
    map.put("type", "function");
    map.put("function", Map.of("name", call.name(), "arguments", call.arguments().toString()));
    return map;
  }

  private HttpResponse stream(ChatRequest request, Call call) throws InterruptedException {
    EventStream events = EventStream.open(Framing.SSE, ": waiting\n\n");
    ChatStream chat = new ChatStream(events, request, model.id(), logprobs);
    return answerer.stream(asks(request), (index, _) -> chat.choice(index), events, call);
  }
}
