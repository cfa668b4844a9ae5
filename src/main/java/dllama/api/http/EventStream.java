package dllama.api.http;

import akka.NotUsed;
import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.HttpCharsets;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

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

  /// Bytes that the caller may be behind: more than most answers have.
  private static final int BEHIND = 8 << 20;

  private static final Duration PING = Duration.ofSeconds(5);

  private final Framing framing;
  private final byte[] prefix;
  private final byte[] end;
  private final EventQueue queue = new EventQueue(BEHIND);
  private final Source<ByteString, NotUsed> source;

  private EventStream(Framing framing, ByteString ping) {
    this.framing = framing;
    prefix = bytes(framing == Framing.SSE ? "data: " : "");
    end = bytes(framing == Framing.SSE ? "\n\n" : "\n");
    Source<ByteString, NotUsed> events = Source.fromGraph(new EventSource(queue));
    source = ping.isEmpty() ? events : events.keepAlive(PING, () -> ping);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /// Opens one.
  ///
  /// @param ping what is sent every five seconds in which nothing else is; empty for nothing
  public static EventStream open(Framing framing, String ping) {
    return new EventStream(framing, ByteString.fromString(ping));
  }

  /// Sends an event that is only data.
  ///
  /// @return false if the caller has gone
  public boolean send(Object data) {
    return queue.offer(prefix, Json.bytes(data), end);
  }

  /// Sends an event that is only data, of which only a text is new.
  ///
  /// @return false if the caller has gone
  public boolean send(TextEvent event, String text) {
    return queue.offer(prefix, event.before(), Json.bytes(text), event.after(), end);
  }

  /// Sends an event with a name; as SSE only.
  public boolean send(String name, Object data) {
    return queue.offer(bytes("event: %s\ndata: ".formatted(name)), Json.bytes(data), end);
  }

  /// Sends a text in place of JSON.
  public boolean sendText(String data) {
    return queue.offer(prefix, bytes(data), end);
  }

  /// Sends what clients read over; as SSE only.
  public boolean comment(String text) {
    return framing != Framing.SSE || queue.offer(bytes(": "), bytes(text), end);
  }

  /// Nothing more comes.
  public void end() {
    queue.end();
  }

  private ContentType type() {
    return framing == Framing.SSE ? MediaTypes.TEXT_EVENT_STREAM.toContentType() : LINES_TYPE;
  }

  /// The answer that sends it.
  public HttpResponse response() {
    return HttpResponse.create()
        .withEntity(HttpEntities.createChunked(type(), source))
        .addHeader(Answers.header("Cache-Control", "no-cache"))
        .addHeader(Answers.header("X-Accel-Buffering", "no"));
  }
}
