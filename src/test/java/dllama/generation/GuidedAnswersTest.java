package dllama.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.generation.GenerationEvent.Reason;
import dllama.generation.GenerationEvent.Token;
import dllama.logits.TokenLogprobs;
import dllama.sampling.Penalties;
import dllama.sampling.Sampler;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Answers whose tokens are not the sampler's business alone. The model says the letter after the
/// last one.
@Timeout(60)
class GuidedAnswersTest {
  /// Spells a text, letter by letter; each of its characters allows itself and `also`.
  private static class Spelling implements TokenMask {
    final List<Integer> taken = new ArrayList<>();
    private final String text;
    private final int[] also;

    Spelling(String text, int... also) {
      this.text = text;
      this.also = also;
    }

    @Override
    public BitSet allowed() {
      BitSet allowed = new BitSet();
      if (taken.size() < text.length()) {
        allowed.set(text.charAt(taken.size()) - 'a');
        for (int token : also) {
          allowed.set(token);
        }
      }
      return allowed;
    }

    @Override
    public boolean mayEnd() {
      return taken.size() == text.length();
    }

    @Override
    public void accept(int token) {
      taken.add(token);
    }
  }

  private static GenerationRequest request(int tokens, Set<Integer> stopIds, Guidance guidance) {
    return new GenerationRequest(
        new int[] {0},
        tokens,
        new Sampler.Greedy(),
        stopIds,
        List.of(),
        Speculation.always(),
        guidance);
  }

  private static Guidance masked(@Nullable TokenMask mask) {
    return new Guidance(Penalties.NONE, Map.of(), mask, -1);
  }

  private static Answers answer(ScriptedForwardPass model, GenerationRequest request) {
    return Answers.of(model, Answers.ALPHABET, request).getFirst();
  }

  @Test
  void shouldSayOnlyWhatTheMaskAllows() {
    var mask = new Spelling("dog");
    Answers answer = answer(new ScriptedForwardPass(32, 8), request(20, Set.of(7), masked(mask)));
    assertEquals(List.of(3, 14, 6, 7), answer.ids(), "d, o, g, and the end");
    assertEquals(List.of(3, 14, 6), mask.taken, "the end is not the mask's");
    assertEquals(Reason.STOP, answer.finished().reason());
  }

  @Test
  void shouldTakeTheMoreProbableOfWhatIsAllowed() {
    var mask = new Spelling("zzz", 1, 2, 3); // b, c, d are what the model wants to say
    Answers answer = answer(new ScriptedForwardPass(32, 8), request(20, Set.of(7), masked(mask)));
    assertEquals(List.of(1, 2, 3, 7), answer.ids());
  }

  /// Token 3, d, is the end: whether it is allowed is not for the mask's tokens to say.
  @Test
  void shouldNotSayTheEndWhileItIsNotAllowed() {
    var mask = new Spelling("bcdef", 10);
    Answers answer = answer(new ScriptedForwardPass(32, 8), request(20, Set.of(3), masked(mask)));
    assertEquals(List.of(1, 2, 10, 4, 5, 3), answer.ids());
  }

  /// With no token to end with; what is held back is shown.
  @Test
  void shouldEndWhereNothingMayFollow() {
    var request =
        new GenerationRequest(
            new int[] {0},
            20,
            new Sampler.Greedy(),
            Set.of(),
            List.of("gx"),
            Speculation.off(),
            masked(new Spelling("dog")));
    Answers answer = answer(new ScriptedForwardPass(32, 8), request);
    assertEquals("dog", answer.text());
    assertEquals(Reason.STOP, answer.finished().reason());
  }

  @Test
  void shouldEndInADeadEnd() {
    var mask =
        new Spelling("do") {
          @Override
          public boolean mayEnd() {
            return false;
          }
        };
    Answers answer = answer(new ScriptedForwardPass(32, 8), request(20, Set.of(7), masked(mask)));
    assertEquals("do", answer.text());
    assertEquals(Reason.STOP, answer.finished().reason());
  }

  /// It waits for the step to begin, and the step for it.
  @Test
  void shouldComputeTheMaskWhileTheStepRuns() {
    var computed = new CountDownLatch(1);
    var begun = new CountDownLatch(1);
    var mask =
        new Spelling("d") {
          @Override
          public BitSet allowed() {
            await(begun);
            computed.countDown();
            return super.allowed();
          }
        };
    var model = new ScriptedForwardPass(32, 8);
    model.before =
        () -> {
          begun.countDown();
          await(computed);
        };
    assertEquals("d", answer(model, request(1, Set.of(), masked(mask))).text());
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void shouldEndOnlyTheAnswerWhoseMaskFails() {
    var mask =
        new Spelling("dog") {
          @Override
          public BitSet allowed() {
            if (taken.size() == 1) {
              throw new IllegalStateException("no grammar");
            }
            return super.allowed();
          }
        };
    try (var scheduler = new Scheduler(new ScriptedForwardPass(64, 8, 4), Answers.ALPHABET, 2)) {
      Answers failing = new Answers();
      Answers other = new Answers();
      Generation one = scheduler.submit(request(9, Set.of(7), masked(mask)), failing);
      Generation two = scheduler.submit(Answers.request(9, 0), other);
      assertEquals("no grammar", assertThrows(IllegalStateException.class, one::join).getMessage());
      two.join();
      assertEquals("d", failing.text());
      assertEquals("bcdefghij", other.text());
    }
  }

  /// Others do not wait for a mask for ever.
  @Test
  @Tag("slow")
  void shouldEndOnlyTheAnswerWhoseMaskHangs() {
    CountDownLatch never = new CountDownLatch(1);
    var mask =
        new Spelling("dog") {
          @Override
          public BitSet allowed() {
            try {
              never.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            return super.allowed();
          }
        };
    try (var scheduler = new Scheduler(new ScriptedForwardPass(64, 8, 4), Answers.ALPHABET, 2)) {
      Answers other = new Answers();
      Generation one = scheduler.submit(request(9, Set.of(7), masked(mask)), new Answers());
      Generation two = scheduler.submit(Answers.request(9, 0), other);
      String message = assertThrows(IllegalStateException.class, one::join).getMessage();
      assertEquals("which tokens are allowed was not known after PT5S", message);
      two.join();
      assertEquals("bcdefghij", other.text());
    }
  }

  /// Also where no token ends the answer, so that the mask tells whether it is over.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldAskTheMaskOncePerToken(boolean stops) {
    List<Integer> asked = new ArrayList<>();
    var mask =
        new Spelling("dog") {
          @Override
          public BitSet allowed() {
            asked.add(taken.size());
            return super.allowed();
          }

          @Override
          public boolean mayEnd() {
            return !stops || super.mayEnd();
          }
        };
    Set<Integer> stopIds = stops ? Set.of(7) : Set.of();
    Answers answer = answer(new ScriptedForwardPass(32, 8), request(20, stopIds, masked(mask)));
    assertEquals(stops ? List.of(3, 14, 6, 7) : List.of(3, 14, 6), answer.ids());
    assertEquals(List.of(0, 1, 2, 3), asked);
  }

  /// The model wants "bcdef…"; c is banned, and of the others u (20) is liked best.
  @Test
  void shouldBiasTokens() {
    var bias = Map.of(2, -100f, 20, 0.5f, 21, 0.25f);
    Answers answer =
        answer(
            new ScriptedForwardPass(32, 8),
            request(5, Set.of(), new Guidance(Penalties.NONE, bias, null, -1)));
    assertEquals(List.of(1, 20, 21, 22, 23), answer.ids());
  }

  @Test
  void shouldPenalizeWhatTheAnswerHas() {
    var model = new ScriptedForwardPass(32, 8);
    model.next = text -> 5; // logit 1; all others 0
    var penalties = new Penalties(1, 0, 0, 0.4f);
    Answers answer = answer(model, request(6, Set.of(), Guidance.of(penalties)));
    assertEquals(List.of(5, 5, 5, 0, 1, 2), answer.ids());
    assertTrue(model.runs.stream().allMatch(run -> run.tokens().length == 1), "no guesses");
  }

  /// The prompt's tokens count, too; what has left the window does not.
  @Test
  void shouldPenalizeRepetition() {
    var model = new ScriptedForwardPass(32, 8);
    model.next = text -> 5;
    var bias = Map.of(6, 0.9f, 7, 0.8f);
    var penalties = new Penalties(2, 1, 0, 0);
    Answers answer = answer(model, request(4, Set.of(), new Guidance(penalties, bias, null, -1)));
    assertEquals(List.of(5, 6, 5, 6), answer.ids());
  }

  @Test
  void shouldTellLogprobsOfTheModelAlone() {
    var bias = Map.of(9, 50f);
    var guidance = new Guidance(Penalties.NONE, bias, null, 2);
    Answers answer = answer(new ScriptedForwardPass(32, 8), request(3, Set.of(), guidance));
    assertEquals(List.of(9, 9, 9), answer.ids());
    double log = Math.log(Math.E + 63); // one logit of 1, 63 of 0
    for (Token token : answer.tokens()) {
      TokenLogprobs logprobs = told(token.logprobs());
      assertEquals(-log, logprobs.chosen(), 1e-6);
      assertEquals(2, logprobs.top().size());
      assertEquals(1 - log, logprobs.top().getFirst().logprob(), 1e-6);
    }
    assertEquals(1, told(answer.tokens().getFirst().logprobs()).top().getFirst().token());
  }

  private static TokenLogprobs told(@Nullable TokenLogprobs logprobs) {
    assertNotNull(logprobs);
    return logprobs;
  }

  @Test
  void shouldTellNoLogprobsUnlessAsked() {
    Answers answer = answer(new ScriptedForwardPass(32, 8), Answers.request(2, 0));
    assertNull(answer.tokens().getFirst().logprobs());
  }

  /// A world that was lost in the middle: the same tokens, and the mask has taken each once.
  @Test
  void shouldGoOnWhereNodesWereLost() {
    var mask = new Spelling("zebra", 1, 2, 3, 4);
    var model = new ScriptedForwardPass(32, 8);
    var request = request(20, Set.of(7), masked(mask));
    model.before =
        () -> {
          if (model.steps.size() == 3) {
            model.epoch++;
            model.forget();
          }
        };
    Answers answer = answer(model, request);
    assertEquals(5, mask.taken.size());
    assertEquals(mask.taken, answer.ids().subList(0, 5));
    assertInstanceOf(GenerationEvent.Finished.class, answer.ending());
  }

  @Test
  void shouldRefuseABiasOfNoToken() {
    try (var scheduler = new Scheduler(new ScriptedForwardPass(32, 8), Answers.ALPHABET, 1)) {
      for (int token : new int[] {-1, 64}) {
        var guidance = new Guidance(Penalties.NONE, Map.of(token, 1f), null, -1);
        var e =
            assertThrows(
                UserException.class,
                () -> scheduler.submit(request(1, Set.of(), guidance), new Answers()));
        assertEquals(
            "there is no token %d to be given a bias; the model has 64".formatted(token),
            e.getMessage());
      }
    }
  }
}
