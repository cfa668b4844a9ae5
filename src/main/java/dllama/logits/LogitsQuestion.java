package dllama.logits;

import dllama.model.Range;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// What the root has to ask ranks about the logits of a step, when what they have told does not
/// suffice. None changes what another one is answered with, but for [Adjusted].
public sealed interface LogitsQuestion {
  /// The question as a rank is asked it.
  ///
  /// @param vocabulary the rank's token ids
  default LogitsQuestion to(Range vocabulary) {
    return this;
  }

  /// Every rank: all logits of the last token, adjusted.
  record Everything() implements LogitsQuestion {}

  /// One rank: to add up the probabilities of its tokens, in the order of ids, until `coin` is
  /// passed. As probabilities are floats, whose sum
  /// depends on the order, ranks are asked one after the other, and the token is the one that a
  /// rank which has all logits would draw.
  ///
  /// @param exponent of the largest weight of all
  /// @param total of the weights of all tokens, in the units of that exponent, see [TokenWeights]
  /// @param sum of the probabilities of the ranks before
  record Walk(int rank, float temperature, float coin, int exponent, double total, float sum)
      implements LogitsQuestion {
    public Walk {
      if (rank < 0 || !(temperature > 0) || !(coin >= 0) || !(total > 0) || !(sum >= 0)) {
        throw new IllegalArgumentException(
            "rank=%d temperature=%s coin=%s total=%s sum=%s"
                .formatted(rank, temperature, coin, total, sum));
      }
    }
  }

  /// Every rank: what it would have told, had these been the adjustments of the run, and had only
  /// some tokens been there. Holds for later questions, too, until the next one of this kind.
  ///
  /// @param wanted of one token
  /// @param allowed tokens, counted from the first one of the vocabulary, or of the rank's; null:
  ///     all. Not changed afterwards
  record Adjusted(LogitsWanted wanted, Adjustments adjustments, @Nullable BitSet allowed)
      implements LogitsQuestion {
    public Adjusted {
      if (wanted.rows() != 1) {
        throw new IllegalArgumentException("wanted=" + wanted);
      }
    }

    @Override
    public LogitsQuestion to(Range vocabulary) {
      return allowed == null
          ? this
          : new Adjusted(wanted, adjustments, allowed.get(vocabulary.from(), vocabulary.to()));
    }
  }

  /// Every rank: the largest logits as the model gave them, the weight of all, and the logit of one
  /// token.
  ///
  /// @param token of any rank
  /// @param top how many, at least 1
  record Unadjusted(int token, int top) implements LogitsQuestion {
    /// What may be asked for.
    public static final int MAX_TOP = 20;

    public Unadjusted {
      if (token < 0 || top < 1 || top > MAX_TOP) {
        throw new IllegalArgumentException("token=%d top=%d".formatted(token, top));
      }
    }
  }
}
