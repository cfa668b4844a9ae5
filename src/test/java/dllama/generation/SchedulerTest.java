package dllama.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.generation.GenerationEvent.Failed;
import dllama.generation.GenerationEvent.Prefill;
import dllama.generation.GenerationEvent.Reason;
import dllama.generation.GenerationEvent.Token;
import dllama.sampling.Sampler;
import dllama.step.ForwardException;
import dllama.step.ForwardPass;
import dllama.step.Run;
import dllama.tokenizer.Tokenizer.Printing;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SchedulerTest {
  private static final Vocabulary ALPHABET = Answers.ALPHABET;

  private final List<Scheduler> started = new ArrayList<>();
  private final Answers answer = new Answers();

  private static GenerationRequest request(int maxTokens, int... prompt) {
    return Answers.request(maxTokens, prompt);
  }

  private static GenerationRequest stopping(Set<Integer> stopIds, String... stops) {
    return new GenerationRequest(new int[] {0}, 20, new Sampler.Greedy(), stopIds, List.of(stops));
  }

  private Scheduler scheduler(ForwardPass model, int parallel) {
    Scheduler scheduler = new Scheduler(model, ALPHABET, parallel);
    started.add(scheduler);
    return scheduler;
  }

  private void run(ForwardPass model, GenerationRequest request) {
    scheduler(model, 1).submit(request, answer).join();
  }

  @AfterEach
  void close() {
    started.forEach(Scheduler::close);
  }

  @Test
  void shouldReadThePromptInBatchesAndAskForLogitsOnce() {
    var model = new ScriptedForwardPass(32, 4);
    run(model, request(3, 0, 1, 2, 3, 4, 5));
    assertEquals("ghi", answer.text());
    assertEquals(List.of(new Prefill(4, 6), new Prefill(6, 6)), answer.events.subList(0, 2));
    assertEquals(List.of(0, 1, 1, 1), model.runs.stream().map(b -> b.wanted().rows()).toList());
    assertEquals(List.of(0, 4, 6, 7), model.runs.stream().map(Run::position).toList());
  }

  @Test
  void shouldReportWhatItTook() {
    run(new ScriptedForwardPass(32, 4), request(3, 0, 1));
    Usage usage = answer.finished().usage();
    assertEquals(Reason.LENGTH, answer.finished().reason());
    assertEquals(2, usage.prefillTokens());
    assertEquals(0, usage.cachedTokens());
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
    run(model, stopping(Set.of(4)));
    assertEquals("bcde", answer.text());
    assertEquals(Reason.STOP, answer.finished().reason());
    assertTrue(model.runs.stream().noneMatch(run -> run.tokens()[0] == 4));
  }

  @Test
  void shouldHoldBackWhatMayBeAStopString() {
    run(new ScriptedForwardPass(32, 4), stopping(Set.of(), "efg"));
    assertEquals("bcd", answer.text());
    assertEquals(Reason.STOP, answer.finished().reason());
    assertEquals(6, answer.finished().usage().tokens());
  }

  /// Who waits for a control token has to know what text stands before it.
  @Test
  void shouldShowAllTextThatPrecedesATokenWithoutText() {
    BitSet silent = new BitSet();
    silent.set(5);
    Vocabulary vocabulary =
        new Vocabulary(
            ALPHABET.pieces(),
            ALPHABET.scores(),
            ALPHABET.bosId(),
            ALPHABET.eosIds(),
            ALPHABET.addBos(),
            null,
            new Printing(silent, false, false),
            ALPHABET.encoding());
    Scheduler scheduler = new Scheduler(new ScriptedForwardPass(32, 4), vocabulary, 1);
    started.add(scheduler);
    scheduler.submit(stopping(Set.of(8), "deg"), answer).join();
    List<Token> tokens =
        answer.events.stream().filter(Token.class::isInstance).map(Token.class::cast).toList();
    assertEquals(
        List.of(new Token(3, ""), new Token(4, ""), new Token(5, "de"), new Token(6, "g")),
        tokens.subList(2, 6));
  }

  @Test
  void shouldShowWhatWasHeldBackWhenTheAnswerIsCutOff() {
    var request =
        new GenerationRequest(new int[] {0}, 5, new Sampler.Greedy(), Set.of(), List.of("efg"));
    run(new ScriptedForwardPass(32, 4), request);
    assertEquals("bcdef", answer.text());
    assertEquals(Reason.LENGTH, answer.finished().reason());
  }

  @Test
  void shouldShowOnlyWholeCharacters() {
    run(new ScriptedForwardPass(64, 4), request(5, 25));
    assertEquals("éé", answer.text());
  }

  @Test
  void shouldEndWithTheContext() {
    var model = new ScriptedForwardPass(8, 4);
    run(model, request(100, 0, 1, 2));
    assertEquals(Reason.CONTEXT, answer.finished().reason());
    assertEquals("defghi", answer.text());
    assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5, 6, 7}, model.cached(8));
  }

  @Test
  void shouldOnlyReadThePromptWhenNoTokensAreWanted() {
    var model = new ScriptedForwardPass(32, 4);
    run(model, request(0, 0, 1, 2, 3));
    assertEquals(Reason.LENGTH, answer.finished().reason());
    assertEquals(0, model.runs.getLast().wanted().rows());
  }

  @Test
  void shouldFeedOnlyWhatIsNotCached() {
    var model = new ScriptedForwardPass(32, 4);
    Answers second =
        Answers.of(model, ALPHABET, request(2, 0), request(1, 0, 1, 2, 10, 11)).getLast();
    assertEquals("m", second.text());
    assertArrayEquals(new int[] {0, 1, 2, 10, 11}, model.cached(5));
    assertEquals(3, second.finished().usage().prefillTokens());
    assertEquals(2, second.finished().usage().cachedTokens());
  }

  @Test
  void shouldFeedAgainWhatNewNodesDoNotHold() {
    var model = new ScriptedForwardPass(32, 4);
    Scheduler scheduler = scheduler(model, 1);
    scheduler.submit(request(3, 0), new Answers()).join();
    model.epoch++;
    model.forget();
    scheduler.submit(request(1, 0, 1, 2, 9), answer).join();
    assertArrayEquals(new int[] {0, 1, 2, 9}, model.cached(4));
    assertEquals(model.epoch, model.steps.getLast().epoch());
  }

  /// A world that was formed anew in the middle of an answer is an ordinary thing.
  @Test
  void shouldGoOnWithAnAnswerWhenTheWorldIsANewOne() {
    var model = new ScriptedForwardPass(64, 4);
    model.before =
        () -> {
          if (model.steps.size() == 6) {
            model.epoch++;
            model.forget();
          }
        };
    run(model, request(12, 0, 1, 2, 3, 4, 5));
    // The step that noticed is one of the old world; here it is answered, from pages of nothing.
    assertEquals("ghij", answer.text().substring(0, 4));
    assertEquals(12, answer.finished().usage().tokens());
    assertTrue(model.steps.stream().anyMatch(step -> step.epoch() == 2 && step.rows() == 4));
  }

  @Test
  void shouldFailWhenNodesWereLostAndFeedEverythingAgain() {
    var model = new ScriptedForwardPass(32, 4);
    Scheduler scheduler = scheduler(model, 1);
    model.stepsBeforeFailure = 3;
    scheduler.submit(request(9, 0), answer).join();
    assertEquals("a worker went away", assertInstanceOf(Failed.class, answer.ending()).why());
    assertEquals("bcd", answer.text());
    model.forget();
    model.stepsBeforeFailure = Integer.MAX_VALUE;
    scheduler.submit(request(1, 0, 1, 2, 3, 9), new Answers()).join();
    assertArrayEquals(new int[] {0, 1, 2, 3, 9}, model.cached(5));
  }

  @Test
  void shouldEndWhenTheSinkWantsNoMore() {
    var model = new ScriptedForwardPass(32, 2);
    Scheduler scheduler = scheduler(model, 1);
    scheduler
        .submit(
            request(20, 0),
            event -> answer.accept(event) && !(event instanceof Token token && token.id() == 3))
        .join();
    assertEquals(Reason.CANCELLED, answer.finished().reason());
    assertEquals("bcd", answer.text());
    Answers reading = new Answers();
    scheduler
        .submit(
            request(9, 4, 5, 6, 7), event -> reading.accept(event) && !(event instanceof Prefill))
        .join();
    assertEquals(Reason.CANCELLED, reading.finished().reason());
    assertEquals(0, reading.finished().usage().tokens());
  }

  @Test
  void shouldRefusePromptsThatDoNotFit() {
    Scheduler scheduler = scheduler(new ScriptedForwardPass(4, 4), 1);
    var e =
        assertThrows(
            UserException.class, () -> scheduler.submit(request(1, 0, 1, 2, 3, 4), answer));
    assertEquals("the prompt has 5 tokens, more than the context of 4", e.getMessage());
    assertThrows(UserException.class, () -> scheduler.submit(request(1), answer));
    assertEquals(List.of(), answer.events);
  }

  @Test
  void shouldCancelWhenWhoWaitsIsInterrupted() {
    var model = new ScriptedForwardPass(4096, 4);
    Generation generation = scheduler(model, 1).submit(request(4000, 0), answer);
    Thread.currentThread().interrupt();
    generation.join();
    assertTrue(Thread.interrupted());
    assertEquals(Reason.CANCELLED, answer.finished().reason());
  }

  @Test
  void shouldFailWhatIsUnderWayWhenItIsClosed() {
    var model = new ScriptedForwardPass(4096, 4);
    Scheduler scheduler = scheduler(model, 1);
    Generation generation =
        scheduler.submit(
            request(4000, 0),
            event -> {
              answer.accept(event);
              if (event instanceof Token) {
                scheduler.close();
              }
              return true;
            });
    generation.join();
    assertInstanceOf(
        ForwardException.class, assertInstanceOf(Failed.class, answer.ending()).cause());
  }
}
