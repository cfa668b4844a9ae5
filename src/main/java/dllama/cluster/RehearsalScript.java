package dllama.cluster;

import dllama.model.Batch;
import dllama.model.Drawer;
import dllama.model.LogitsWanted;
import dllama.model.LogitsWanted.Best;
import dllama.model.LogitsWanted.Draw;
import dllama.model.LogitsWanted.DrawAny;
import dllama.model.LogitsWanted.Nothing;

/// The steps of a rehearsal, round by round: all that answers are made of, single tokens most of
/// all. Prompts come last, because they take longest while nothing is compiled.
final class RehearsalScript {
  /// Single tokens of a round.
  static final int SINGLE = 100;

  /// Steps of a round.
  static final int STEPS = SINGLE + 6;

  /// Tokens of the longest prompt.
  private static final int LONG_PROMPT = 32;

  /// A whole bundle of tokens, and one more.
  private static final int SHORT_PROMPT = 9;

  /// A token with some that are guessed to follow.
  private static final int GUESSES = 4;

  /// Tokens of a round, and some more.
  static final int CONTEXT = 160;

  private final int maxBatchTokens;
  private final int context;
  private int step;
  private int position;

  /// @param maxBatchTokens that a step may have
  /// @param context positions there are; what does not fit begins at 0 again
  RehearsalScript(int maxBatchTokens, int context) {
    this.maxBatchTokens = maxBatchTokens;
    this.context = context;
  }

  /// The next step.
  Batch next() {
    int now = step;
    step = (step + 1) % STEPS;
    return switch (now) {
      case SINGLE -> batch(1, new Draw(1));
      case SINGLE + 1 -> batch(1, new DrawAny(1, 0.5f));
      case SINGLE + 2 -> batch(1, new LogitsWanted.All());
      case SINGLE + 3 -> batch(GUESSES, new Best(Math.min(GUESSES, maxBatchTokens)));
      case SINGLE + 4 -> batch(SHORT_PROMPT, new Best(1));
      case SINGLE + 5 -> batch(LONG_PROMPT, new Nothing());
      default -> batch(1, new Best(1));
    };
  }

  /// Whether a round is over with the step that [#next] gave last.
  boolean isRoundOver() {
    return step == 0;
  }

  private Batch batch(int wished, LogitsWanted wanted) {
    int tokens = Math.min(wished, maxBatchTokens);
    int from = position + tokens <= context ? position : 0;
    position = isRoundOver() ? 0 : from + tokens;
    Drawer drawer = wanted instanceof Draw ? RehearsalScript::draw : null;
    return new Batch(new int[tokens], from, wanted, drawer);
  }

  /// Asks for all logits where candidates are fewer.
  private static int draw(Drawer.Candidates candidates) {
    return candidates.size() < candidates.vocabSize() ? -1 : candidates.tokens()[0];
  }
}
