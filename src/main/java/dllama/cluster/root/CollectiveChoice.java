package dllama.cluster.root;

import dllama.cluster.rank.CollectiveRule;
import dllama.engine.Collective;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Which collective the root has the steps of a world use, where the user leaves that to it: of two
/// whose results have the same bits the one that sends less, if that leaves no doubt, and otherwise
/// the one with which steps have taken less time. Whether fewer bytes are worth a second round
/// depends on the latency and the speed of a link, which nobody knows beforehand.
///
/// For that, steps of as many tokens are now and then done by turns, five of each; where that
/// changes nothing, it is done again after twice as many steps as the time before. So it takes a
/// few steps of some hundred, and then ever fewer.
///
/// No clock and no thread of its own.
public final class CollectiveChoice {
  /// Longer steps send so much that bytes decide.
  static final int MAX_TOKENS = 16;

  /// Bytes saved, in those that a round is worth, from which on they decide alone.
  private static final int DOUBTLESS = 16;

  /// Steps before the first comparison: those in which nothing is compiled yet say nothing.
  public static final int FIRST = 16;

  /// Steps of each kind in a comparison.
  public static final int TURNS = 5;

  /// Steps from the first comparison to the second.
  private static final int SHORTEST_PAUSE = 64;

  private static final int LONGEST_PAUSE = 4096;

  /// Less than this is no reason to change anything.
  private static final double GAIN = 0.98;

  private final CollectiveRule rule;
  private final Comparison[] comparisons = new Comparison[MAX_TOKENS + 1];

  /// That of the step under way; null where nothing is compared.
  private @Nullable Comparison comparison;

  CollectiveChoice(CollectiveRule rule) {
    this.rule = rule;
    for (int tokens = 1; tokens <= MAX_TOKENS; tokens++) {
      comparisons[tokens] = new Comparison(Collective.isScatteringWorthIt(rule.plan(), tokens));
    }
  }

  /// Whether the next step, of `tokens` tokens that are exchanged at once, is done by
  /// reduce-scatter.
  boolean begin(int tokens) {
    boolean free = rule.permits(true) && rule.permits(false);
    comparison = free && isDoubtful(tokens) ? comparisons[tokens] : null;
    if (comparison != null) {
      return comparison.scatters();
    }
    return free ? Collective.isScatteringWorthIt(rule.plan(), tokens) : rule.permits(true);
  }

  private boolean isDoubtful(int tokens) {
    long saved = Collective.savedByScattering(rule.plan(), tokens);
    return tokens <= MAX_TOKENS && saved > 0 && saved < DOUBTLESS * Collective.ROUND_BYTES;
  }

  /// That step has taken so long.
  void end(long nanos) {
    if (comparison != null) {
      comparison.measured(nanos);
    }
  }

  /// Of steps of one size.
  private static final class Comparison {
    /// Of what is used between comparisons, and of the other.
    private final long[][] nanos = new long[2][TURNS];

    /// What is used between comparisons.
    private boolean present;

    /// Steps until the next comparison; 0 while one is under way.
    private int pause = FIRST;

    private int nextPause = SHORTEST_PAUSE;

    /// Steps of the comparison under way that are measured.
    private int measured;

    Comparison(boolean scatters) {
      present = scatters;
    }

    boolean scatters() {
      return measured % 2 == 0 ? present : !present;
    }

    void measured(long time) {
      if (pause > 0) {
        pause--;
        return;
      }
      nanos[measured % 2][measured / 2] = time;
      if (++measured == 2 * TURNS) {
        decide();
      }
    }

    private void decide() {
      if (median(nanos[1]) < GAIN * median(nanos[0])) {
        present = !present;
        nextPause = SHORTEST_PAUSE;
      }
      measured = 0;
      pause = nextPause;
      nextPause = Math.min(2 * nextPause, LONGEST_PAUSE);
    }

    private static long median(long[] nanos) {
      Arrays.sort(nanos);
      return nanos[TURNS / 2];
    }
  }
}
