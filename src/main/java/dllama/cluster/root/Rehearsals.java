package dllama.cluster.root;

import akka.actor.typed.ActorRef;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.ActorContext;
import dllama.cluster.loop.ExchangeDispatcher;
import dllama.cluster.membership.RootListener;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RootMessage;
import dllama.settings.ClusterSettings;
import org.jspecify.annotations.Nullable;

/// The [Rehearsal] of the present world, if there is one; owned by [RootCoordinator].
final class Rehearsals {
  private final ActorContext<RootMessage> context;
  private final ClusterSettings.Sync settings;
  private final RootListener listener;
  private @Nullable ActorRef<RootMessage> current;
  private @Nullable World world;

  Rehearsals(
      ActorContext<RootMessage> context, ClusterSettings.Sync settings, RootListener listener) {
    this.listener = listener;
    this.context = context;
    this.settings = settings;
  }

  /// A world has been formed; its shards know it already.
  void begin(Assignment assignment, World formed) {
    if (settings.rehearsal().isPositive()) {
      world = formed;
      current =
          context.spawn(
              Rehearsal.create(
                  assignment,
                  formed,
                  settings.rehearsal(),
                  settings.stallTimeout(),
                  listener::rehearsed),
              "rehearsal-%x".formatted(formed.epoch()),
              DispatcherSelector.fromConfig(ExchangeDispatcher.ID));
    }
  }

  /// The weights of all ranks are in place.
  void loaded() {
    if (current != null) {
      current.tell(new Rehearsal.Loaded());
    } else {
      listener.rehearsed("nothing is rehearsed");
    }
  }

  /// A step is asked for, or the world is lost: whatever is told to the world's shards after this
  /// finds them free.
  void end(String why) {
    if (current != null && world != null) {
      context.stop(current);
      world.tellAll(new RankMessage.Dissolve(Assignment.rehearsalOf(world.epoch()), why));
      current = null;
      world = null;
      listener.rehearsed(why);
    }
  }
}
