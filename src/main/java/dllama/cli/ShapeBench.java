package dllama.cli;

import dllama.error.UserException;
import dllama.files.ByteSize;
import dllama.model.ModelSpec;
import dllama.session.LoadedModel;
import dllama.session.Root;
import dllama.settings.Settings;
import dllama.slice.ShardPlan;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Measures a shape with random weights. One that is too large for the nodes is run with as many
/// layers as fit, and the figures are told for all; see [Extrapolation].
///
/// What the nodes may take is taken to be what this one may. How many there will be is known only
/// where `--nodes` tells; else this one alone has to do.
final class ShapeBench {
  private static final long RANDOM_SEED = 1;

  /// Part of the memory to fill with some layers of a larger model: a machine filled to the brim
  /// would measure its own distress.
  private static final double FILL = 0.75;

  private final Settings settings;
  private final String shape;
  private final int nodes;
  private final Function<LoadedModel, Root> start;

  /// @param start forms the cluster for a model
  ShapeBench(Settings settings, String shape, Function<LoadedModel, Root> start) {
    this.settings = settings;
    this.shape = shape;
    this.nodes = settings.cluster().nodes().orElse(1);
    this.start = start;
  }

  List<BenchRow> run() throws InterruptedException {
    LoadedModel whole = model(settings.bench().layers());
    int all = whole.spec().layers();
    int fitting = settings.bench().layers().isPresent() ? all : layersThatFit(whole);
    if (fitting < 1) {
      throw new UserException(
          "not even one layer of %s fits %s; use more nodes or a smaller --max-seq-len"
              .formatted(shape, where()));
    }
    System.err.printf("%s: a node needs %s%n", shape, memory(whole));
    LoadedModel part = whole;
    if (fitting < all) {
      System.err.printf(
          "%s: %d of %d layers fit %s; they are measured, the others extrapolated%n",
          shape, fitting, all, where());
      part = model(Optional.of(fitting));
    }
    Bench bench = new Bench(settings, part, whole);
    try (Root root = start.apply(part)) {
      return bench.run(root);
    }
  }

  private LoadedModel model(Optional<Integer> layers) {
    ModelSpec spec = LoadedModel.shape(shape, layers, settings.model());
    return LoadedModel.random(shape, spec, RANDOM_SEED, settings.model());
  }

  /// Layers need about the same memory.
  private int layersThatFit(LoadedModel whole) {
    int all = whole.spec().layers();
    long limit = settings.cluster().weights().memoryLimit();
    if (bytes(whole, nodes) <= limit) {
      return all;
    }
    long one = bytes(model(Optional.of(1)), nodes);
    long perLayer = (bytes(whole, nodes) - one) / Math.max(1, all - 1);
    long room = (long) (limit * FILL) - (one - perLayer);
    return Math.clamp(room / perLayer, 0, all - 1);
  }

  private long bytes(LoadedModel model, int worldSize) {
    return model.nodeBytes(worldSize);
  }

  private String where() {
    return nodes == 1 ? "one node" : nodes + " nodes";
  }

  private String memory(LoadedModel whole) {
    return ShardPlan.usableWorldSizes(whole.spec(), whole.exchange()).stream()
        .map(size -> "%s on %d".formatted(ByteSize.text(bytes(whole, size)), size))
        .collect(Collectors.joining(", "));
  }
}
