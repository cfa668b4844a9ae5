package dllama.api.openai;

import dllama.api.http.ApiException;
import dllama.api.http.EventStream;
import dllama.api.http.TextEvent;
import dllama.api.service.AnswerEvent;
import dllama.api.service.AnswerEvent.TokenInfo;
import dllama.api.service.AnswerUsage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// A chat completion as chunks. Events of its answers come on the scheduler's thread; they may come
/// while other answers are still being asked for on another.
final class ChatStream {
  private final EventStream events;
  private final ChatRequest request;
  private final String model;
  private final Logprobs logprobs;
  private final String id = OpenAi.newId("chatcmpl-");
  private final long created = System.currentTimeMillis() / 1000;
  private final List<AnswerUsage> usages = new ArrayList<>();

  /// What is sent for most tokens, by answer.
  private final Map<Integer, TextEvent> texts = new HashMap<>();

  ChatStream(EventStream events, ChatRequest request, String model, Logprobs logprobs) {
    this.events = events;
    this.request = request;
    this.model = model;
    this.logprobs = logprobs;
  }

  /// What takes the events of an answer.
  ///
  /// @param index of the answer
  Predicate<AnswerEvent> choice(int index) {
    Map<String, @Nullable Object> first = new LinkedHashMap<>();
    first.put("role", "assistant");
    first.put("content", "");
    send(index, first, List.of(), null);
    return event -> accept(index, event);
  }

  private synchronized boolean accept(int index, AnswerEvent event) {
    return switch (event) {
      case AnswerEvent.Interrupted(String why) -> events.comment(why);
      case AnswerEvent.Reading(int done, int total) ->
          done == total || events.comment("read %d of %d tokens".formatted(done, total));
      case AnswerEvent.Reasoning(String text, List<TokenInfo> tokens) ->
          send(index, Map.of("reasoning_content", text), tokens, null);
      case AnswerEvent.Content(String text, List<TokenInfo> tokens) ->
          request.ask().logprobs() < 0
              ? events.send(texts.computeIfAbsent(index, this::text), text)
              : send(index, Map.of("content", text), tokens, null);
      case AnswerEvent.CallBegin(int call, String callId, String name) ->
          send(index, calls(call, begin(callId, name)), List.of(), null);
      case AnswerEvent.CallArguments(int call, String json) ->
          send(index, calls(call, Map.of("function", Map.of("arguments", json))), List.of(), null);
      case AnswerEvent.Ended(var finish, Optional<String> _, AnswerUsage usage) -> {
        boolean sent = send(index, Map.of(), List.of(), OpenAi.reason(finish), usage);
        usages.add(usage);
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

  private TextEvent text(int index) {
    return TextEvent.of(
        text -> chunk(List.of(choice(index, Map.of("content", text), List.of(), null))));
  }

  private static Map<String, Object> begin(String id, String name) {
    return Map.of("id", id, "type", "function", "function", Map.of("name", name, "arguments", ""));
  }

  private static Map<String, Object> calls(int index, Map<String, Object> fragment) {
    Map<String, Object> call = new LinkedHashMap<>();
    call.put("index", index);
    call.putAll(fragment);
    return Map.of("tool_calls", List.of(call));
  }

  private boolean send(
      int index,
      Map<String, ? extends @Nullable Object> delta,
      List<TokenInfo> tokens,
      @Nullable String reason) {
    return send(index, delta, tokens, reason, null);
  }

  private boolean send(
      int index,
      Map<String, ? extends @Nullable Object> delta,
      List<TokenInfo> tokens,
      @Nullable String reason,
      @Nullable AnswerUsage usage) {
    Map<String, Object> chunk = chunk(List.of(choice(index, delta, tokens, reason)));
    if (usage != null) {
      chunk.put("timings", usage.timings());
    }
    return events.send(chunk);
  }

  private Map<String, @Nullable Object> choice(
      int index,
      Map<String, ? extends @Nullable Object> delta,
      List<TokenInfo> tokens,
      @Nullable String reason) {
    Map<String, @Nullable Object> choice = new LinkedHashMap<>();
    choice.put("index", index);
    choice.put("delta", delta);
    if (request.ask().logprobs() >= 0) {
      choice.put("logprobs", tokens.isEmpty() ? null : logprobs.ofChat(tokens));
    }
    choice.put("finish_reason", reason);
    return choice;
  }

  private Map<String, Object> chunk(List<Object> choices) {
    Map<String, Object> chunk = OpenAi.head(id, "chat.completion.chunk", model);
    chunk.put("created", created);
    chunk.put("choices", choices);
    return chunk;
  }

  private void end() {
    if (usages.size() < request.answers()) {
      return;
    }
    if (request.usage()) {
      Map<String, Object> chunk = chunk(List.of());
      chunk.put("usage", OpenAi.usage(usages.getFirst().promptTokens(), usages));
      chunk.put("timings", usages.getFirst().timings());
      events.send(chunk);
    }
    events.sendText("[DONE]");
    events.end();
  }
}
