package dllama.api.http;

import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.function.Function;

/// A document in which only one text changes from event to event, as in most of an answer: all else
/// is made once. Immutable, for any thread.
public final class TextEvent {
  private final byte[] before;
  private final byte[] after;

  private TextEvent(byte[] before, byte[] after) {
    this.before = before;
    this.after = after;
  }

  /// Makes one.
  ///
  /// @param document with a text as one of its values
  public static TextEvent of(Function<String, Object> document) {
    String mark = UUID.randomUUID().toString(); // nothing else in the document is that
    String json = Json.text(document.apply(mark));
    int at = json.indexOf('"' + mark + '"');
    return new TextEvent(
        json.substring(0, at).getBytes(StandardCharsets.UTF_8),
        json.substring(at + mark.length() + 2).getBytes(StandardCharsets.UTF_8));
  }

  byte[] before() {
    return before;
  }

  byte[] after() {
    return after;
  }
}
