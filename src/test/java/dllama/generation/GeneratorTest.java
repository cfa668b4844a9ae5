package dllama.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.generation.GenerationEvent.Failed;
import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationEvent.Prefill;
import dllama.generation.GenerationEvent.Reason;
import dllama.generation.GenerationEvent.Token;
import dllama.sampling.Sampler;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GeneratorTest {
  /// Token 0 is "a", 25 is "z"; tokens from 26 on are one byte of "é" each, in turn.
  private static final Vocabulary ALPHABET = vocabulary();

  private final List<GenerationEvent> events = new ArrayList<>();

  private static Vocabulary vocabulary() {
    byte[][] pieces = new byte[64][];
    byte[] accent = "é".getBytes(StandardCharsets.UTF_8);
    for (int id = 0; id < pieces.length; id++) {
      pieces[id] = new byte[] {id < 26 ? (byte) ('a' + id) : accent[id % 2]};
    }
    return new Vocabulary(pieces, new float[64], -1, List.of(), false, null);
  }

  private static GenerationRequest request(int maxTokens, int... prompt) {
    return new GenerationRequest(prompt, maxTokens, new Sampler.Greedy(), Set.of(), List.of());
  }

  private boolean record(GenerationEvent event) {
    events.add(event);
    return true;
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    for (GenerationEvent event : events) {
      if (event instanceof Token token) {
        text.append(token.text());
      }
    }
    return text.toString();
  }

  private Finished finished() {
    return assertInstanceOf(Finished.class, events.getLast());
  }

  @Test
  void shouldReadThePromptInBatchesAndAskForLogitsOnce() {
    var model = new ScriptedForwardPass(32, 4);
    new Generator(model, ALPHABET)
        .run(request(3, 0, 1, 2, 3, 4, 5), new Conversation(), this::record);
    assertEquals("ghi", text());
    assertEquals(List.of(new Prefill(4, 6), new Prefill(6, 6)), events.subList(0, 2));
    assertEquals(List.of(0, 1, 1, 1), model.runs.stream().map(b -> b.wanted().rows()).toList());
    assertEquals(List.of(0, 4, 6, 7), model.runs.stream().map(b -> b.position()).toList());
  }

  @Test
  void shouldReportWhatItTook() {
    var model = new ScriptedForwardPass(32, 4);
    new Generator(model, ALPHABET).run(request(3, 0, 1), new Conversation(), this::record);
    Usage usage = finished().usage();
    assertEquals(Reason.LENGTH, finished().reason());
    assertEquals(2, usage.prefillTokens());
    assertEquals(3, usage.tokens());
    assertEquals(2, usage.decodeSteps());
    assertEquals(7, usage.syncNanos());
    assertEquals(100, usage.sentBytes());
    assertEquals(200, usage.receivedBytes());
    assertTrue(usage.tokenNanos() > 0 && usage.decodeNanos() >= usage.tokenNanos());
  }

  @Test
  void shouldStopAtAStopTokenWithoutFeedingIt() {
    var model = new ScriptedForwardPass(32, 4);
    var conversation = new Conversation();
    var request =
        new GenerationRequest(new int[] {0}, 20, new Sampler.Greedy(), Set.of(4), List.of());
    new Generator(model, ALPHABET).run(request, conversation, this::record);
    assertEquals("bcde", text());
    assertEquals(Reason.STOP, finished().reason());
    assertEquals(4, conversation.position());
    assertEquals(4, conversation.cached());
  }

  @Test
  void shouldHoldBackWhatMayBeAStopString() {
    var model = new ScriptedForwardPass(32, 4);
    var request =
        new GenerationRequest(new int[] {0}, 20, new Sampler.Greedy(), Set.of(), List.of("efg"));
    new Generator(model, ALPHABET).run(request, new Conversation(), this::record);
    assertEquals("bcd", text());
    assertEquals(Reason.STOP, finished().reason());
    assertEquals(6, finished().usage().tokens());
  }

  @Test
  void shouldShowWhatWasHeldBackWhenTheAnswerIsCutOff() {
    var model = new ScriptedForwardPass(32, 4);
    var request =
        new GenerationRequest(new int[] {0}, 5, new Sampler.Greedy(), Set.of(), List.of("efg"));
    new Generator(model, ALPHABET).run(request, new Conversation(), this::record);
    assertEquals("bcdef", text());
    assertEquals(Reason.LENGTH, finished().reason());
  }

  @Test
  void shouldShowOnlyWholeCharacters() {
    var model = new ScriptedForwardPass(64, 4);
    new Generator(model, ALPHABET).run(request(5, 25), new Conversation(), this::record);
    assertEquals("éé", text());
  }

  @Test
  void shouldEndWithTheContext() {
    var model = new ScriptedForwardPass(8, 4);
    var conversation = new Conversation();
    new Generator(model, ALPHABET).run(request(100, 0, 1, 2), conversation, this::record);
    assertEquals(Reason.CONTEXT, finished().reason());
    assertEquals("defghi", text());
    assertEquals(8, conversation.cached());
  }

  @Test
  void shouldFeedTheLastTokenOfACutOffAnswerBeforeTheNextPrompt() {
    var model = new ScriptedForwardPass(32, 4);
    var conversation = new Conversation();
    var generator = new Generator(model, ALPHABET);
    generator.run(request(2, 0), conversation, this::record);
    generator.run(request(1, 10, 11), conversation, this::record);
    assertEquals("bcm", text());
    assertArrayEquals(new int[] {0, 1, 2, 10, 11}, Arrays.copyOf(model.cache, 5));
    assertEquals(3, finished().usage().prefillTokens());
  }

  @Test
  void shouldGoOnAfterACancelledAnswer() {
    var model = new ScriptedForwardPass(32, 4);
    var conversation = new Conversation();
    var generator = new Generator(model, ALPHABET);
    generator.run(
        request(20, 0),
        conversation,
        event -> record(event) && !(event instanceof Token token && token.id() == 3));
    assertEquals(Reason.CANCELLED, finished().reason());
    generator.run(request(1, 20), conversation, this::record);
    assertArrayEquals(new int[] {0, 1, 2, 3, 20}, Arrays.copyOf(model.cache, 5));
    assertEquals("bcdv", text());
  }

  @Test
  void shouldForgetAPromptThatWasCancelledWhileReadingIt() {
    var model = new ScriptedForwardPass(32, 2);
    var conversation = new Conversation();
    var generator = new Generator(model, ALPHABET);
    generator.run(request(1, 0), conversation, this::record);
    generator.run(
        request(9, 4, 5, 6, 7),
        conversation,
        event -> record(event) && !(event instanceof Prefill));
    assertEquals(Reason.CANCELLED, finished().reason());
    assertEquals(2, conversation.position());
    generator.run(request(1, 9), conversation, this::record);
    assertArrayEquals(new int[] {0, 1, 9}, Arrays.copyOf(model.cache, 3));
  }

  @Test
  void shouldFeedEverythingAgainWhenNodesWereLost() {
    var model = new ScriptedForwardPass(32, 4);
    var conversation = new Conversation();
    var generator = new Generator(model, ALPHABET);
    model.stepsBeforeFailure = 3;
    generator.run(request(9, 0), conversation, this::record);
    assertEquals(new Failed("a worker went away"), events.getLast());
    assertEquals("bcd", text());
    Arrays.fill(model.cache, -1);
    model.stepsBeforeFailure = Integer.MAX_VALUE;
    generator.run(request(1, 9), conversation, this::record);
    assertArrayEquals(new int[] {0, 1, 2, 3, 9}, Arrays.copyOf(model.cache, 5));
  }

  @Test
  void shouldFeedAgainWhatNewNodesDoNotHold() {
    var model = new ScriptedForwardPass(32, 4);
    var conversation = new Conversation();
    var generator = new Generator(model, ALPHABET);
    generator.run(request(3, 0), conversation, this::record);
    model.epoch++;
    Arrays.fill(model.cache, -1);
    generator.run(request(1, 9), conversation, this::record);
    assertArrayEquals(new int[] {0, 1, 2, 3, 9}, Arrays.copyOf(model.cache, 5));
  }

  @Test
  void shouldFeedAConversationAgainAfterAnother() {
    var model = new ScriptedForwardPass(32, 4);
    var conversation = new Conversation();
    var generator = new Generator(model, ALPHABET);
    generator.run(request(3, 0), conversation, this::record);
    generator.run(request(1, 20, 21, 22), new Conversation(), this::record);
    generator.run(request(1, 9), conversation, this::record);
    assertArrayEquals(new int[] {0, 1, 2, 3, 9}, Arrays.copyOf(model.cache, 5));
  }

  @Test
  void shouldOnlyReadThePromptWhenNoTokensAreWanted() {
    var model = new ScriptedForwardPass(32, 4);
    var conversation = new Conversation();
    new Generator(model, ALPHABET).run(request(0, 0, 1, 2, 3), conversation, this::record);
    assertEquals(Reason.LENGTH, finished().reason());
    assertEquals(4, conversation.cached());
    assertEquals(0, model.runs.getLast().wanted().rows());
  }

  @Test
  void shouldRefusePromptsThatDoNotFit() {
    var generator = new Generator(new ScriptedForwardPass(4, 4), ALPHABET);
    var e =
        assertThrows(
            UserException.class,
            () -> generator.run(request(1, 0, 1, 2, 3, 4), new Conversation(), this::record));
    assertEquals(
        "the prompt has 5 tokens, but of the context of 4 only 4 are left", e.getMessage());
    assertThrows(
        UserException.class, () -> generator.run(request(1), new Conversation(), this::record));
    assertEquals(List.of(), events);
  }
}
