package dllama.cluster.wire;

import akka.actor.typed.ActorRef;
import java.util.List;

/// What a rank's actor is told: by the root about its world, by other ranks what they have
/// computed. What comes over the network is a [ControlMessage] or a [TensorFrame].
public sealed interface RankMessage
    permits RankMessage.Serve,
        RankMessage.Measure,
        RankMessage.Assign,
        RankMessage.Fetch,
        RankMessage.SendTo,
        RankMessage.Dissolve,
        TensorFrame.Input,
        TensorFrame.Question,
        TensorFrame.Partial,
        TensorFrame.WeightChunk,
        RankMessage.Internal {
  /// From this node's own actors: who knows `key` is its root.
  record Serve(long key) implements RankMessage {}

  /// Tell how fast this node is.
  ///
  /// @param key the [Secret] of this node and its root
  record Measure(long key, ActorRef<RootMessage> root) implements RankMessage, ControlMessage {
    public Measure {
      Checks.present(root, "root");
    }
  }

  /// Become a rank of a new world; ends an earlier one.
  ///
  /// @param key the [Secret] of this node and its root
  /// @param ranks the shards of all ranks, in rank order
  record Assign(
      long key,
      Assignment assignment,
      List<ActorRef<RankMessage>> ranks,
      ActorRef<RootMessage> root)
      implements RankMessage, ControlMessage {
    public Assign {
      Checks.present(assignment, "assignment");
      if (assignment.epoch() == -assignment.epoch()) { // 0, or the least of all
        throw new IllegalArgumentException("epoch=" + assignment.epoch());
      }
      ranks = Checks.list("ranks", ranks, assignment.world().size());
      Checks.range(
          "number of ranks", ranks.size(), assignment.world().size(), assignment.world().size());
      Checks.present(root, "root");
    }
  }

  /// Have a slice sent to the cache folder that this node may need one day.
  ///
  /// @param key the [Secret] of this node and its root
  /// @param assignment whose slice it is, under an epoch that names nothing but this
  record Fetch(long key, Assignment assignment, ActorRef<RootMessage> root)
      implements RankMessage, ControlMessage {
    public Fetch {
      Checks.present(assignment, "assignment");
      Checks.present(root, "root");
    }
  }

  /// Where to acknowledge chunks of weights, and after how many of them.
  record SendTo(long epoch, ActorRef<StreamMessage> stream, int acknowledgeEvery)
      implements RankMessage, ControlMessage {
    public SendTo {
      Checks.present(stream, "stream");
      Checks.range("acknowledgeEvery", acknowledgeEvery, 1, Integer.MAX_VALUE);
    }
  }

  /// The world is no more; `why` is one line.
  record Dissolve(long epoch, String why) implements RankMessage, ControlMessage {
    public Dissolve {
      why = Checks.line("why", why);
    }
  }

  /// What the room of its receiver says to itself; its kinds are known there alone.
  non-sealed interface Internal extends RankMessage {}
}
