package dllama.cluster.root;

import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.ActorContext;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.Node;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RootMessage;
import dllama.model.ModelSource;
import dllama.settings.ClusterSettings;
import dllama.slice.SliceLayout;
import dllama.slice.SliceReader;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Has nodes fetch beforehand, while nobody is answered, what they would need if one of the world
/// were lost: a spare the slices of all its ranks; where there is no spare, those who would be left
/// the slices of the next smaller world. One slice at a time, and no more bytes a second than the
/// user allows. Owned by [RootCoordinator].
///
/// Only with equal shares: others follow from who is there, so that nobody knows what will be
/// needed.
final class SlicesAhead {
  /// Messages under way: what an answer that begins has to wait for.
  private static final int WINDOW = 2;

  /// A message may be lost, or a disk be busy with a slice of many gigabytes.
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /// Who has a slice of the next smaller world: whoever is lost, one of them is left.
  private static final int TWO = 2;

  private final ActorContext<RootMessage> context;
  private final ModelSource source;
  private final ClusterSettings.Weights settings;
  private final @Nullable IdlePace pace;

  /// What nodes of the present world and its spares were asked for.
  private final Set<AheadChoice.Settled> settled = new HashSet<>();

  /// Keys of the nodes for whom there is nothing more to do.
  private Set<Long> done = Set.of();

  private long epoch;
  private @Nullable Order order;

  /// When there was last something of the order.
  private long heard;

  /// What is fetched now.
  ///
  /// @param part whose slice it is, under an epoch of the order's own
  private record Order(AheadChoice.Next next, Assignment part, AheadChoice.Settled settles) {}

  /// What worlds there could be.
  interface Drafts {
    /// What rank 0 of a world of so many nodes has to know, under an epoch of its own; empty if the
    /// root could not be that.
    Optional<Assignment> of(int nodes);
  }

  SlicesAhead(
      ActorContext<RootMessage> context, ModelSource source, ClusterSettings.Weights settings) {
    this.context = context;
    this.source = source;
    this.settings = settings;
    pace = settings.aheadRate() == 0 ? null : new IdlePace(settings.aheadRate(), System::nanoTime);
  }

  /// To be called now and then while a world is ready.
  ///
  /// @param known nodes that can be used
  /// @param smaller nodes of the largest world that one node less could form
  /// @param idle whether nobody is answered
  void look(World world, Collection<Node> known, int smaller, Drafts drafts, boolean idle) {
    if (pace == null || !world.plan().shares().areEqual()) {
      return;
    }
    pace.idle(idle);
    if (world.epoch() != epoch) {
      end();
      settled.clear();
      done = Set.of();
      epoch = world.epoch();
    }
    if (order != null && isGone(order, known)) {
      end();
    } else if (order != null && isSilent(order)) {
      settled(false);
    }
    Set<Long> here = known.stream().map(Node::key).collect(Collectors.toSet());
    if (idle && order == null && !here.equals(done)) {
      done = here; // unless there is something to do
      List<Node> spares = known.stream().filter(node -> !world.has(node.address())).toList();
      List<Node> members = known.stream().filter(node -> world.rankOf(node.address()) > 0).toList();
      if (!spares.isEmpty()) {
        drafts.of(world.size()).ifPresent(draft -> begin(draft, spares, Integer.MAX_VALUE));
      } else if (smaller > 1) {
        drafts.of(smaller).ifPresent(draft -> begin(draft, members, TWO));
      }
    }
  }

  private static boolean isGone(Order order, Collection<Node> known) {
    return known.stream().noneMatch(node -> node.key() == order.next.node().key());
  }

  private boolean isSilent(Order now) {
    if (context.getChild(streamName(now)).isPresent()) {
      heard = System.nanoTime();
    }
    return System.nanoTime() - heard > PATIENCE.toNanos();
  }

  private void begin(Assignment draft, List<Node> nodes, int enough) {
    if (!draft.source().keep() || draft.source().random()) {
      return;
    }
    List<String> keys =
        IntStream.range(0, draft.world().size())
            .mapToObj(rank -> draft.forRank(rank).sliceKey())
            .toList();
    AheadChoice choice = new AheadChoice(nodes, keys, enough);
    Optional<AheadChoice.Next> next = choice.next(settled);
    if (next.isPresent()) {
      Node node = next.get().node();
      Assignment part = draft.forRank(next.get().rank());
      order = new Order(next.get(), part, choice.of(next.get()));
      heard = System.nanoTime();
      done = Set.of();
      node.shard().tell(new RankMessage.Fetch(node.key(), part, context.getSelf()));
    }
  }

  /// Somebody is answered from now on.
  void pause() {
    if (pace != null) {
      pace.idle(false);
    }
  }

  /// Whether this is the epoch of what is fetched now.
  boolean isCurrent(long of) {
    return order != null && order.part.epoch() == of;
  }

  /// The node has room for the slice and does not hold it.
  void send() {
    if (order == null || pace == null || context.getChild(streamName(order)).isPresent()) {
      return;
    }
    SliceLayout layout = order.part.layout();
    context.spawn(
        WeightStream.create(
            new SliceReader(layout, source),
            layout,
            order.part.epoch(),
            settings.withWindow(Math.min(WINDOW, settings.window())),
            pace,
            order.next.node().shard(),
            context.getSelf()),
        streamName(order),
        DispatcherSelector.blocking());
  }

  private static String streamName(Order order) {
    return "ahead-%x".formatted(order.part.epoch());
  }

  /// What was asked for is there, or can not be.
  ///
  /// @return the node as it is now
  Optional<Node> settled(boolean kept) {
    if (order == null) {
      return Optional.empty();
    }
    Order now = order;
    context
        .getLog()
        .info(
            "{} {} the slice of rank {} of {}",
            now.next.node().address(),
            kept ? "keeps" : "does not keep",
            now.part.rank(),
            now.part.world().size());
    end();
    settled.add(now.settles);
    return Optional.of(now.next.node().keeping(now.part.sliceKey(), kept));
  }

  /// Nothing is fetched any more.
  void end() {
    if (order != null) {
      context.getChild(streamName(order)).ifPresent(context::stop);
      order = null;
    }
  }
}
