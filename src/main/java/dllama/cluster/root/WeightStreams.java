package dllama.cluster.root;

import akka.actor.typed.ActorRef;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.ActorContext;
import dllama.cluster.wire.RootMessage;
import dllama.model.ModelSource;
import dllama.settings.ClusterSettings;
import dllama.slice.SliceLayout;
import dllama.slice.SliceReader;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// The [WeightStream]s of a world that loads: who sends which rank its slice. If the world is lost,
/// they end by themselves. Owned by [WorldLoading].
final class WeightStreams {
  private final ActorContext<RootMessage> context;
  private final ModelSource source;
  private final ClusterSettings.Weights settings;
  private final Map<ActorRef<?>, Integer> ranks = new HashMap<>();

  WeightStreams(
      ActorContext<RootMessage> context, ModelSource source, ClusterSettings.Weights settings) {
    this.context = context;
    this.source = source;
    this.settings = settings;
  }

  /// Starts to send `rank` its slice, unless that goes on already.
  void start(World world, int rank) {
    String name = "weights-%x-%d".formatted(world.epoch(), rank);
    if (context.getChild(name).isPresent()) {
      context.getLog().debug("rank {} asks for its weights again", rank);
      return;
    }
    SliceLayout layout = new SliceLayout(world.plan(), rank);
    ActorRef<?> stream =
        context.spawn(
            WeightStream.create(
                new SliceReader(layout, source),
                layout,
                world.epoch(),
                settings,
                WeightStream.Pace.FREE,
                world.ranks().get(rank).shard(),
                context.getSelf()),
            name,
            DispatcherSelector.blocking());
    ranks.put(stream, rank);
    context.watch(stream);
  }

  /// The rank that `actor` sends weights to, if it is a stream of the present world.
  Optional<Integer> rankOf(ActorRef<?> actor) {
    return Optional.ofNullable(ranks.get(actor));
  }

  /// `rank` has its slice.
  void end(int rank) {
    ranks.forEach(
        (stream, of) -> {
          if (of == rank) {
            context.stop(stream);
          }
        });
  }
}
