package dllama.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.generation.GenerationEvent.Reason;
import dllama.step.ForwardPass;
import dllama.step.Run;
import dllama.step.RunState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Models whose sequences have a state beside keys and values: a text is gone on with from where
/// its state was kept. [ScriptedForwardPass] fails where a run has another one's state; random
/// requests are [ManyAnswersTest]'s and [RecoveryTest]'s.
@Timeout(60)
class LeasedStateTest {
  private static final int PAGE = ForwardPass.PAGE;

  private final List<Scheduler> started = new ArrayList<>();

  private Scheduler scheduler(ForwardPass model, int parallel) {
    Scheduler scheduler = new Scheduler(model, Answers.ALPHABET, parallel);
    started.add(scheduler);
    return scheduler;
  }

  @AfterEach
  void close() {
    started.forEach(Scheduler::close);
  }

  private static int[] text(int length) {
    return IntStream.range(0, length).map(at -> at * 7 % 61).toArray();
  }

  private static Answers ask(Scheduler scheduler, int maxTokens, int... prompt) {
    Answers answer = new Answers();
    scheduler.submit(Answers.request(maxTokens, prompt), answer).join();
    return answer;
  }

  private static int cached(Answers answer) {
    return answer.finished().usage().cachedTokens();
  }

  @Test
  void shouldNeverWriteWhereAStepBegins() {
    var model = new ScriptedForwardPass(3 * PAGE, 100, 8, 8);
    ask(scheduler(model, 1), 20, text(2 * PAGE + 10));
    assertEquals(RunState.NONE, model.runs.getFirst().state().from());
    assertTrue(model.runs.stream().allMatch(run -> run.state().from() != run.state().to()));
    for (int i = 1; i < model.runs.size(); i++) {
      assertEquals(model.runs.get(i - 1).state().to(), model.runs.get(i).state().from());
    }
  }

  /// Steps are cut after pages and before the last token.
  @Test
  void shouldKeepStatesOnTheWay() {
    var model = new ScriptedForwardPass(6 * PAGE, 6 * PAGE, 8, 20);
    ask(scheduler(model, 1), 1, text(5 * PAGE + 10));
    assertEquals(1, model.steps.size());
    assertEquals(
        List.of(0, PAGE, 2 * PAGE, 4 * PAGE, 5 * PAGE, 5 * PAGE + 9),
        model.runs.stream().map(Run::position).toList());
  }

  @Test
  void shouldGoOnWithAChat() {
    var model = new ScriptedForwardPass(4 * PAGE, 64, 8, 8);
    Scheduler scheduler = scheduler(model, 1);
    int[] prompt = text(PAGE + 50);
    Answers first = ask(scheduler, 10, prompt);
    // The answer's last token was not fed.
    int[] next = Arrays.copyOf(prompt, prompt.length + 30);
    for (int i = 0; i < 9; i++) {
      next[prompt.length + i] = first.ids().get(i);
    }
    assertEquals(prompt.length + 9, cached(ask(scheduler, 5, next)));
    // The same question again, and one that differs in its last page.
    assertEquals(prompt.length - 1, cached(ask(scheduler, 5, prompt)));
    int[] other = prompt.clone();
    other[PAGE + 20] = 62;
    assertEquals(PAGE, cached(ask(scheduler, 5, other)));
    // Before the first state there is nothing to go on from.
    other[PAGE - 1] = 62;
    assertEquals(0, cached(ask(scheduler, 5, other)));
    assertArrayEquals(other, Arrays.copyOf(model.cached(other.length), other.length));
  }

  @Test
  void shouldGoOnAfterAnAnswerThatWasCancelled() {
    var model = new ScriptedForwardPass(4 * PAGE, 64, 8, 8);
    Scheduler scheduler = scheduler(model, 1);
    int[] prompt = text(PAGE + 100);
    Answers cancelled = new Answers();
    var submitted = new CompletableFuture<Generation>();
    model.before =
        () -> {
          if (model.steps.size() == 8) {
            submitted.join().cancel();
          }
        };
    Generation generation = scheduler.submit(Answers.request(400, prompt), cancelled);
    submitted.complete(generation);
    generation.join();
    assertEquals(Reason.CANCELLED, cancelled.finished().reason());
    assertTrue(cached(ask(scheduler, 3, prompt)) >= PAGE);
  }

  /// What several texts begin with is computed once, up to the last state that is kept of it.
  @Test
  void shouldComputeACommonBeginningOnce() {
    var model = new ScriptedForwardPass(4 * PAGE, 40, 40, 40);
    Scheduler scheduler = scheduler(model, 8);
    List<Generation> generations = new ArrayList<>();
    List<Answers> answers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      int[] prompt = text(2 * PAGE + 30);
      prompt[2 * PAGE + 20] = i;
      answers.add(new Answers());
      generations.add(scheduler.submit(Answers.request(3, prompt), answers.getLast()));
    }
    generations.forEach(Generation::join);
    assertEquals(5 * 2 * PAGE, answers.stream().mapToInt(LeasedStateTest::cached).sum());
  }

  /// A sequence needs two places, so of two only one can be computed at a time.
  @Test
  void shouldAnswerOneAfterTheOtherWithTheFewestPlaces() {
    var model = new ScriptedForwardPass(2 * PAGE, 64, 16, 2);
    Scheduler scheduler = scheduler(model, 4);
    List<Generation> generations = new ArrayList<>();
    List<Answers> answers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      answers.add(new Answers());
      generations.add(
          scheduler.submit(Answers.request(10, i, 20 + i, 2, 5 * i), answers.getLast()));
    }
    generations.forEach(Generation::join);
    assertEquals("bcdefghijk", answers.getFirst().text());
    assertEquals("qrstuvwxyz", answers.getLast().text());
  }

  @Test
  void shouldNotGuess() {
    var model = new ScriptedForwardPass(64, 16, 8, 8);
    var request =
        new GenerationRequest(
            new int[] {1, 2, 3, 1, 2, 3, 1, 2},
            20,
            new dllama.sampling.Sampler.Greedy(),
            java.util.Set.of(),
            List.of(),
            Speculation.always());
    Answers answer = new Answers();
    scheduler(model, 1).submit(request, answer).join();
    assertEquals(20, answer.finished().usage().tokens());
    assertEquals(20, model.steps.size());
  }
}
