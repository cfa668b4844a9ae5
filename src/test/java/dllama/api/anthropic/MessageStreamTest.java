package dllama.api.anthropic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.api.http.ApiException;
import dllama.api.http.EventStream.Framing;
import dllama.api.http.Sent;
import dllama.api.http.Sent.Event;
import dllama.api.service.AnswerEvent;
import dllama.api.service.AnswerEvent.Finish;
import dllama.api.service.Scenes;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MessageStreamTest {
  private final Sent sent = new Sent(Framing.SSE);

  @AfterEach
  void close() {
    sent.close();
  }

  private List<Event> events(boolean thoughts, List<AnswerEvent> answer) {
    MessageStream stream = new MessageStream(sent.events(), "m", thoughts, 40);
    answer.forEach(stream::test);
    List<Event> events = sent.read();
    events.forEach(event -> assertEquals(event.name(), event.at("/type")));
    return events;
  }

  private static String names(List<Event> events) {
    return events.stream()
        .map(event -> event.name().replace("content_block_", "") + event.at("/index"))
        .collect(Collectors.joining(" "));
  }

  @Test
  void shouldMakeABlockOfEachThoughtTextAndCall() {
    List<Event> events = events(true, Scenes.calls());
    assertEquals(
        "message_start start0 delta0 delta0 stop0 start1 delta1 delta1 stop1 start2 delta2 delta2"
            + " stop2 start3 delta3 stop3 message_delta message_stop",
        names(events));
    assertEquals("thinking", events.get(1).at("/content_block/type"));
    assertEquals("m.", events.get(3).at("/delta/thinking"));
    assertEquals("Let me ", events.get(6).at("/delta/text"));
    assertEquals("toolu_0a", events.get(9).at("/content_block/id"));
    assertTrue(events.get(9).data().at("/content_block/input").isEmpty());
    assertEquals("input_json_delta", events.get(11).at("/delta/type"));
    assertEquals("\"Oslo\"}", events.get(11).at("/delta/partial_json"));
    Event last = events.get(events.size() - 2);
    assertEquals("tool_use", last.at("/delta/stop_reason"));
    assertEquals(10, last.data().at("/usage/input_tokens").asInt());
    assertEquals(30, last.data().at("/usage/cache_read_input_tokens").asInt());
    assertEquals(12, last.data().at("/usage/output_tokens").asInt());
  }

  @Test
  void shouldKeepThoughtsFromThoseWhoDidNotAskForThem() {
    List<Event> events = events(false, Scenes.calls());
    assertTrue(names(events).startsWith("message_start start0 delta0 delta0 stop0 start1"));
    assertEquals("text", events.get(1).at("/content_block/type"));
    assertFalse(events.toString().contains("Hm"), events.toString());
  }

  @Test
  void shouldTellWhichStopTextEndedIt() {
    List<Event> events =
        events(true, List.of(new AnswerEvent.Content("A", List.of()), Scenes.stopped("###")));
    Event last = events.get(events.size() - 2);
    assertEquals("stop_sequence", last.at("/delta/stop_reason"));
    assertEquals("###", last.at("/delta/stop_sequence"));
  }

  @Test
  void shouldHaveABlockThoughNothingWasSaid() {
    List<Event> events = events(true, List.of(Scenes.ended(Finish.LENGTH)));
    assertEquals("message_start start0 stop0 message_delta message_stop", names(events));
    assertEquals("", events.get(1).at("/content_block/text"));
    assertEquals("max_tokens", events.get(3).at("/delta/stop_reason"));
    assertTrue(events.get(3).data().at("/delta/stop_sequence").isNull());
  }

  @Test
  void shouldTellOfAnErrorAndEnd() {
    ApiException why = ApiException.later(503, "a node was lost", "not_ready", 5);
    List<Event> events =
        events(true, List.of(new AnswerEvent.Content("A", List.of()), new AnswerEvent.Failed(why)));
    assertEquals("error", events.getLast().name());
    assertEquals("overloaded_error", events.getLast().at("/error/type"));
    assertEquals("a node was lost", events.getLast().at("/error/message"));
  }
}
