package dllama.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.generation.GenerationEvent.Failed;
import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationEvent.Interrupted;
import dllama.generation.GenerationEvent.Prefill;
import dllama.generation.GenerationEvent.Reason;
import dllama.sampling.Penalties;
import dllama.sampling.Sampler;
import dllama.sampling.SamplingParameters;
import dllama.step.ForwardException;
import dllama.step.ForwardPass;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Answers go on when the nodes that compute them are lost.
@Timeout(60)
class RecoveryTest {
  private static final int PAGE = ForwardPass.PAGE;

  private final Answers answer = new Answers();

  /// Allows what follows from the answer so far, and is told each token once.
  private static final class Odd implements TokenMask {
    private int hash = 7;

    @Override
    public BitSet allowed() {
      BitSet allowed = new BitSet();
      new Random(hash).ints(20, 0, 64).forEach(allowed::set);
      return allowed;
    }

    @Override
    public boolean mayEnd() {
      return hash % 5 == 0;
    }

    @Override
    public void accept(int token) {
      hash = 31 * hash + token;
    }
  }

  /// What a request of this number is; all that it keeps is its own.
  private static GenerationRequest request(long seed, int[] shared) {
    Random random = new Random(seed);
    int[] prompt = Arrays.copyOf(shared, 1 + random.nextInt(2 * PAGE - 1));
    for (int at = random.nextInt(prompt.length); at < prompt.length; at++) {
      prompt[at] = random.nextInt(4) == 0 ? random.nextInt(64) : prompt[at];
    }
    if (random.nextInt(6) == 0) {
      return GenerationRequest.of(prompt, new StateMean());
    }
    var parameters =
        new SamplingParameters(
            random.nextInt(3) == 0 ? 0 : 1.5f, // 0 is greedy
            random.nextBoolean() ? 0.9f : 1,
            random.nextInt(3) == 0 ? 20 : 0,
            0);
    boolean guided = random.nextBoolean();
    Guidance guidance =
        guided
            ? new Guidance(
                random.nextBoolean() ? new Penalties(1.1f, 64, 0.1f, 0.2f) : Penalties.NONE,
                random.nextBoolean() ? Map.of(5, 1f, 9, -3f) : Map.of(),
                random.nextBoolean() ? new Odd() : null,
                random.nextInt(5) - 1)
            : Guidance.NONE;
    return new GenerationRequest(
        prompt,
        random.nextInt(100),
        Sampler.of(parameters, seed | 1),
        random.nextBoolean() ? Set.of(63) : Set.of(),
        random.nextBoolean() ? List.of("abc", "q") : List.of(),
        random.nextBoolean() ? Speculation.always() : Speculation.off(),
        guidance);
  }

  private static ScriptedForwardPass model(int batch, int pages, int states) {
    var model = new ScriptedForwardPass(2 * PAGE, batch, pages, states);
    model.next = text -> Arrays.hashCode(text) >>> 26;
    return model;
  }

  /// All kinds of requests at once, on few and many pages, with nodes that are lost at any moment:
  /// everybody is told, once, what he would have been told alone on nodes that stay.
  @ParameterizedTest
  @CsvSource({"2, 0", "3, 0", "5, 0", "40, 0", "2, 2", "5, 8", "40, 4", "40, 60"})
  void shouldAnswerAsIfNothingWereLost(int pages, int states) {
    Random random = new Random(pages);
    int losses = 0;
    for (int round = 0; round < 8; round++) {
      int batch = 1 + random.nextInt(40);
      int[] shared = random.ints(2 * PAGE, 0, 64).toArray();
      double chance = new double[] {0.002, 0.02, 0.1}[round % 3];
      var losing =
          new LosingForwardPass(model(batch, pages, states), new Random(round), chance, 40);
      List<Answers> disturbed = new ArrayList<>();
      List<GenerationRequest> requests = new ArrayList<>();
      try (Scheduler scheduler =
          new Scheduler(losing, Answers.ALPHABET, 1 + random.nextInt(8), losing, _ -> {})) {
        List<Generation> generations = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
          requests.add(request(100 * round + i, shared));
          disturbed.add(new Answers());
          generations.add(scheduler.submit(requests.getLast(), disturbed.getLast()));
        }
        generations.forEach(Generation::join);
      }
      losses += losing.losses;
      for (int i = 0; i < requests.size(); i++) {
        GenerationRequest alone = request(100 * round + i, shared);
        Answers expected = Answers.of(model(batch, 40, 0), Answers.ALPHABET, alone).getFirst();
        String name = "pages %d round %d request %d".formatted(pages, round, i);
        shouldBeSame(expected, disturbed.get(i), name);
        shouldBeSame(alone.mean(), requests.get(i).mean());
      }
    }
    assertTrue(losses > 100, "lost " + losses);
  }

  private static void shouldBeSame(Answers expected, Answers told, String name) {
    assertEquals(expected.ids(), told.ids(), name);
    assertEquals(expected.tokens(), told.tokens(), name);
    Finished end = assertInstanceOf(Finished.class, told.ending(), name + told.ending());
    assertEquals(expected.finished().reason(), end.reason(), name);
    assertEquals(expected.finished().stop(), end.stop(), name);
    assertEquals(expected.finished().usage().tokens(), end.usage().tokens(), name);
    List<Prefill> read =
        told.events.stream().filter(Prefill.class::isInstance).map(Prefill.class::cast).toList();
    assertTrue(read.stream().allMatch(p -> 0 < p.done() && p.done() <= p.total()), name);
    assertEquals(1, read.stream().filter(p -> p.done() == p.total()).count(), name);
    assertEquals(read.getLast().done(), read.getLast().total(), name);
    int computed = end.usage().prefillTokens() + end.usage().cachedTokens();
    assertTrue(computed >= read.getLast().total(), name + end);
  }

  private static void shouldBeSame(@Nullable StateMean expected, @Nullable StateMean mean) {
    if (expected != null && mean != null) {
      assertEquals(expected.tokens(), mean.tokens());
      assertArrayEquals(expected.value(), mean.value());
    }
  }

  /// A prompt that several share is read again once.
  @Test
  void shouldReadSharedBeginningsAgainOnce() {
    var model = new ScriptedForwardPass(2 * PAGE, 16, 16);
    int common = PAGE + 40;
    var losing = new LosingForwardPass(model, new Random(), 0, 0);
    losing.least = 1; // a loss that is made good at once is not told
    int[] fed = new int[1];
    CountDownLatch all = new CountDownLatch(1);
    model.before =
        () -> {
          await(all);
          if (model.steps.size() == 40 && losing.losses == 0) {
            fed[0] = model.runs.stream().mapToInt(run -> run.tokens().length).sum();
            losing.lose();
          }
        };
    List<Answers> answers = new ArrayList<>();
    try (Scheduler scheduler = new Scheduler(losing, Answers.ALPHABET, 4, losing, _ -> {})) {
      List<Generation> generations = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        int[] prompt = IntStream.range(0, common + 2).map(at -> at * 7 % 61).toArray();
        prompt[common] = i;
        answers.add(new Answers());
        generations.add(scheduler.submit(Answers.request(60, prompt), answers.getLast()));
      }
      all.countDown();
      generations.forEach(Generation::join);
    }
    int after = model.runs.stream().mapToInt(run -> run.tokens().length).sum() - fed[0];
    assertEquals(1, losing.losses);
    int answered = answers.stream().mapToInt(a -> a.finished().usage().tokens()).sum();
    assertEquals(240, answered);
    assertTrue(after < common + 4 * 2 + answered, "read %d again".formatted(after));
    assertEquals(
        1, answers.getFirst().events.stream().filter(Interrupted.class::isInstance).count());
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private Generation submitAndLose(Scheduler[] scheduler, Recovery recovery) {
    var model = new ScriptedForwardPass(32, 4);
    model.stepsBeforeFailure = 3;
    scheduler[0] = new Scheduler(model, Answers.ALPHABET, 2, recovery, _ -> {});
    return scheduler[0].submit(Answers.request(9, 0), answer);
  }

  /// Whoever goes need not wait for nodes, and who comes meanwhile has a place.
  @Test
  void shouldLetGoWhoGivesUpWhileNodesAreWaitedFor() {
    Scheduler[] scheduler = new Scheduler[1];
    CountDownLatch waiting = new CountDownLatch(3);
    Generation generation =
        submitAndLose(
            scheduler,
            (_, most) -> {
              waiting.countDown();
              Thread.sleep(most);
              return false;
            });
    await(waiting);
    Answers late = new Answers();
    Generation second = scheduler[0].submit(Answers.request(9, 0), late);
    generation.cancel();
    generation.join();
    assertEquals(Reason.CANCELLED, answer.finished().reason());
    assertEquals("bcd", answer.text());
    assertInstanceOf(Interrupted.class, answer.events.get(answer.events.size() - 2));
    scheduler[0].close();
    second.join();
    assertInstanceOf(Failed.class, late.ending());
  }

  @Test
  void shouldEndWhereNobodyWaitsAnyLonger() {
    Scheduler[] scheduler = new Scheduler[1];
    int[] calls = new int[1];
    submitAndLose(
            scheduler,
            (lost, _) -> {
              assertEquals("a worker went away", lost.getMessage());
              if (++calls[0] < 4) {
                return false;
              }
              throw new ForwardException("no cluster after 60 s");
            })
        .join();
    assertEquals("no cluster after 60 s", assertInstanceOf(Failed.class, answer.ending()).why());
    assertEquals("bcd", answer.text());
    scheduler[0].close();
  }

  /// What fails with the same nodes again was not their loss.
  @Test
  void shouldEndWhereTheNodesAreTheSame() {
    Scheduler[] scheduler = new Scheduler[1];
    submitAndLose(scheduler, (_, _) -> true).join();
    assertEquals("a worker went away", assertInstanceOf(Failed.class, answer.ending()).why());
    scheduler[0].close();
  }

  /// A step that ends every world is not tried for ever.
  @Test
  void shouldEndWhereEveryWorldIsLost() {
    var model = new ScriptedForwardPass(32, 4);
    model.stepsBeforeFailure = 2;
    int[] worlds = new int[1];
    Recovery recovery =
        (_, _) -> {
          worlds[0]++;
          model.epoch++;
          return true;
        };
    try (Scheduler scheduler = new Scheduler(model, Answers.ALPHABET, 1, recovery, _ -> {})) {
      scheduler.submit(Answers.request(9, 0), answer).join();
    }
    assertInstanceOf(Failed.class, answer.ending());
    assertEquals(11, worlds[0]);
  }

  @Test
  void shouldEndWhenTheSinkWantsNoMoreOfIt() {
    var model = new ScriptedForwardPass(32, 4);
    var losing = new LosingForwardPass(model, new Random(), 0, 0);
    model.before =
        () -> {
          if (model.steps.size() == 3) {
            losing.lose();
          }
        };
    losing.least = 1;
    try (Scheduler scheduler = new Scheduler(losing, Answers.ALPHABET, 1, losing, _ -> {})) {
      scheduler
          .submit(
              Answers.request(9, 0),
              event -> answer.accept(event) && !(event instanceof Interrupted))
          .join();
    }
    assertEquals(Reason.CANCELLED, answer.finished().reason());
    assertEquals("bcd", answer.text());
  }

  /// A window is read again from its beginning.
  @Test
  void shouldMeasureTheSamePerplexity() throws Exception {
    int[] text = new Random(3).ints(30 * 16, 0, 64).toArray();
    Perplexity expected = Perplexity.of(model(8, 4, 0), text, 16, -1, Recovery.NONE, _ -> {});
    var losing = new LosingForwardPass(model(8, 4, 0), new Random(5), 0.1, 20);
    List<Integer> windows = new ArrayList<>();
    Perplexity measured =
        Perplexity.of(losing, text, 16, -1, losing, soFar -> windows.add(soFar.windows()));
    assertEquals(expected, measured);
    assertEquals(IntStream.rangeClosed(1, 30).boxed().toList(), windows);
    assertTrue(losing.losses > 3);
  }
}
