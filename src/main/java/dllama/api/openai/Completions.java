package dllama.api.openai;

import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.databind.JsonNode;
import dllama.api.http.Answers;
import dllama.api.http.ApiException;
import dllama.api.http.Call;
import dllama.api.http.EventStream;
import dllama.api.http.EventStream.Framing;
import dllama.api.http.Fields;
import dllama.api.service.AnswerEvent;
import dllama.api.service.AnswerEvent.TokenInfo;
import dllama.api.service.AnswerUsage;
import dllama.api.service.Answerer;
import dllama.api.service.Ask;
import dllama.api.service.Infill;
import dllama.api.service.ModelCard;
import dllama.api.service.WholeAnswer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// `POST /v1/completions`: a text goes on, or its middle is filled in. Any thread.
public final class Completions {
  private static final int USUAL_TOKENS = 16;
  private static final int MOST_PROMPTS = 64;
  private static final int MOST_LOGPROBS = 20;

  private final Answerer answerer;
  private final ModelCard model;
  private final Logprobs logprobs;
  private final Infill infill;

  /// What is asked for.
  ///
  /// @param asks one or more
  /// @param answers to each prompt
  /// @param echo whether the prompt stands in front of each answer
  private record Request(
      List<Ask> asks, int answers, boolean echo, boolean stream, boolean usage, int logprobs) {}

  public Completions(Answerer answerer, ModelCard model) {
    this.answerer = answerer;
    this.model = model;
    logprobs = new Logprobs(answerer.prompts().vocabulary());
    infill = new Infill(answerer.prompts().vocabulary());
  }

  /// Answers a request.
  public HttpResponse answer(Call call) throws InterruptedException {
    Request request = read(call.json());
    return request.stream() ? stream(request, call) : whole(request, call);
  }

  private Request read(Fields body) {
    List<Ask.Prompt> prompts = prompts(body);
    int answers = body.whole("n", 1, ChatRequest.MOST_ANSWERS, 1);
    if (body.whole("best_of", 1, ChatRequest.MOST_ANSWERS, answers) != answers) {
      throw body.bad("best_of", "must be n: all answers are returned");
    }
    int top = body.whole("logprobs", 0, MOST_LOGPROBS, -1);
    OptionalLong most = body.whole("max_tokens", 1, Integer.MAX_VALUE);
    List<Ask> asks = new ArrayList<>();
    for (Ask.Prompt prompt : prompts) {
      Ask ask =
          new Ask(
              prompt,
              SamplingFields.read(body),
              most.isPresent() ? most : OptionalLong.of(USUAL_TOKENS),
              SamplingFields.stops(body),
              ToolFields.shape(body),
              Ask.Tools.NONE,
              top,
              true);
      for (int i = 0; i < answers; i++) {
        asks.add(ask.answer(i));
      }
    }
    boolean stream = body.flag("stream", false);
    boolean usage = ChatRequest.includesUsage(body, stream);
    return new Request(asks, answers, body.flag("echo", false), stream, usage, top);
  }

  private List<Ask.Prompt> prompts(Fields body) {
    JsonNode prompt =
        body.any("prompt").orElseThrow(() -> body.bad("prompt", "is required, a string"));
    Optional<String> suffix = body.textIfAny("suffix").filter(text -> !text.isEmpty());
    if (suffix.isPresent()) {
      return List.of(infill.prompt(body.text("prompt"), suffix.get()));
    }
    if (prompt.isTextual()) {
      return List.of(new Ask.Prompt.Text(prompt.textValue()));
    }
    ApiException wrong =
        body.bad("prompt", "must be a string, an array of strings, or tokens as numbers");
    if (!prompt.isArray() || prompt.isEmpty() || prompt.size() > 1 << 20) {
      throw wrong;
    }
    if (prompt.get(0).isNumber()) {
      return List.of(tokens(prompt, wrong));
    }
    if (prompt.size() > MOST_PROMPTS) {
      throw body.bad("prompt", "has more than %d elements".formatted(MOST_PROMPTS));
    }
    List<Ask.Prompt> prompts = new ArrayList<>();
    for (JsonNode element : prompt) {
      prompts.add(
          element.isTextual() ? new Ask.Prompt.Text(element.textValue()) : tokens(element, wrong));
    }
    return prompts;
  }

  private static Ask.Prompt tokens(JsonNode array, ApiException wrong) {
    return new Ask.Prompt.Tokens(Arrays.stream(OpenAi.tokens(array, wrong)).boxed().toList());
  }

  private static String echoed(Request request, int index) {
    return request.echo()
            && request.asks().get(index).prompt() instanceof Ask.Prompt.Text(String text)
        ? text
        : "";
  }

  private HttpResponse whole(Request request, Call call) throws InterruptedException {
    List<WholeAnswer> answers = answerer.await(request.asks(), call);
    List<Object> choices = new ArrayList<>();
    for (WholeAnswer answer : answers) {
      String echo = echoed(request, choices.size());
      choices.add(
          choice(
              choices.size(),
              echo + answer.reasoning() + answer.content(),
              request.logprobs() < 0 ? null : logprobs.ofCompletion(answer.tokens(), echo.length()),
              OpenAi.reason(answer.ended().finish())));
    }
    Map<String, Object> body = OpenAi.head(OpenAi.newId("cmpl-"), "text_completion", model.id());
    List<AnswerUsage> usages = answers.stream().map(answer -> answer.ended().usage()).toList();
    body.put("choices", choices);
    body.put("usage", usage(request, usages));
    body.put("timings", usages.getFirst().timings());
    return Answers.json(body);
  }

  /// Each prompt counts once, however many answers it has.
  private static Map<String, Object> usage(Request request, List<AnswerUsage> usages) {
    int prompts = 0;
    for (int i = 0; i < usages.size(); i += request.answers()) {
      prompts += usages.get(i).promptTokens();
    }
    return OpenAi.usage(prompts, usages);
  }

  private static Map<String, @Nullable Object> choice(
      int index, String text, @Nullable Object logprobs, @Nullable String reason) {
    Map<String, @Nullable Object> choice = new LinkedHashMap<>();
    choice.put("index", index);
    choice.put("text", text);
    choice.put("logprobs", logprobs);
    choice.put("finish_reason", reason);
    return choice;
  }

  private HttpResponse stream(Request request, Call call) throws InterruptedException {
    EventStream events = EventStream.open(Framing.SSE, ": waiting\n\n");
    Chunks chunks = new Chunks(events, request);
    return answerer.stream(request.asks(), (index, _) -> chunks.choice(index), events, call);
  }

  /// A completion as chunks.
  private final class Chunks {
    private final EventStream events;
    private final Request request;
    private final String id = OpenAi.newId("cmpl-");
    private final long created = System.currentTimeMillis() / 1000;
    private final AnswerUsage[] usages;
    private int ended;

    Chunks(EventStream events, Request request) {
      this.events = events;
      this.request = request;
      usages = new AnswerUsage[request.asks().size()];
    }

    Predicate<AnswerEvent> choice(int index) {
      String echo = echoed(request, index);
      if (!echo.isEmpty()) {
        send(index, echo, List.of(), null);
      }
      return event -> accept(index, event);
    }

    private synchronized boolean accept(int index, AnswerEvent event) {
      return switch (event) {
        case AnswerEvent.Interrupted(String why) -> events.comment(why);
        case AnswerEvent.Reading(int done, int total) ->
            done == total || events.comment("read %d of %d tokens".formatted(done, total));
        case AnswerEvent.Reasoning(String text, List<TokenInfo> tokens) ->
            send(index, text, tokens, null);
        case AnswerEvent.Content(String text, List<TokenInfo> tokens) ->
            send(index, text, tokens, null);
        case AnswerEvent.CallBegin _, AnswerEvent.CallArguments _ -> true;
        case AnswerEvent.Ended(var finish, Optional<String> _, AnswerUsage usage) -> {
          boolean sent = send(index, "", List.of(), OpenAi.reason(finish));
          usages[index] = usage;
          ended++;
          end();
          yield sent;
        }
        case AnswerEvent.Failed(ApiException why) -> {
          events.send(OpenAi.error(why));
          events.end();
          yield false;
        }
      };
    }

    private boolean send(int index, String text, List<TokenInfo> tokens, @Nullable String reason) {
      Object logs = tokens.isEmpty() ? null : logprobs.ofCompletion(tokens, 0);
      return events.send(chunk(List.of(Completions.choice(index, text, logs, reason))));
    }

    private Map<String, Object> chunk(List<Object> choices) {
      Map<String, Object> chunk = OpenAi.head(id, "text_completion", model.id());
      chunk.put("created", created);
      chunk.put("choices", choices);
      return chunk;
    }

    private void end() {
      if (ended < usages.length) {
        return;
      }
      if (request.usage()) {
        Map<String, Object> chunk = chunk(List.of());
        chunk.put("usage", Completions.usage(request, List.of(usages)));
        chunk.put("timings", usages[0].timings());
        events.send(chunk);
      }
      events.sendText("[DONE]");
      events.end();
    }
  }
}
