package dllama.cluster.root;

import dllama.cluster.wire.WorldSpec;
import dllama.logits.Adjustments;
import dllama.logits.LogitsQuestion;
import dllama.logits.LogitsWanted;
import dllama.logits.LogitsWanted.Best;
import dllama.logits.LogitsWanted.Draw;
import dllama.logits.LogitsWanted.DrawAny;
import dllama.logits.LogitsWanted.Nothing;
import dllama.step.ForwardPass;
import dllama.step.Run;
import dllama.step.RunState;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// The steps of a rehearsal, round by round: all that answers are made of, single tokens most of
/// all. Prompts come last, because they take longest while nothing is compiled.
final class RehearsalScript {
  /// Single tokens of a round.
  static final int SINGLE = 100;

  /// Steps of a round.
  static final int STEPS = SINGLE + 7;

  /// Tokens of the longest prompt.
  private static final int LONG_PROMPT = 32;

  /// A whole bundle of tokens, and one more.
  private static final int SHORT_PROMPT = 9;

  /// A token with some that are guessed to follow.
  private static final int GUESSES = 4;

  private static final Adjustments ADJUSTED =
      new Adjustments(new int[1], new float[] {2}, new float[] {1});

  /// Tokens that are allowed.
  private static final BitSet FEW = BitSet.valueOf(new long[] {1});

  private static final int[] PAGES = new int[ForwardPass.pages(WorldSpec.REHEARSAL_CONTEXT)];

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
  Run next() {
    int now = step;
    step = (step + 1) % STEPS;
    return switch (now) {
      case SINGLE -> run(1, new Draw(1), ADJUSTED);
      case SINGLE + 1 -> run(1, new DrawAny(1));
      case SINGLE + 2 -> run(1, new LogitsWanted.All());
      case SINGLE + 3 -> run(GUESSES, new Best(Math.min(GUESSES, maxBatchTokens)));
      case SINGLE + 4 -> run(SHORT_PROMPT, given());
      case SINGLE + 5 -> run(SHORT_PROMPT, states());
      case SINGLE + 6 -> run(LONG_PROMPT, new Nothing());
      default -> run(1, new Best(1));
    };
  }

  /// Whether a round is over with the step that [#next] gave last.
  boolean isRoundOver() {
    return step == 0;
  }

  /// What ranks are asked about the logits of the latest step; null: nothing.
  @Nullable LogitsQuestion question() {
    return switch (step) {
      case SINGLE + 1 -> new LogitsQuestion.Everything();
      case SINGLE + 2 -> new LogitsQuestion.Walk(0, 1, 0.5f, 0, 1, 0);
      case SINGLE + 3 -> new LogitsQuestion.Adjusted(new Draw(1), ADJUSTED, FEW);
      case SINGLE + 5 -> new LogitsQuestion.Unadjusted(0, 1);
      default -> null;
    };
  }

  private LogitsWanted given() {
    return new LogitsWanted.Given(new int[Math.min(SHORT_PROMPT, maxBatchTokens)]);
  }

  private LogitsWanted states() {
    return new LogitsWanted.States(Math.min(SHORT_PROMPT, maxBatchTokens));
  }

  private Run run(int wished, LogitsWanted wanted) {
    return run(wished, wanted, Adjustments.NONE);
  }

  private Run run(int wished, LogitsWanted wanted, Adjustments adjustments) {
    int tokens = Math.min(wished, maxBatchTokens);
    int from = position + tokens <= context ? position : 0;
    position = isRoundOver() ? 0 : from + tokens;
    RunState state = RunState.alone(from);
    return new Run(PAGES, PAGES, from, new int[tokens], state, wanted, adjustments);
  }
}
