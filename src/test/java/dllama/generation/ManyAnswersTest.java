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
import dllama.generation.GenerationEvent.Reason;
import dllama.sampling.Sampler;
import dllama.step.ForwardException;
import dllama.step.ForwardPass;
import dllama.step.Run;
import dllama.step.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Several answers at once.
@Timeout(60)
class ManyAnswersTest {
  private static final int PAGE = ForwardPass.PAGE;

  private final List<Scheduler> started = new ArrayList<>();
  private final Answers answer = new Answers();

  private static GenerationRequest request(int maxTokens, int... prompt) {
    return Answers.request(maxTokens, prompt);
  }

  private Scheduler scheduler(ForwardPass model, int parallel) {
    Scheduler scheduler = new Scheduler(model, Answers.ALPHABET, parallel);
    started.add(scheduler);
    return scheduler;
  }

  @AfterEach
  void close() {
    started.forEach(Scheduler::close);
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
    assertEquals(11, stepOf(model, 39), "the step that ends two prompts is theirs alone");
  }

  /// A long prompt is read though there are always shorter ones.
  @Test
  void shouldNotStarveALongPrompt() {
    var model = new ScriptedForwardPass(128, 4, 8);
    GenerationRequest[] requests = new GenerationRequest[60];
    requests[0] = request(1, IntStream.range(0, 32).toArray());
    for (int i = 1; i < requests.length; i++) {
      requests[i] = request(1, 40 + i % 20, i, 40 + i / 20, 63);
    }
    together(model, 3, requests);
    assertTrue(stepOf(model, 31) < 48, "read in step " + stepOf(model, 31));
  }

  /// Short prompts that come now and then are read in the step after the one under way, which is
  /// theirs alone.
  @Test
  void shouldReadAShortPromptAtOnceWhileALongOneIsRead() {
    var model = new ScriptedForwardPass(256, 8, 8);
    AtomicReference<Scheduler> scheduler = new AtomicReference<>();
    List<Integer> submittedIn = new ArrayList<>();
    model.before =
        () -> {
          int step = model.steps.size();
          if (step % 7 == 3 && step < 40) {
            submittedIn.add(step);
            int[] shortPrompt = {step, 50, 51, 52, 53};
            scheduler.get().submit(request(1, shortPrompt), new Answers());
          }
        };
    scheduler.set(scheduler(model, 4));
    scheduler.get().submit(request(1, new int[200]), answer).join();
    assertEquals(6, submittedIn.size());
    for (int step : submittedIn) {
      List<Run> runs = model.steps.get(step + 1).runs();
      assertEquals(1, runs.size());
      assertArrayEquals(new int[] {step, 50, 51, 52, 53}, runs.getFirst().tokens());
    }
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
  @ParameterizedTest
  @ValueSource(ints = {0, 8})
  void shouldFindOutWhoseNumbersAreNone(int states) {
    var model = new ScriptedForwardPass(64, 16, 8, states);
    model.poison = 13;
    List<Answers> answers = together(model, 4, request(20, 0), request(8, 10), request(20, 30));
    assertEquals("bcdefghijklmn", answers.get(0).text()); // "n" is 13, which was chosen, then fed
    assertInstanceOf(
        UserException.class, assertInstanceOf(Failed.class, answers.get(0).ending()).cause());
    assertEquals("lmn", answers.get(1).text());
    assertEquals(20, answers.get(2).finished().usage().tokens());
  }

  /// Random requests on few and many pages: everybody gets what he would have got alone, whose
  /// pages hold what he has fed and nothing else.
  @ParameterizedTest
  @CsvSource({"2, 0", "3, 0", "5, 0", "40, 0", "2, 2", "3, 8", "5, 3", "40, 2", "40, 5", "40, 60"})
  void shouldAnswerAsIfAlone(int pages, int states) {
    Random random = new Random(pages);
    for (int round = 0; round < 6; round++) {
      var model = new ScriptedForwardPass(2 * PAGE, 1 + random.nextInt(40), pages, states);
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

  static List<Integer> expected(ScriptedForwardPass model, GenerationRequest request) {
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

  /// What a sink does with the last event is its own affair, too: who waits for it is told.
  @Test
  void shouldGoOnAfterASinkThatThrowsWhenTheNodesWereLost() {
    var model = new ScriptedForwardPass(32, 4);
    model.stepsBeforeFailure = 2;
    Scheduler scheduler = scheduler(model, 2);
    var thrown = new ForwardException("a worker went away");
    Generation broken =
        scheduler.submit(
            request(9, 0),
            event -> {
              if (event instanceof Failed) {
                throw thrown;
              }
              return true;
            });
    assertSame(thrown, assertThrows(ForwardException.class, broken::join));
    model.stepsBeforeFailure = Integer.MAX_VALUE;
    scheduler.submit(request(3, 5), answer).join();
    assertEquals("ghi", answer.text());
  }

  /// Even an error leaves nobody waiting.
  @Test
  void shouldEndAllAnswersWhenItsThreadEnds() {
    var model = new ScriptedForwardPass(32, 4);
    var error = new AssertionError("on purpose");
    model.before =
        () -> {
          throw error;
        };
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((_, _) -> {}); // it would print a stack trace
    try {
      Scheduler scheduler = scheduler(model, 2);
      scheduler.submit(request(9, 0), answer).join();
      assertInstanceOf(Failed.class, answer.ending());
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
  }
}
