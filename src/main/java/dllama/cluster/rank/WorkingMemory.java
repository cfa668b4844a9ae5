package dllama.cluster.rank;

import dllama.cluster.wire.Assignment;
import dllama.engine.EngineSettings;
import dllama.model.Architecture.Trait;
import dllama.model.ModelSpec;
import dllama.model.Range;
import dllama.model.TensorRole.Axis;
import dllama.slice.ShardPlan;
import dllama.step.ForwardPass;
import dllama.tensor.Kernels;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// How much of Java's own memory a rank takes, beside its weights, keys and values: activations of
/// a step in both of its halves, what is exchanged, tables of positions. An upper bound, so that a
/// root can not make a worker run out of memory by what no model has.
final class WorkingMemory {
  /// Copies of the residual stream, and levels of sums over it.
  private static final int STREAMS = 12;

  /// Projections, and their inputs in another type.
  private static final int COPIES = 3;

  private WorkingMemory() {}

  /// Bytes; more than there can be where sizes make no sense.
  ///
  /// @param threads that compute
  static long bytes(Assignment assignment, int threads) {
    ShardPlan plan = assignment.world().plan();
    ModelSpec spec = plan.spec();
    EngineSettings engine = assignment.world().engine();
    double dim = spec.dim();
    double heads = widest(plan, Axis.QUERY, assignment.rank());
    double keys = 2d * widest(plan, Axis.KEY, assignment.rank());
    double hidden = Math.max(1, spec.activeExperts()) * widest(plan, Axis.FFN, assignment.rank());
    double others =
        Stream.of(Axis.SHARED_FFN, Axis.DENSE_FFN)
            .filter(axis -> axis.size(spec) > 0)
            .mapToInt(axis -> plan.part(axis, assignment.rank()).size())
            .sum();
    double sums = spec.feedForwardSums() * dim;
    double sent = Exchange.PLACES * plan.mostBranches() * sums;
    double inputs = COPIES * (double) Axis.ALL_INPUTS.size(spec);
    double streams = STREAMS * sums + inputs;
    double gates = spec.architecture().has(Trait.ATTENTION_GATES) ? 2 * heads : 0;
    double deltaNets = spec.deltaNet().exists() ? deltaNets(plan, assignment.rank()) : 0;
    double projected = heads + gates + keys + hidden + others + deltaNets;
    double row = streams + COPIES * projected + sent + spec.experts();
    double halves = 1.5;
    double tables = (double) spec.headDim() + spec.sliding().headDim();
    double positions = tables + (double) threads * Kernels.HEADS_TOGETHER;
    double wanted = Math.min(ForwardPass.MAX_WANTED, engine.maxBatchTokens());
    double values =
        halves * row * engine.maxBatchTokens()
            + positions * engine.contextLength()
            + wanted * plan.vocabulary(assignment.rank()).size();
    return (long) (values * Float.BYTES);
  }

  /// Queries, keys and values, as they are and convolved, what is read, and gates.
  private static double deltaNets(ShardPlan plan, int rank) {
    double channels = plan.parts(Axis.DELTA_CHANNELS, rank, 0).stream().mapToInt(Range::size).sum();
    return 2 * channels;
  }

  /// The most that a rank has of an axis in any layer.
  private static double widest(ShardPlan plan, Axis axis, int rank) {
    return IntStream.range(0, plan.spec().layers())
        .map(layer -> plan.part(axis, rank, layer).size())
        .max()
        .orElseThrow();
  }
}
