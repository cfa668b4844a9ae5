package dllama.api.openai;

import dllama.api.http.ApiException;
import dllama.api.service.AnswerEvent;
import dllama.api.service.AnswerEvent.Finish;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Makes the items of a response of what happens while it is made, and tells of them. Events come
/// on the scheduler's thread.
final class ResponseOutput implements Predicate<AnswerEvent> {
  private final Listener listener;
  private final List<Map<String, Object>> items = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private @Nullable Kind open;
  private AnswerEvent.@Nullable Ended ended;
  private @Nullable ApiException failure;

  /// Who is told.
  interface Listener {
    /// Something came.
    ///
    /// @param type of the event, without `response.`
    /// @return false if no more is wanted
    boolean tell(String type, Map<String, Object> fields);

    /// It pauses, because nodes were lost.
    ///
    /// @return false if no more is wanted
    default boolean interrupted(String why) {
      return true;
    }

    /// Nothing more comes.
    boolean end(ResponseOutput output);
  }

  private enum Kind {
    REASONING("reasoning", "rs_", "reasoning_text"),
    MESSAGE("message", "msg_", "output_text"),
    CALL("function_call", "fc_", "function_call_arguments");

    private final String type;
    private final String prefix;

    /// Of the text in it, and of the events that tell it.
    private final String text;

    Kind(String type, String prefix, String text) {
      this.type = type;
      this.prefix = prefix;
      this.text = text;
    }
  }

  ResponseOutput(Listener listener) {
    this.listener = listener;
  }

  /// What there is now; complete once there is an end.
  List<Map<String, Object>> items() {
    return items;
  }

  /// How it ended.
  ///
  /// @throws ApiException if it did not end well
  AnswerEvent.Ended ended() {
    if (failure != null) {
      throw failure;
    }
    if (ended == null) {
      throw new IllegalStateException("the answer has no end");
    }
    return ended;
  }

  @Override
  public boolean test(AnswerEvent event) {
    return switch (event) {
      case AnswerEvent.Reading _ -> true;
      case AnswerEvent.Interrupted(String why) -> listener.interrupted(why);
      case AnswerEvent.Reasoning(String more, var _) -> more(Kind.REASONING, more);
      case AnswerEvent.Content(String more, var _) -> more.isEmpty() || more(Kind.MESSAGE, more);
      case AnswerEvent.CallBegin(int _, String id, String name) -> {
        close("completed");
        yield begin(Kind.CALL, Map.of("call_id", id, "name", name, "arguments", ""));
      }
      case AnswerEvent.CallArguments(int _, String json) -> append(Kind.CALL, json);
      case AnswerEvent.Ended end -> {
        boolean cut = end.finish() == Finish.LENGTH || end.finish() == Finish.CANCELLED;
        if (items.isEmpty()) {
          more(Kind.MESSAGE, ""); // callers look at the first
        }
        close(cut ? "incomplete" : "completed");
        ended = end;
        yield listener.end(this);
      }
      case AnswerEvent.Failed(ApiException why) -> {
        failure = why;
        yield listener.end(this);
      }
    };
  }

  private boolean more(Kind kind, String more) {
    if (open != kind) {
      close("completed");
      begin(kind, content(kind, null));
      listener.tell("content_part.added", at(kind, Map.of("part", part(kind, ""))));
    }
    return append(kind, more);
  }

  private boolean append(Kind kind, String more) {
    text.append(more);
    Map<String, Object> fields = at(kind, Map.of("delta", more));
    if (kind == Kind.MESSAGE) {
      fields.put("logprobs", List.of());
    }
    return listener.tell(kind.text + ".delta", fields);
  }

  private boolean begin(Kind kind, Map<String, Object> more) {
    Map<String, Object> item = new LinkedHashMap<>();
    item.put("id", OpenAi.newId(kind.prefix));
    item.put("type", kind.type);
    item.put("status", "in_progress");
    item.putAll(more);
    items.add(item);
    open = kind;
    text.setLength(0);
    return item("added", item);
  }

  private void close(String status) {
    Kind kind = open;
    if (kind == null) {
      return;
    }
    open = null;
    String whole = text.toString();
    Map<String, Object> item = new LinkedHashMap<>(items.getLast());
    item.put("status", status);
    if (kind == Kind.CALL) {
      item.put("arguments", whole);
      Map<String, Object> done = at(kind, Map.of("arguments", whole));
      done.put("name", item.get("name"));
      listener.tell(kind.text + ".done", done);
    } else {
      item.putAll(content(kind, whole));
      Map<String, Object> done = at(kind, Map.of("text", whole));
      if (kind == Kind.MESSAGE) {
        done.put("logprobs", List.of());
      }
      listener.tell(kind.text + ".done", done);
      listener.tell("content_part.done", at(kind, Map.of("part", part(kind, whole))));
    }
    items.set(items.size() - 1, item);
    item("done", item);
  }

  private boolean item(String what, Map<String, Object> item) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("output_index", items.size() - 1);
    fields.put("item", item);
    return listener.tell("output_item." + what, fields);
  }

  /// Where something is, and what it is.
  private Map<String, Object> at(Kind kind, Map<String, Object> more) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("item_id", items.getLast().getOrDefault("id", ""));
    fields.put("output_index", items.size() - 1);
    if (kind != Kind.CALL) {
      fields.put("content_index", 0);
    }
    fields.putAll(more);
    return fields;
  }

  /// @param whole null if it only begins
  private static Map<String, Object> content(Kind kind, @Nullable String whole) {
    Map<String, Object> fields = new LinkedHashMap<>();
    if (kind == Kind.REASONING) {
      fields.put("summary", List.of());
    } else {
      fields.put("role", "assistant");
    }
    fields.put("content", whole == null ? List.of() : List.of(part(kind, whole)));
    return fields;
  }

  private static Map<String, Object> part(Kind kind, String text) {
    Map<String, Object> part = new LinkedHashMap<>();
    part.put("type", kind.text);
    part.put("text", text);
    if (kind == Kind.MESSAGE) {
      part.put("annotations", List.of());
      part.put("logprobs", List.of());
    }
    return part;
  }
}
