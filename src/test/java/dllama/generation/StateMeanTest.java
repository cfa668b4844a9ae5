package dllama.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.generation.GenerationEvent.Failed;
import dllama.generation.GenerationEvent.Reason;
import dllama.sampling.Sampler;
import dllama.step.ForwardPass;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Prompts that are read for their states; a state of this model is the token, and the sum of all
/// tokens up to it.
@Timeout(60)
class StateMeanTest {
  private static final int PAGE = ForwardPass.PAGE;

  private StateMean mean = new StateMean();
  private final Answers reading = new Answers();

  private static int[] prompt(int length) {
    return IntStream.range(0, length).map(i -> (7 * i + 3) % 64).toArray();
  }

  private static double[] expected(int[] prompt) {
    double[] mean = new double[2];
    double sum = 0;
    for (int token : prompt) {
      sum += token;
      mean[0] += token;
      mean[1] += sum;
    }
    return new double[] {mean[0] / prompt.length, mean[1] / prompt.length};
  }

  private void read(Scheduler scheduler, int[] prompt) {
    mean = new StateMean();
    scheduler.submit(GenerationRequest.of(prompt, mean), reading).join();
  }

  @Test
  void shouldReadAllOfAPromptInPieces() {
    var model = new ScriptedForwardPass(64, 8);
    try (Scheduler scheduler = new Scheduler(model, Answers.ALPHABET, 1)) {
      read(scheduler, prompt(20));
    }
    assertArrayEquals(expected(prompt(20)), mean.value());
    assertEquals(20, mean.tokens());
    assertEquals(Reason.LENGTH, reading.finished().reason());
    assertEquals(20, reading.finished().usage().prefillTokens());
    assertEquals(0, reading.finished().usage().cachedTokens());
    assertEquals(List.of(8, 8, 4), model.runs.stream().map(run -> run.wanted().count()).toList());
  }

  /// The states of what others have computed are gone, and pages that nobody can find are free.
  @Test
  void shouldNeitherFindNorLeaveAnythingInTheCache() {
    var model = new ScriptedForwardPass(2 * PAGE, 32, 2);
    int[] prompt = prompt(40);
    Answers before = new Answers();
    Answers after = new Answers();
    Answers late = new Answers();
    try (Scheduler scheduler = new Scheduler(model, Answers.ALPHABET, 2)) {
      scheduler.submit(Answers.request(1, prompt), before).join();
      read(scheduler, prompt);
      assertArrayEquals(expected(prompt), mean.value());
      for (int i = 0; i < 5; i++) {
        int[] other = prompt(20 + i);
        other[0] = i;
        read(scheduler, other);
        assertArrayEquals(expected(other), mean.value());
      }
      scheduler.submit(Answers.request(1, prompt), after).join();
      int[] other = prompt(30);
      other[0] = 1;
      scheduler.submit(Answers.request(1, other), late).join();
    }
    assertEquals(before.text(), after.text());
    assertEquals(39, after.finished().usage().cachedTokens(), "a chat's page was not taken");
    assertEquals(0, late.finished().usage().cachedTokens());
  }

  /// A new world holds nothing of what was read.
  @Test
  void shouldBeginAnewInAnotherWorld() {
    var model = new ScriptedForwardPass(64, 8);
    model.before =
        () -> {
          if (model.steps.size() == 1) {
            model.epoch = 2;
          }
        };
    try (Scheduler scheduler = new Scheduler(model, Answers.ALPHABET, 1)) {
      read(scheduler, prompt(30));
    }
    assertArrayEquals(expected(prompt(30)), mean.value());
    assertEquals(30, reading.finished().usage().prefillTokens(), "counted once");
    assertTrue(model.runs.stream().mapToInt(run -> run.tokens().length).sum() > 30);
  }

  /// Two long prompts and pages for one and a half: one gives its pages back and is read again.
  @Test
  void shouldBeginAnewWhereItsPagesWereNeeded() throws InterruptedException {
    var model = new ScriptedForwardPass(4 * PAGE, 64, 5);
    CountDownLatch submitted = new CountDownLatch(1);
    model.before =
        () -> {
          try {
            submitted.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        };
    int[] one = prompt(3 * PAGE + 10);
    int[] two = prompt(3 * PAGE + 20);
    two[0] = 9;
    StateMean other = new StateMean();
    try (Scheduler scheduler = new Scheduler(model, Answers.ALPHABET, 2)) {
      Generation first = scheduler.submit(GenerationRequest.of(one, mean), reading);
      Generation second = scheduler.submit(GenerationRequest.of(two, other), new Answers());
      submitted.countDown();
      first.join();
      second.join();
    }
    assertArrayEquals(expected(one), mean.value());
    assertArrayEquals(expected(two), other.value());
  }

  @Test
  void shouldEndWhereTheModelGivesNoNumber() {
    assertThrows(UserException.class, () -> mean.add(new float[] {1, Float.NaN, 2, 3}, 2));
    var model = new ScriptedForwardPass(64, 8);
    model.poison = 5;
    try (Scheduler scheduler = new Scheduler(model, Answers.ALPHABET, 1)) {
      read(scheduler, new int[] {1, 5});
    }
    assertInstanceOf(Failed.class, reading.ending());
  }

  @Test
  void shouldOnlyBeRead() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new GenerationRequest(
                new int[1],
                1,
                new Sampler.Greedy(),
                Set.of(),
                List.of(),
                Speculation.off(),
                Guidance.NONE,
                mean));
  }
}
