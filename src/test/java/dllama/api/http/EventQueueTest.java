package dllama.api.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class EventQueueTest {
  private final EventQueue queue = new EventQueue(10);
  private final AtomicInteger news = new AtomicInteger();

  private String taken() {
    return queue.take(news::incrementAndGet).utf8String();
  }

  private boolean offer(String event) {
    return queue.offer(event.getBytes(UTF_8));
  }

  @Test
  void shouldGiveAllThatHasComeInOnePiece() {
    assertTrue(offer("ab"));
    assertTrue(queue.offer("c".getBytes(UTF_8), "d".getBytes(UTF_8)));
    assertEquals("abcd", taken());
    assertEquals("", taken());
  }

  @Test
  void shouldTellOfNewsOnceWhoeverFoundNothing() {
    offer("a");
    assertEquals(0, news.get());
    taken();
    taken();
    offer("b");
    offer("c");
    assertEquals(1, news.get());
    assertEquals("bc", taken());
    taken();
    queue.end();
    assertEquals(2, news.get());
    assertTrue(queue.isDone());
    assertFalse(offer("d"));
  }

  @Test
  void shouldGiveWhatCameBeforeTheEnd() {
    offer("a");
    queue.end();
    assertFalse(queue.isDone());
    assertEquals("a", taken());
    assertTrue(queue.isDone());
  }

  @Test
  void shouldTakeACallerForGoneWhoIsTooFarBehind() {
    assertTrue(offer("0123456789"));
    assertFalse(offer("a"));
    assertTrue(queue.isGone());
    assertFalse(offer("b"));
  }

  @Test
  void shouldMakeTheSameDocumentWithATextAsWithoutATemplate() {
    String text = "\"a\\ \n\u0007 é 漢 \uD83D\uDE00 \uD83D";
    TextEvent event = TextEvent.of(t -> Map.of("a", Map.of("b", t)));
    String made =
        new String(event.before(), UTF_8) + Json.text(text) + new String(event.after(), UTF_8);
    assertEquals(Json.text(Map.of("a", Map.of("b", text))), made);
  }
}
