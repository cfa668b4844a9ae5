package dllama.api.anthropic;

import dllama.api.http.ApiException;
import dllama.api.http.EventStream;
import dllama.api.service.AnswerEvent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// A message as events. They come on the scheduler's thread.
final class MessageStream implements Predicate<AnswerEvent> {
  private final EventStream events;
  private final boolean thoughts;
  private Block open = Block.NONE;
  private int index = -1;

  private enum Block {
    NONE,
    THINKING,
    TEXT,
    CALL
  }

  /// Begins a message.
  ///
  /// @param thoughts whether the caller is shown what the model thinks
  /// @param tokens of the prompt; how many of them are cached is known at the end
  MessageStream(EventStream events, String model, boolean thoughts, int tokens) {
    this.events = events;
    this.thoughts = thoughts;
    Map<String, @Nullable Object> message = Anthropic.message(Anthropic.newId(), model, List.of());
    message.put("usage", Anthropic.usage(tokens, 0, 0));
    send("message_start", Map.of("message", message));
  }

  @Override
  public boolean test(AnswerEvent event) {
    return switch (event) {
      case AnswerEvent.Reading _ -> true;
      case AnswerEvent.Interrupted(String why) -> events.comment(why);
      case AnswerEvent.Reasoning(String text, var _) ->
          !thoughts || (thinking() && delta("thinking_delta", "thinking", text));
      case AnswerEvent.Content(String text, var _) ->
          text.isEmpty() || (text() && delta("text_delta", "text", text));
      case AnswerEvent.CallBegin(int _, String id, String name) -> call(id, name);
      case AnswerEvent.CallArguments(int _, String json) ->
          delta("input_json_delta", "partial_json", json);
      case AnswerEvent.Ended ended -> end(ended);
      case AnswerEvent.Failed(ApiException why) -> {
        events.send("error", Anthropic.error(why));
        events.end();
        yield false;
      }
    };
  }

  private boolean thinking() {
    return open == Block.THINKING
        || begin(Block.THINKING, Map.of("type", "thinking", "thinking", "", "signature", ""));
  }

  private boolean text() {
    return open == Block.TEXT || begin(Block.TEXT, Map.of("type", "text", "text", ""));
  }

  private boolean call(String id, String name) {
    Map<String, Object> block = new LinkedHashMap<>();
    block.put("type", "tool_use");
    block.put("id", Anthropic.callId(id));
    block.put("name", name);
    block.put("input", Map.of());
    return begin(Block.CALL, block);
  }

  private boolean begin(Block kind, Map<String, Object> block) {
    close();
    open = kind;
    index++;
    return send("content_block_start", fields("index", index, "content_block", block));
  }

  private void close() {
    if (open != Block.NONE) {
      send("content_block_stop", Map.of("index", index));
      open = Block.NONE;
    }
  }

  private boolean delta(String type, String field, String text) {
    return send(
        "content_block_delta", fields("index", index, "delta", fields("type", type, field, text)));
  }

  /// At least one block, because callers look at the first.
  private boolean end(AnswerEvent.Ended ended) {
    if (index < 0) {
      text();
    }
    close();
    Map<String, @Nullable Object> delta = new LinkedHashMap<>();
    delta.put("stop_reason", Anthropic.reason(ended));
    delta.put("stop_sequence", ended.stop().orElse(null));
    send("message_delta", fields("delta", delta, "usage", Anthropic.usage(ended.usage())));
    boolean sent = send("message_stop", Map.of());
    events.end();
    return sent;
  }

  private static Map<String, Object> fields(String one, Object a, String other, Object b) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(one, a);
    fields.put(other, b);
    return fields;
  }

  private boolean send(String name, Map<String, Object> fields) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("type", name);
    data.putAll(fields);
    return events.send(name, data);
  }
}
