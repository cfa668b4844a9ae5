package dllama.api.http;

import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.HttpCharsets;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.japi.Pair;
import akka.stream.BoundedSourceQueue;
import akka.stream.QueueOfferResult;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An answer that is sent while it is made. Whoever sends never waits: what the caller has not
/// taken yet is kept, up to a limit, past which the caller counts as gone. Any thread, one at a
/// time.
public final class EventStream {
  /// In what form events are sent.
  public enum Framing {
    /// Server-sent events (`text/event-stream`).
    SSE,
    /// A JSON document on each line.
    LINES
  }

  private static final ContentType LINES_TYPE =
      MediaTypes.customWithFixedCharset(
              "application", "x-ndjson", HttpCharsets.UTF_8, Map.of(), false)
          .toContentType();

  /// Events that the caller may be behind: more than an answer has tokens in most contexts.
  private static final int BEHIND = 16_384;

  private static final Duration PING = Duration.ofSeconds(5);

  private final ActorSystem<?> system;
  private final Framing framing;
  private final String ping;

  /// What was sent before there was a [#queue].
  private final List<ByteString> early = new ArrayList<>();

  /// From [#response] on: a stream that nobody reads within some seconds is ended by Akka, and who
  /// waits for nodes may do so for longer.
  private @Nullable BoundedSourceQueue<ByteString> queue;

  private boolean ended;

  private EventStream(ActorSystem<?> system, Framing framing, String ping) {
    this.system = system;
    this.framing = framing;
    this.ping = ping;
  }

  /// Opens one.
  ///
  /// @param ping what is sent every five seconds in which nothing else is; empty for nothing
  public static EventStream open(ActorSystem<?> system, Framing framing, String ping) {
    return new EventStream(system, framing, ping);
  }

  /// Sends an event that is only data.
  ///
  /// @return false if the caller has gone
  public boolean send(Object data) {
    return offer(framing == Framing.SSE ? "data: " : "", Json.bytes(data));
  }

  /// Sends an event with a name; as SSE only.
  public boolean send(String name, Object data) {
    return offer("event: %s\ndata: ".formatted(name), Json.bytes(data));
  }

  /// Sends a text in place of JSON.
  public boolean sendText(String data) {
    return offer("data: ", data.getBytes(StandardCharsets.UTF_8));
  }

  /// Sends what clients read over; as SSE only.
  public boolean comment(String text) {
    return framing != Framing.SSE || offer(": ", text.getBytes(StandardCharsets.UTF_8));
  }

  private boolean offer(String prefix, byte[] data) {
    byte[] end = framing == Framing.SSE ? new byte[] {'\n', '\n'} : new byte[] {'\n'};
    var event = new ByteArrayOutputStream(prefix.length() + data.length + end.length);
    event.writeBytes(prefix.getBytes(StandardCharsets.UTF_8));
    event.writeBytes(data);
    event.writeBytes(end);
    return offer(ByteString.fromArrayUnsafe(event.toByteArray()));
  }

  private synchronized boolean offer(ByteString event) {
    BoundedSourceQueue<ByteString> to = queue;
    if (to == null) {
      early.add(event);
      return early.size() <= BEHIND;
    }
    QueueOfferResult result = to.offer(event);
    if (result == QueueOfferResult.dropped()) {
      to.fail(new IllegalStateException("the caller does not read"));
    }
    return result == QueueOfferResult.enqueued();
  }

  /// Nothing more comes.
  public synchronized void end() {
    ended = true;
    if (queue != null) {
      queue.complete();
    }
  }

  private ContentType type() {
    return framing == Framing.SSE ? MediaTypes.TEXT_EVENT_STREAM.toContentType() : LINES_TYPE;
  }

  /// The answer that sends it. To be called once, when it can be sent.
  public synchronized HttpResponse response() {
    Pair<BoundedSourceQueue<ByteString>, Source<ByteString, NotUsed>> made =
        Source.<ByteString>queue(BEHIND).preMaterialize(system);
    BoundedSourceQueue<ByteString> to = made.first();
    early.forEach(to::offer);
    early.clear();
    if (ended) {
      to.complete();
    }
    queue = to;
    ByteString idle = ByteString.fromString(ping);
    Source<ByteString, NotUsed> source =
        ping.isEmpty() ? made.second() : made.second().keepAlive(PING, () -> idle);
    return HttpResponse.create()
        .withEntity(HttpEntities.createChunked(type(), source))
        .addHeader(Answers.header("Cache-Control", "no-cache"))
        .addHeader(Answers.header("X-Accel-Buffering", "no"));
  }
}
