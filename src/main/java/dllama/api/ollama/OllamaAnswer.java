package dllama.api.ollama;

import dllama.api.http.ApiException;
import dllama.api.http.EventStream;
import dllama.api.http.Json;
import dllama.api.service.AnswerEvent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/// An answer as lines; those of chats and of texts that go on differ in where the text stands.
/// Events come on the scheduler's thread.
final class OllamaAnswer implements Predicate<AnswerEvent> {
  private final EventStream events;
  private final Form form;
  private final String model;
  private final boolean thoughts;
  private final List<Object> calls = new ArrayList<>();
  private final StringBuilder arguments = new StringBuilder();
  private String name = "";

  /// Where the text of an answer stands.
  enum Form {
    /// In a message.
    CHAT {
      @Override
      void put(Map<String, Object> document, String text, String thoughts, List<Object> calls) {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", "assistant");
        message.put("content", text);
        if (!thoughts.isEmpty()) {
          message.put("thinking", thoughts);
        }
        if (!calls.isEmpty()) {
          message.put("tool_calls", calls);
        }
        document.put("message", message);
      }
    },
    /// Beside the model's name.
    TEXT {
      @Override
      void put(Map<String, Object> document, String text, String thoughts, List<Object> calls) {
        document.put("response", text);
        if (!thoughts.isEmpty()) {
          document.put("thinking", thoughts);
        }
      }
    };

    abstract void put(
        Map<String, Object> document, String text, String thoughts, List<Object> calls);
  }

  /// @param thoughts whether the caller is shown what the model thinks
  OllamaAnswer(EventStream events, Form form, String model, boolean thoughts) {
    this.events = events;
    this.form = form;
    this.model = model;
    this.thoughts = thoughts;
  }

  @Override
  public boolean test(AnswerEvent event) {
    return switch (event) {
      case AnswerEvent.Reading _, AnswerEvent.Interrupted _ -> true;
      case AnswerEvent.Reasoning(String text, var _) -> !thoughts || send("", text, List.of());
      case AnswerEvent.Content(String text, var _) -> text.isEmpty() || send(text, "", List.of());
      case AnswerEvent.CallBegin(int _, String _, String called) -> {
        boolean sent = sendCall();
        name = called;
        yield sent;
      }
      case AnswerEvent.CallArguments(int _, String json) -> {
        arguments.append(json);
        yield true;
      }
      case AnswerEvent.Ended(var finish, var _, var usage) -> {
        sendCall();
        Map<String, Object> document = Ollama.head(model);
        form.put(document, "", "", List.of());
        Ollama.end(document, finish, usage);
        boolean sent = events.send(document);
        events.end();
        yield sent;
      }
      case AnswerEvent.Failed(ApiException why) -> {
        events.send(Ollama.error(why));
        events.end();
        yield false;
      }
    };
  }

  /// Callers want calls whole.
  private boolean sendCall() {
    if (name.isEmpty()) {
      return true;
    }
    Object call = call(calls.size(), name, arguments.toString());
    calls.add(call);
    name = "";
    arguments.setLength(0);
    return send("", "", List.of(call));
  }

  /// A call; its arguments are an object here. An answer that was cut off may end within them.
  static Object call(int index, String name, String arguments) {
    Map<String, Object> function = new LinkedHashMap<>();
    function.put("index", index);
    function.put("name", name);
    function.put("arguments", Json.isObject(arguments) ? Json.read(arguments) : Map.of());
    return Map.of("function", function);
  }

  private boolean send(String text, String thought, List<Object> of) {
    Map<String, Object> document = Ollama.head(model);
    form.put(document, text, thought, of);
    document.put("done", false);
    return events.send(document);
  }
}
