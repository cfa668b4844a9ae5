package dllama.engine;

import dllama.model.Mixture;
import dllama.model.Mixture.Scores;
import dllama.tensor.Activations;
import java.util.Arrays;

/// Which experts the tokens of a batch go to, and with what share. The rows that experts compute
/// with, one per token and chosen expert, stand in *slots*, those of an expert side by side.
///
/// Every rank routes for itself: the same residual stream and the same router give the same choice.
/// Allocates nothing after construction.
final class Routing {
  /// Shares are not divided by less, as in llama.cpp: the smallest normal number of float16.
  private static final double LEAST_SUM = 0x1p-14;

  private final int experts;
  private final int active;
  private final Mixture mixture;

  /// Whether shares are softmax over those chosen, which need no scores of all.
  private final boolean plain;

  /// Experts of token t: `[t * active, (t + 1) * active)`, and their shares.
  private final int[] chosen;

  private final float[] shares;

  /// Of a token's experts.
  private final double[] scores;

  private final boolean[] taken;
  private final int[] counts;
  private final int[] firsts;
  private final int[] slots;
  private final int[] tokenOfSlot;
  private final float[] shareOfSlot;

  Routing(int experts, int active, Mixture mixture, int maxTokens) {
    this.experts = experts;
    this.active = active;
    this.mixture = mixture;
    plain = mixture.scores() == Scores.SOFTMAX && mixture.renormed() && mixture.scale() == 1;
    scores = new double[experts];
    chosen = new int[Math.multiplyExact(maxTokens, active)];
    shares = new float[chosen.length];
    taken = new boolean[experts];
    counts = new int[experts];
    firsts = new int[experts];
    slots = new int[chosen.length];
    int most = chosen.length + Math.min(experts, chosen.length) * (Activations.BUNDLE - 1);
    most = Math.ceilDiv(most, Activations.BUNDLE) * Activations.BUNDLE;
    tokenOfSlot = new int[most];
    shareOfSlot = new float[most];
  }

  /// Chooses for each row of `logits[tokens, experts]` the `active` largest, the first of equals.
  ///
  /// @param bias of scores, where an expert is chosen; empty: the logits choose
  void assign(float[] logits, float[] bias, int tokens) {
    for (int token = 0; token < tokens; token++) {
      if (plain && bias.length == 0) {
        choose(logits, token);
      } else {
        chooseByScores(logits, bias, token);
      }
    }
    fillSlots(tokens);
  }

  /// Multiplies the shares of each expert with a number of its own; does nothing where there are
  /// none.
  void scale(float[] factors) {
    for (int expert = 0; expert < factors.length; expert++) {
      for (int slot = firsts[expert]; slot < firsts[expert] + counts[expert]; slot++) {
        shareOfSlot[slot] *= factors[expert];
      }
    }
  }

  private void choose(float[] logits, int token) {
    int row = token * experts;
    double sum = 0;
    for (int i = token * active; i < (token + 1) * active; i++) {
      int best = largest(logits, row);
      taken[best] = true;
      chosen[i] = best;
      // The first is the largest of all. StrictMath: the same on every machine.
      float above = logits[row + best] - logits[row + chosen[token * active]];
      shares[i] = (float) StrictMath.exp(above);
      sum += shares[i];
    }
    for (int i = token * active; i < (token + 1) * active; i++) {
      taken[chosen[i]] = false;
      shares[i] = (float) (shares[i] / sum);
    }
  }

  private void chooseByScores(float[] logits, float[] bias, int token) {
    int row = token * experts;
    score(logits, row);
    for (int expert = 0; bias.length > 0 && expert < experts; expert++) {
      logits[row + expert] = (float) scores[expert] + bias[expert];
    }
    double sum = 0;
    for (int i = token * active; i < (token + 1) * active; i++) {
      int best = largest(logits, row);
      taken[best] = true;
      chosen[i] = best;
      sum += scores[best];
    }
    double factor = mixture.scale() / (mixture.renormed() ? Math.max(sum, LEAST_SUM) : 1);
    for (int i = token * active; i < (token + 1) * active; i++) {
      taken[chosen[i]] = false;
      shares[i] = (float) (scores[chosen[i]] * factor);
    }
  }

  /// Fills [#scores] of a row.
  private void score(float[] logits, int row) {
    if (mixture.scores() == Scores.SIGMOID) {
      for (int expert = 0; expert < experts; expert++) {
        scores[expert] = 1 / (1 + StrictMath.exp(-(double) logits[row + expert]));
      }
      return;
    }
    float above = logits[row + largest(logits, row)];
    double sum = 0;
    for (int expert = 0; expert < experts; expert++) {
      scores[expert] = StrictMath.exp((double) logits[row + expert] - above);
      sum += scores[expert];
    }
    for (int expert = 0; expert < experts; expert++) {
      scores[expert] /= sum;
    }
  }

  private int largest(float[] logits, int row) {
    int best = -1;
    for (int expert = 0; expert < experts; expert++) {
      if (!taken[expert] && (best < 0 || logits[row + expert] > logits[row + best])) {
        best = expert;
      }
    }
    return best;
  }

  private void fillSlots(int tokens) {
    Arrays.fill(counts, 0);
    for (int i = 0; i < tokens * active; i++) {
      counts[chosen[i]]++;
    }
    int next = 0;
    for (int expert = 0; expert < experts; expert++) {
      firsts[expert] = next;
      next += Math.ceilDiv(counts[expert], Activations.BUNDLE) * Activations.BUNDLE;
      counts[expert] = 0;
    }
    for (int i = 0; i < tokens * active; i++) {
      int slot = firsts[chosen[i]] + counts[chosen[i]]++;
      slots[i] = slot;
      tokenOfSlot[slot] = i / active;
      shareOfSlot[slot] = shares[i];
    }
  }

  /// The most slots that a batch can need.
  int maxSlots() {
    return tokenOfSlot.length;
  }

  /// The slots in use, `tokens * active` of them, in the order of the tokens.
  int slot(int index) {
    return slots[index];
  }

  /// Tokens of this batch that chose `expert`.
  int count(int expert) {
    return counts[expert];
  }

  /// The first slot of `expert`, a multiple of [Activations#BUNDLE]; others follow in the order of
  /// the tokens.
  int firstSlot(int expert) {
    return firsts[expert];
  }

  int token(int slot) {
    return tokenOfSlot[slot];
  }

  /// What a token's expert counts, see [Mixture].
  float share(int slot) {
    return shareOfSlot[slot];
  }
}
