package dllama.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.generation.GenerationEvent.Failed;
import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationEvent.Prefill;
import dllama.generation.GenerationEvent.Reason;
import dllama.generation.GenerationEvent.Token;
import dllama.sampling.Sampler;
import dllama.step.ForwardException;
import dllama.step.ForwardPass;
import dllama.step.Run;
import dllama.step.Step;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class SchedulerTest {
  /// Token 0 is "a", 25 is "z"; tokens from 26 on are one byte of "é" each, in turn.
  private static final Vocabulary ALPHABET = vocabulary();

  private static final int PAGE = ForwardPass.PAGE;

  private final List<Scheduler> started = new ArrayList<>();
  private final Answers answer = new Answers();

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

  /// Requests that are all there before the second step; the first is another one's.
  private List<Answers> together(
      ScriptedForwardPass model, int parallel, GenerationRequest... requests) {
    CountDownLatch computing = new CountDownLatch(1);
    CountDownLatch submitted = new CountDownLatch(1);
    model.before =
        () -> {
          computing.countDown();
          await(submitted);
        };
    Scheduler scheduler = scheduler(model, parallel);
    List<Answers> answers = new ArrayList<>();
    List<Generation> generations = new ArrayList<>();
    generations.add(scheduler.submit(request(1, 63), new Answers()));
    await(computing);
    for (GenerationRequest request : requests) {
      answers.add(new Answers());
      generations.add(scheduler.submit(request, answers.getLast()));
    }
    submitted.countDown();
    generations.forEach(Generation::join);
    return answers;
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
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
  void shouldAnswerManyInTheSameSteps() {
    var model = new ScriptedForwardPass(64, 16, 8);
    GenerationRequest[] requests =
        IntStream.range(0, 4).mapToObj(i -> request(10, 5 * i)).toArray(GenerationRequest[]::new);
    List<Answers> answers = together(model, 8, requests);
    assertEquals("bcdefghijk", answers.getFirst().text());
    assertEquals("qrstuvwxyz", answers.getLast().text());
    long wide = model.steps.stream().filter(step -> step.runs().size() == 4).count();
    assertEquals(10, wide);
  }

  /// While a prompt of 40 tokens is read, others get a token in every step, and a short prompt does
  /// not wait for it.
  @Test
  void shouldNotLetALongPromptStopTheOthers() {
    var model = new ScriptedForwardPass(64, 8, 8);
    int[] prompt = IntStream.range(0, 40).toArray();
    List<Answers> answers =
        together(model, 4, request(30, 50), request(1, prompt), request(1, 45, 46));
    assertEquals(List.of(40), answers.get(1).ids());
    for (Step step : model.steps.subList(2, 9)) {
      assertEquals(5, step.rows(), "half a batch of the long one: who comes next does not wait");
      assertEquals(1, step.runs().getFirst().tokens().length);
    }
    int shortRead = stepOf(model, 46);
    assertEquals(1, shortRead);
    assertEquals(10, stepOf(model, 39));
  }

  /// A long prompt is read though there are always shorter ones.
  @Test
  void shouldNotStarveALongPrompt() {
    var model = new ScriptedForwardPass(128, 4, 8);
    GenerationRequest[] requests = new GenerationRequest[40];
    requests[0] = request(1, IntStream.range(0, 32).toArray());
    for (int i = 1; i < requests.length; i++) {
      requests[i] = request(1, 40 + i % 20, i, 40 + i / 20, 63);
    }
    together(model, 3, requests);
    assertTrue(stepOf(model, 31) < 40, "read in step " + stepOf(model, 31));
  }

  private static int stepOf(ScriptedForwardPass model, int token) {
    for (int i = 0; i < model.steps.size(); i++) {
      for (Run run : model.steps.get(i).runs()) {
        if (IntStream.of(run.tokens()).anyMatch(fed -> fed == token)) {
          return i;
        }
      }
    }
    throw new AssertionError("never fed");
  }

  @Test
  void shouldComputeACommonBeginningOnce() {
    var model = new ScriptedForwardPass(4 * PAGE, 32, 64);
    int common = 3 * PAGE + 100;
    GenerationRequest[] requests = new GenerationRequest[8];
    for (int i = 0; i < requests.length; i++) {
      int[] prompt = IntStream.range(0, common + 5).map(at -> at * 7 % 61).toArray();
      prompt[common] = i;
      requests[i] = request(6, prompt);
    }
    List<Answers> answers = together(model, 8, requests);
    int fed = model.runs.stream().mapToInt(run -> run.tokens().length).sum();
    assertEquals(1 + common + 8 * (5 + 5), fed);
    assertEquals(
        7 * common, answers.stream().mapToInt(a -> a.finished().usage().cachedTokens()).sum());
    assertEquals(7, model.steps.stream().mapToInt(step -> step.copies().size()).sum());
  }

  @Test
  void shouldEndACancelledAnswerAndGiveItsPlaceAway() {
    var model = new ScriptedForwardPass(32, 4);
    Scheduler scheduler = scheduler(model, 1);
    Generation[] first = new Generation[1];
    Answers others = new Answers();
    CountDownLatch known = new CountDownLatch(1);
    model.before =
        () -> {
          await(known);
          if (model.steps.size() == 3) {
            first[0].cancel();
          }
        };
    first[0] = scheduler.submit(request(30, 0), answer);
    Generation second = scheduler.submit(request(2, 9), others);
    known.countDown();
    second.join();
    assertEquals(Reason.CANCELLED, answer.finished().reason());
    assertTrue(answer.finished().usage().tokens() <= 4);
    assertEquals("kl", others.text());
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
  void shouldEndOnlyTheSequenceWhoseSinkThrows() {
    var model = new ScriptedForwardPass(32, 4);
    Scheduler scheduler = scheduler(model, 2);
    var thrown = new IllegalStateException("gone");
    Generation broken =
        scheduler.submit(
            request(9, 0),
            event -> {
              throw thrown;
            });
    scheduler.submit(request(9, 5), answer).join();
    assertEquals(9, answer.finished().usage().tokens());
    assertSame(thrown, assertThrows(IllegalStateException.class, broken::join));
  }

  /// One sequence's numbers that are none do not end the others.
  @Test
  void shouldFindOutWhoseNumbersAreNone() {
    var model = new ScriptedForwardPass(64, 16, 8);
    model.poison = 13;
    List<Answers> answers = together(model, 4, request(20, 0), request(8, 10), request(20, 30));
    assertEquals("bcdefghijklmn", answers.get(0).text()); // "n" is 13, which was chosen, then fed
    assertInstanceOf(
        UserException.class, assertInstanceOf(Failed.class, answers.get(0).ending()).cause());
    assertEquals("lmn", answers.get(1).text());
    assertEquals(20, answers.get(2).finished().usage().tokens());
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

  /// Random requests on few and many pages: everybody gets what he would have got alone, whose
  /// pages hold what he has fed and nothing else.
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5, 40})
  void shouldAnswerAsIfAlone(int pages) {
    Random random = new Random(pages);
    for (int round = 0; round < 6; round++) {
      var model = new ScriptedForwardPass(2 * PAGE, 1 + random.nextInt(40), pages);
      model.next = text -> Arrays.hashCode(text) >>> 26;
      int[] shared = random.ints(2 * PAGE, 0, 64).toArray();
      GenerationRequest[] requests = new GenerationRequest[12];
      for (int i = 0; i < requests.length; i++) {
        int[] prompt = Arrays.copyOf(shared, 1 + random.nextInt(2 * PAGE - 1));
        for (int at = random.nextInt(prompt.length); at < prompt.length; at++) {
          prompt[at] = random.nextInt(4) == 0 ? random.nextInt(64) : prompt[at];
        }
        int tokens = random.nextInt(120);
        requests[i] =
            new GenerationRequest(
                prompt,
                tokens,
                new Sampler.Greedy(),
                Set.of(),
                List.of(),
                random.nextBoolean() ? Speculation.always() : Speculation.off());
      }
      List<Answers> answers = together(model, 1 + random.nextInt(8), requests);
      for (int i = 0; i < requests.length; i++) {
        assertInstanceOf(
            Finished.class, answers.get(i).ending(), answers.get(i).ending().toString());
        assertEquals(expected(model, requests[i]), answers.get(i).ids());
      }
    }
  }

  private static List<Integer> expected(ScriptedForwardPass model, GenerationRequest request) {
    List<Integer> answer = new ArrayList<>();
    int[] text = request.prompt();
    while (answer.size() < request.maxTokens() && text.length <= model.contextLength()) {
      int next = model.next.applyAsInt(text);
      answer.add(next);
      text = Arrays.copyOf(text, text.length + 1);
      text[text.length - 1] = next;
    }
    return answer;
  }

  @Test
  void shouldDeliverEventsInOrder() {
    var model = new ScriptedForwardPass(64, 4);
    for (Answers one : together(model, 4, request(5, 1, 2, 3, 4, 5, 6), request(5, 9))) {
      List<String> kinds =
          one.events.stream().map(event -> event.getClass().getSimpleName()).distinct().toList();
      assertEquals(List.of("Prefill", "Token", "Finished"), kinds);
      assertInstanceOf(Finished.class, one.ending());
    }
  }
}
