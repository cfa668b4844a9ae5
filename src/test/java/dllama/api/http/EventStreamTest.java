package dllama.api.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.typed.ActorSystem;
import com.typesafe.config.ConfigFactory;
import dllama.cluster.ServiceSystem;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventStreamTest {
  private final ActorSystem<Void> system =
      ServiceSystem.start(
          "event-stream",
          ConfigFactory.parseString("akka.stream.materializer.subscription-timeout.timeout = 2 s")
              .withFallback(ConfigFactory.load()));

  @AfterEach
  void stop() {
    system.terminate();
  }

  /// As a request that waits for nodes is: Akka ends streams that nobody has begun to read.
  @Test
  void shouldSendWhatWasSaidLongBeforeTheAnswerBegins() throws Exception {
    EventStream events = EventStream.open(EventStream.Framing.SSE, "");
    assertTrue(events.send("first"));
    TimeUnit.SECONDS.sleep(3);
    assertTrue(events.comment("still here"));
    var body = events.response().entity().getDataBytes();
    var read =
        body.runFold("", (text, bytes) -> text + bytes.utf8String(), system).toCompletableFuture();
    assertTrue(events.send("last"));
    events.end();
    assertEquals(
        "data: \"first\"\n\n: still here\n\ndata: \"last\"\n\n", read.get(30, TimeUnit.SECONDS));
    assertFalse(events.send("more"));
  }

  @Test
  void shouldEndEvenIfItEndedBeforeTheAnswerBegan() throws Exception {
    EventStream events = EventStream.open(EventStream.Framing.LINES, "");
    events.send(1);
    events.end();
    var read =
        events
            .response()
            .entity()
            .getDataBytes()
            .runFold("", (text, bytes) -> text + bytes.utf8String(), system);
    assertEquals("1\n", read.toCompletableFuture().get(30, TimeUnit.SECONDS));
  }
}
