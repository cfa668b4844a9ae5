package dllama.prediction;

import dllama.engine.EngineSettings;
import dllama.model.ModelSpec;
import dllama.settings.Device;
import dllama.settings.Link;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/// What a token would take on another number of nodes than compute now, from what it takes now: the
/// parts of a [Prediction], computing and exchange, each as much off as it is for the present
/// number. Nodes that may come are taken for ones like those that are here. Immutable.
public final class Outlook {
  /// Only how the times of different numbers of nodes compare is of use, not this.
  private static final double READ_RATE = 1e9;

  private static final double FAR_MORE = 1e15;

  /// Where it can not be told from a world of one what is between nodes.
  private static final Link USUAL = new Link("", 1e9, Duration.ofNanos(100_000), false);

  private final Map<Integer, Prediction.Token> tokens = new TreeMap<>();

  /// @param kv type of keys and values
  public Outlook(ModelSpec spec, DType exchange, DType kv, int contextLength) {
    EngineSettings engine = EngineSettings.ofOneSequence(spec, kv, contextLength, 1);
    Device device =
        new Device(
            "one of these",
            0,
            1,
            READ_RATE,
            FAR_MORE,
            DeviceMeasurement.EXCHANGE,
            DeviceMeasurement.MESSAGE,
            false);
    for (int nodes : ShardPlan.usableWorldSizes(spec, exchange)) {
      ShardPlan plan = new ShardPlan(spec, exchange, nodes);
      tokens.put(nodes, Prediction.of(plan, engine, 1, device, USUAL).token());
    }
  }

  /// The time of a token in milliseconds; empty for a number of nodes that can not be.
  ///
  /// @param now nodes that compute, on which a token takes `computeMs` and `syncMs`
  public OptionalDouble msPerToken(int nodes, int now, double computeMs, double syncMs) {
    Prediction.Token present = tokens.get(now);
    Prediction.Token other = tokens.get(nodes);
    if (present == null || other == null) {
      return OptionalDouble.empty();
    }
    double sync = now == 1 ? other.exchange() : syncMs * other.exchange() / present.exchange();
    return OptionalDouble.of(computeMs * computing(other) / computing(present) + sync);
  }

  private static double computing(Prediction.Token token) {
    return token.total() - token.exchange();
  }
}
