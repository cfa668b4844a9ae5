package dllama.cluster.rank;

import dllama.cluster.wire.WorldSpec;
import dllama.engine.Halves;
import dllama.settings.Overlap;
import dllama.slice.ShardPlan;

/// Whether the ranks of a world do a step in two halves, one computed while what the other has sent
/// is on its way. Follows from the [WorldSpec] and the root's input alone, so all ranks decide
/// alike and need not tell each other.
public record OverlapRule(ShardPlan plan, Overlap overlap) {
  /// That of a world.
  public static OverlapRule of(WorldSpec world) {
    return new OverlapRule(world.plan(), world.overlap());
  }

  /// Tokens of the first half of a step; 0: it is done as a whole.
  ///
  /// @param rows how many of the last tokens come from the first one on of which logits are wanted;
  ///     only the second half gives any
  public int firstHalf(int tokens, int rows) {
    int first = Halves.first(tokens);
    boolean wanted =
        plan.worldSize() > 1
            && switch (overlap) {
              case AUTO -> Halves.areWorthIt(plan, tokens);
              case ON -> tokens > 1;
              case OFF -> false;
            };
    return wanted && rows <= tokens - first ? first : 0;
  }
}
