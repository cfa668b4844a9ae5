package dllama.generation;

import dllama.logits.Adjustments;
import dllama.logits.LogitsQuestion;
import dllama.logits.LogitsWanted;
import dllama.logits.RunLogits;
import dllama.logits.TokenChoice;
import dllama.logits.TokenLogprobs;
import dllama.sampling.RandomSampler;
import dllama.sampling.Sampler;
import dllama.step.ForwardException;
import java.time.Duration;
import java.util.BitSet;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// Chooses the tokens of one sequence, with its sampler and as its [Guidance] says. Before a step
/// it says what is wanted of logits, and how they are adjusted; afterwards it chooses, and asks
/// again where only now is known which tokens are allowed. The [Scheduler]'s, on its thread.
final class TokenChooser {
  /// In place of a token: nothing may follow.
  static final int END = -1;

  /// How long others wait for one answer's mask.
  private static final Duration MASK_LIMIT = Duration.ofSeconds(5);

  private final Sampler sampler;
  private final Guidance guidance;
  private final Set<Integer> stopIds;
  private final int vocabSize;
  private final TokenAdjuster adjuster;

  /// Of the step under way.
  private Adjustments adjustments = Adjustments.NONE;

  /// Of the next token; null until it is asked for.
  private @Nullable FutureTask<BitSet> allowed;

  /// @param stopIds tokens that end the answer
  TokenChooser(Sampler sampler, Guidance guidance, Set<Integer> stopIds, int vocabSize) {
    this.sampler = sampler;
    this.guidance = guidance;
    this.stopIds = stopIds;
    this.vocabSize = vocabSize;
    adjuster = new TokenAdjuster(guidance.penalties(), guidance.bias());
  }

  /// Whether the most probable token is what is chosen, whatever the text so far.
  boolean isPlainlyGreedy() {
    return sampler instanceof Sampler.Greedy && guidance.isNone();
  }

  /// A step begins whose logits the next token is chosen from.
  ///
  /// @param tokens prompt and answer, and room for more
  /// @param answer where the answer begins
  /// @param end where it ends so far
  void begin(int[] tokens, int answer, int end) {
    adjustments = adjuster.next(tokens, answer, end);
    TokenMask mask = guidance.mask();
    if (mask != null) {
      allowed = ask(mask);
    }
  }

  /// What is wanted of the logits of that step: where ranks are asked again in any case, little.
  LogitsWanted wanted() {
    return guidance.mask() != null || !ride()
        ? new LogitsWanted.Best(1)
        : SamplerChoice.wanted(sampler);
  }

  /// What ranks are told with that step.
  Adjustments adjustments() {
    return ride() ? adjustments : Adjustments.NONE;
  }

  /// Whether there is room for the adjustments in the step.
  private boolean ride() {
    return adjustments.size() <= Adjustments.MAX_OF_RUN;
  }

  /// The token; [#END] if there is none that is allowed.
  int next(RunLogits logits, TokenChoice choice) {
    if (guidance.mask() == null && ride()) {
      return SamplerChoice.next(sampler, logits, choice);
    }
    BitSet allowed = allowed();
    if (allowed != null && allowed.cardinality() <= 1) {
      toss();
      return allowed.nextSetBit(0);
    }
    if (sampler instanceof Sampler.Greedy && ride()) {
      int best = choice.best(logits)[0];
      if (allowed == null || allowed.get(best)) {
        return best;
      }
    }
    var question = new LogitsQuestion.Adjusted(SamplerChoice.wanted(sampler), adjustments, allowed);
    return SamplerChoice.next(sampler, logits.ask(question), choice);
  }

  /// How probable the model held the token; null where nobody wants to know.
  @Nullable TokenLogprobs logprobs(RunLogits logits, int token) {
    return guidance.logprobs() < 0 ? null : logits.logprobs(token, guidance.logprobs());
  }

  /// A token was taken into the answer.
  void accept(int token) {
    TokenMask mask = guidance.mask();
    if (mask != null && !stopIds.contains(token)) {
      allowed = null;
      mask.accept(token);
    }
  }

  /// Whether the answer is complete, and there is no token that ends it.
  boolean isComplete() {
    TokenMask mask = guidance.mask();
    return mask != null && stopIds.isEmpty() && mask.mayEnd() && await(mask).isEmpty();
  }

  /// Asks which tokens may come next, once: not when a step is done again.
  private FutureTask<BitSet> ask(TokenMask mask) {
    if (allowed != null) {
      return allowed;
    }
    FutureTask<BitSet> asked = new FutureTask<>(mask::allowed);
    Thread.ofVirtual().name("mask").start(asked);
    return asked;
  }

  /// All tokens that may come next, those that end the answer included; null: all there are.
  private @Nullable BitSet allowed() {
    TokenMask mask = guidance.mask();
    if (mask == null) {
      return null;
    }
    BitSet tokens = new BitSet(vocabSize);
    tokens.or(await(mask));
    boolean end = mask.mayEnd();
    stopIds.forEach(token -> tokens.set(token, end));
    if (tokens.length() > vocabSize) {
      tokens.clear(vocabSize, tokens.length());
    }
    return tokens.cardinality() == vocabSize ? null : tokens;
  }

  private BitSet await(TokenMask mask) {
    FutureTask<BitSet> asked = ask(mask);
    allowed = asked;
    try {
      return asked.get(MASK_LIMIT.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      asked.cancel(true);
      throw new IllegalStateException(
          "which tokens are allowed was not known after " + MASK_LIMIT, e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException thrown
          ? thrown
          : new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ForwardException("interrupted");
    }
  }

  /// One coin per token, needed or not, so that answers do not depend on how tokens are found.
  private void toss() {
    if (sampler instanceof RandomSampler random) {
      random.coin();
      random.drawn();
    }
  }
}
