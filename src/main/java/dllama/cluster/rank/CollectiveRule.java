package dllama.cluster.rank;

import dllama.cluster.wire.WorldSpec;
import dllama.error.UserException;
import dllama.settings.CollectiveType;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import java.util.Optional;

/// Which collectives the steps of a world may use; follows from the [WorldSpec] alone. Where that
/// leaves a choice, it is the root's (`CollectiveChoice`) and the same for all ranks, told with the
/// input of the step.
public record CollectiveRule(ShardPlan plan, CollectiveType type) {
  /// That of a world.
  public static CollectiveRule of(WorldSpec world) {
    return new CollectiveRule(world.plan(), world.collective());
  }

  /// Refuses collectives that do not fit the exchange type.
  ///
  /// @throws UserException if sums would be rounded where the user wants none of them rounded
  public static void check(CollectiveType type, DType exchange) {
    if (type == CollectiveType.REDUCE_SCATTER_Q80 && exchange != DType.Q8_0) {
      throw new UserException(
          "dllama.sync.collective=reduce-scatter-q80 rounds sums to q80 and needs "
              + "--buffer-float-type q80");
    }
  }

  /// Whether a step may be done by reduce-scatter, or without it.
  public boolean permits(boolean scatters) {
    return switch (type) {
      case AUTO -> !scatters || plan.worldSize() > 1;
      case DIRECT -> !scatters;
      case REDUCE_SCATTER, REDUCE_SCATTER_Q80 -> scatters == plan.worldSize() > 1;
    };
  }

  /// What the user should know: that results have other bits than those of the direct collective.
  public Optional<String> notice() {
    return plan.worldSize() > 1 && type == CollectiveType.REDUCE_SCATTER_Q80
        ? Optional.of(
            "sums are rounded to q80 on their way (reduce-scatter-q80): results may differ")
        : Optional.empty();
  }

  /// How reduce-scatter sends sums.
  DType sums() {
    return type == CollectiveType.REDUCE_SCATTER_Q80 ? DType.Q8_0 : DType.F32;
  }
}
