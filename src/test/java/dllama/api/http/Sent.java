package dllama.api.http;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.util.ByteString;
import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.ConfigFactory;
import dllama.api.http.EventStream.Framing;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A stream whose events are read as a caller would.
public final class Sent implements AutoCloseable {
  private final ActorSystem<Void> system =
      ActorSystem.create(
          Behaviors.<Void>empty(),
          "sent",
          ConfigFactory.parseString("akka { actor.provider = local, loglevel = off }")
              .withFallback(ConfigFactory.load()));
  private final EventStream events;

  /// An event.
  ///
  /// @param name empty where it has none
  public record Event(String name, JsonNode data) {
    /// What stands at a JSON pointer, as text.
    public String at(String pointer) {
      return data.at(pointer).asText();
    }
  }

  public Sent(Framing framing) {
    events = EventStream.open(framing, "");
  }

  public EventStream events() {
    return events;
  }

  /// All that was sent; the stream must have been ended.
  public String text() {
    try {
      return events
          .response()
          .entity()
          .getDataBytes()
          .runFold(ByteString.emptyByteString(), ByteString::concat, system)
          .toCompletableFuture()
          .get(30, TimeUnit.SECONDS)
          .utf8String();
    } catch (ExecutionException | TimeoutException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The same as server-sent events.
  public List<Event> read() {
    return read(text());
  }

  /// Server-sent events of a text; comments are left out.
  public static List<Event> read(String text) {
    List<Event> all = new ArrayList<>();
    for (String block : text.split("\n\n")) {
      String name = "";
      for (String line : block.split("\n")) {
        if (line.startsWith("event: ")) {
          name = line.substring(7);
        } else if (line.startsWith("data: ")) {
          all.add(new Event(name, Json.read(line.substring(6))));
        }
      }
    }
    return all;
  }

  @Override
  public void close() {
    system.terminate();
  }
}
