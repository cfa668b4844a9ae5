package dllama.cluster;

import dllama.error.UserException;
import dllama.settings.CollectiveType;
import dllama.shard.Collective;
import dllama.shard.ShardPlan;
import dllama.tensor.DType;
import java.util.Optional;

/// Which collective the ranks of a world use for a step. Follows from the [Assignment] and the
/// number of tokens alone, so all ranks come to the same without a word.
///
/// Left to itself it chooses between two whose results have the same bits, by what they send.
record CollectiveRule(ShardPlan plan, CollectiveType type) {
  static CollectiveRule of(Assignment assignment) {
    return new CollectiveRule(assignment.plan(), assignment.collective());
  }

  /// @throws UserException if sums would be rounded where the user wants none of them rounded
  static void check(CollectiveType type, DType exchange) {
    if (type == CollectiveType.REDUCE_SCATTER_Q80 && exchange != DType.Q80) {
      throw new UserException(
          "dllama.sync.collective=reduce-scatter-q80 rounds sums to q80 and needs "
              + "--buffer-float-type q80");
    }
  }

  /// Whether a step of `tokens` tokens is done by reduce-scatter.
  boolean scatters(int tokens) {
    return plan.worldSize() > 1
        && switch (type) {
          case AUTO -> Collective.isScatteringWorthIt(plan, tokens);
          case DIRECT -> false;
          case REDUCE_SCATTER, REDUCE_SCATTER_Q80 -> true;
        };
  }

  /// What the user should know: that results have other bits than those of the direct collective.
  Optional<String> notice() {
    return plan.worldSize() > 1 && type == CollectiveType.REDUCE_SCATTER_Q80
        ? Optional.of(
            "sums are rounded to q80 on their way (reduce-scatter-q80): results may differ")
        : Optional.empty();
  }

  /// How reduce-scatter sends sums.
  DType sums() {
    return type == CollectiveType.REDUCE_SCATTER_Q80 ? DType.Q80 : DType.F32;
  }
}
