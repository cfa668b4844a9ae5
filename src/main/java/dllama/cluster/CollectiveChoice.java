package dllama.cluster;

import dllama.settings.CollectiveType;
import dllama.shard.Collective;
import dllama.shard.ShardPlan;
import java.util.Arrays;

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
final class CollectiveChoice {
  /// Longer steps send so much that bytes decide.
  static final int MAX_TOKENS = 16;

  /// Bytes saved, in those that a round is worth, from which on they decide alone.
  private static final int DOUBTLESS = 16;

  /// Steps before the first comparison: those in which nothing is compiled yet say nothing.
  static final int FIRST = 16;

  /// Steps of each kind in a comparison.
  static final int TURNS = 5;

  /// Steps from the first comparison to the second.
  private static final int SHORTEST_PAUSE = 64;

  private static final int LONGEST_PAUSE = 4096;

  /// Less than this is no reason to change anything.
  private static final double GAIN = 0.98;

  private final ShardPlan plan;
  private final CollectiveType type;
  private final Comparison[] comparisons = new Comparison[MAX_TOKENS + 1];

  /// Of the step under way.
  private int tokens;

  private boolean scatters;

  CollectiveChoice(ShardPlan plan, CollectiveType type) {
    this.plan = plan;
    this.type = type;
    for (int tokens = 1; tokens <= MAX_TOKENS; tokens++) {
      comparisons[tokens] = new Comparison(Collective.isScatteringWorthIt(plan, tokens));
    }
  }

  /// Whether the next step, of `tokens` tokens that are exchanged at once, is done by
  /// reduce-scatter.
  boolean begin(int tokens) {
    this.tokens = tokens;
    scatters = scatters();
    return scatters;
  }

  private boolean scatters() {
    return plan.worldSize() > 1
        && switch (type) {
          case AUTO ->
              isDoubtful()
                  ? comparisons[tokens].next()
                  : Collective.isScatteringWorthIt(plan, tokens);
          case DIRECT -> false;
          case REDUCE_SCATTER, REDUCE_SCATTER_Q80 -> true;
        };
  }

  /// That step has taken so long.
  void end(long nanos) {
    if (type == CollectiveType.AUTO && isDoubtful()) {
      comparisons[tokens].measured(scatters, nanos);
    }
  }

  private boolean isDoubtful() {
    long saved = Collective.savedByScattering(plan, tokens);
    return tokens <= MAX_TOKENS && saved > 0 && saved < DOUBTLESS * Collective.ROUND_BYTES;
  }

  /// Of steps of one size.
  private static final class Comparison {
    private final long[] direct = new long[TURNS];
    private final long[] scattered = new long[TURNS];

    /// What is used between comparisons.
    private boolean scatters;

    /// Steps until the next comparison; 0 while one is under way.
    private int pause = FIRST;

    private int nextPause = SHORTEST_PAUSE;

    /// Steps of the comparison under way that are measured.
    private int measured;

    Comparison(boolean scatters) {
      this.scatters = scatters;
    }

    boolean next() {
      if (pause > 0) {
        pause--;
        return scatters;
      }
      return (measured % 2 == 0) == scatters;
    }

    void measured(boolean wasScattered, long nanos) {
      if (pause > 0 || wasScattered != ((measured % 2 == 0) == scatters)) {
        return;
      }
      (wasScattered ? scattered : direct)[measured / 2] = nanos;
      if (++measured == 2 * TURNS) {
        decide();
      }
    }

    private void decide() {
      long present = median(scatters ? scattered : direct);
      long other = median(scatters ? direct : scattered);
      if (other < GAIN * present) {
        scatters = !scatters;
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
