package dllama.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.generation.GenerationEvent.Finished;
import dllama.sampling.Sampler;
import dllama.step.ForwardPass;
import dllama.step.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Models in which some layers see the latest positions only: what these layers have kept of the
/// others is given back. [ScriptedForwardPass] fails where a token does not see what it should.
@Timeout(60)
class LeasedWindowsTest {
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
    assertInstanceOf(Finished.class, answer.ending(), answer.ending().toString());
    return answer;
  }

  private static int cached(Answers answer) {
    return answer.finished().usage().cachedTokens();
  }

  /// A long text needs no more windows than a short one.
  @Test
  void shouldReadALongTextWithFewWindows() {
    var model = new ScriptedForwardPass(20 * PAGE, 32, 20, 0, 3, 200);
    ask(scheduler(model, 1), 300, text(15 * PAGE));
    assertTrue(model.runs.stream().allMatch(run -> run.windows().length <= 3));
    assertEquals(16 * PAGE + 44, end(model.runs.getLast()) + 1);
  }

  private static int end(Run run) {
    return run.position() + run.tokens().length;
  }

  @Test
  void shouldSendNoWindowsWhereAllLayersSeeEverything() {
    var model = new ScriptedForwardPass(4 * PAGE, 32);
    ask(scheduler(model, 1), 5, text(2 * PAGE));
    assertTrue(model.runs.stream().allMatch(run -> run.windows().length == 0));
  }

  /// The next question of a chat finds all of it, though most windows are gone.
  @Test
  void shouldGoOnWithAChat() {
    var model = new ScriptedForwardPass(20 * PAGE, 32, 20, 0, 4, 200);
    Scheduler scheduler = scheduler(model, 1);
    int[] prompt = text(9 * PAGE + 50);
    Answers first = ask(scheduler, 10, prompt);
    int[] next = Arrays.copyOf(prompt, prompt.length + 20);
    for (int i = 0; i < 10; i++) {
      next[prompt.length + i] = first.ids().get(i);
    }
    assertEquals(prompt.length + 9, cached(ask(scheduler, 5, next)));
  }

  /// Where the windows of a common beginning are gone, it is read again, and found from then on.
  @Test
  void shouldReadAgainWhatCanNotBeGoneOnWith() {
    var model = new ScriptedForwardPass(20 * PAGE, 32, 60, 0, 4, 200);
    Scheduler scheduler = scheduler(model, 1);
    int[] common = text(5 * PAGE);
    int[] one = Arrays.copyOf(text(5 * PAGE), 12 * PAGE);
    ask(scheduler, 1, one);
    int[] other = Arrays.copyOf(common, 5 * PAGE + 30);
    Arrays.fill(other, 5 * PAGE, other.length, 9);
    assertEquals(0, cached(ask(scheduler, 1, other)));
    other[5 * PAGE + 10] = 8;
    assertEquals(5 * PAGE + 10, cached(ask(scheduler, 1, other)));
  }

  /// Random requests on few and many pages and windows: everybody gets what he would have got
  /// alone.
  @ParameterizedTest
  @CsvSource({
    "8, 4, 1",
    "8, 8, 300",
    "9, 5, 100",
    "12, 4, 200",
    "12, 12, 513",
    "40, 5, 257",
    "40, 40, 256",
    "60, 9, 700"
  })
  void shouldAnswerAsIfAlone(int pages, int windows, int span) {
    Random random = new Random(pages * 31L + windows);
    for (int round = 0; round < 4; round++) {
      int batch = 1 + random.nextInt(40);
      var model = new ScriptedForwardPass(8 * PAGE, batch, pages, 0, windows, span);
      model.next = text -> Arrays.hashCode(text) >>> 26;
      int[] shared = random.ints(8 * PAGE, 0, 64).toArray();
      Scheduler scheduler = scheduler(model, 1 + random.nextInt(8));
      List<Answers> answers = new ArrayList<>();
      List<GenerationRequest> requests = new ArrayList<>();
      List<Generation> generations = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        int[] prompt = Arrays.copyOf(shared, 1 + random.nextInt(8 * PAGE - 1));
        int same = random.nextInt(4) == 0 ? 0 : random.nextInt(prompt.length);
        for (int at = same; at < prompt.length; at++) {
          prompt[at] = random.nextInt(4) == 0 ? random.nextInt(64) : prompt[at];
        }
        answers.add(new Answers());
        requests.add(
            new GenerationRequest(
                prompt,
                random.nextInt(120),
                new Sampler.Greedy(),
                Set.of(),
                List.of(),
                random.nextBoolean() ? Speculation.always() : Speculation.off()));
        generations.add(scheduler.submit(requests.getLast(), answers.getLast()));
        if (random.nextInt(3) == 0) {
          generations.getLast().join();
        }
      }
      generations.forEach(Generation::join);
      for (int i = 0; i < requests.size(); i++) {
        assertInstanceOf(
            Finished.class, answers.get(i).ending(), answers.get(i).ending().toString());
        assertEquals(
            ManyAnswersTest.expected(model, requests.get(i)),
            answers.get(i).ids(),
            "round " + round);
      }
    }
  }
}
