package dllama.api.openai;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dllama.api.http.Answers;
import dllama.api.http.ApiException;
import dllama.api.http.Call;
import dllama.api.http.EventStream;
import dllama.api.http.EventStream.Framing;
import dllama.api.http.Json;
import dllama.api.service.Answerer;
import dllama.api.service.Answering;
import dllama.api.service.ModelCard;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `/v1/responses`: answers that the server remembers, so that the next request need not repeat
/// what was said. Any thread.
public final class Responses {
  private static final int MOST_KEPT = 1000;
  private static final long MOST_BYTES = 64L << 20;

  private final ResponseStore store = new ResponseStore(MOST_KEPT, MOST_BYTES);
  private final Answerer answerer;
  private final ModelCard model;

  public Responses(Answerer answerer, ModelCard model) {
    this.answerer = answerer;
    this.model = model;
  }

  /// Makes one.
  public HttpResponse create(Call call) throws InterruptedException {
    ResponseRequest request = ResponseRequest.read(call.json(), id -> store.get(id, call.caller()));
    ResponseDocument document = new ResponseDocument(model.id(), request);
    return request.stream() ? stream(request, document, call) : whole(request, document, call);
  }

  /// One that was made.
  public HttpResponse get(Call call) {
    byte[] kept = own(call).response();
    return Answers.bytes(200, ContentTypes.APPLICATION_JSON, kept);
  }

  /// Forgets one.
  public HttpResponse delete(Call call) {
    if (!store.remove(call.tail(), call.caller())) {
      throw unknown();
    }
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("id", call.tail());
    told.put("object", "response");
    told.put("deleted", true);
    return Answers.json(told);
  }

  private ResponseStore.Kept own(Call call) {
    return store.get(call.tail(), call.caller()).orElseThrow(Responses::unknown);
  }

  private static ApiException unknown() {
    return ApiException.of(
        404, "there is no such response: it was never kept, or is no longer", "", "not_found");
  }

  private HttpResponse whole(ResponseRequest request, ResponseDocument document, Call call)
      throws InterruptedException {
    ResponseOutput output =
        new ResponseOutput(
            new ResponseOutput.Listener() {
              @Override
              public boolean tell(String type, Map<String, Object> fields) {
                return true;
              }

              @Override
              public boolean end(ResponseOutput all) {
                return true;
              }
            });
    Answering answering = answerer.start(request.ask(), call.caller(), output);
    call.whenGone(answering::cancel);
    try {
      answering.await();
    } finally {
      answering.cancel();
    }
    return Answers.json(finished(call.caller(), request, document, output));
  }

  private HttpResponse stream(ResponseRequest request, ResponseDocument document, Call call)
      throws InterruptedException {
    EventStream events = EventStream.open(Framing.SSE, ": waiting\n\n");
    Stream stream = new Stream(events, call.caller(), request, document);
    return answerer.stream(
        List.of(request.ask()), (_, _) -> new ResponseOutput(stream), events, call);
  }

  /// A response that is made; from here on it is kept, if it is to be.
  private Map<String, @Nullable Object> finished(
      String owner, ResponseRequest request, ResponseDocument document, ResponseOutput output) {
    Map<String, @Nullable Object> made = document.ended(output.items(), output.ended());
    if (request.store()) {
      ArrayNode items = (ArrayNode) request.items().get("input");
      output.items().forEach(item -> items.add(Json.read(Json.text(item))));
      byte[] said = Json.bytes(request.items());
      store.put(document.id(), new ResponseStore.Kept(owner, Json.bytes(made), said));
    }
    return made;
  }

  /// A response as events. On the scheduler's thread.
  private final class Stream implements ResponseOutput.Listener {
    private final EventStream events;
    private final String owner;
    private final ResponseRequest request;
    private final ResponseDocument document;
    private int number;

    Stream(EventStream events, String owner, ResponseRequest request, ResponseDocument document) {
      this.events = events;
      this.owner = owner;
      this.request = request;
      this.document = document;
      tell("created", Map.of("response", document.begun()));
      tell("in_progress", Map.of("response", document.begun()));
    }

    @Override
    public boolean tell(String type, Map<String, Object> fields) {
      String name = "response." + type;
      Map<String, Object> data = new LinkedHashMap<>();
      data.put("type", name);
      data.put("sequence_number", number++);
      data.putAll(fields);
      return events.send(name, data);
    }

    @Override
    public boolean interrupted(String why) {
      return events.comment(why);
    }

    @Override
    public boolean end(ResponseOutput output) {
      Map<String, @Nullable Object> last;
      try {
        last = finished(owner, request, document, output);
      } catch (ApiException why) {
        last = document.failed(output.items(), why);
      }
      boolean sent = tell(String.valueOf(last.get("status")), Map.of("response", last));
      events.end();
      return sent;
    }
  }
}
