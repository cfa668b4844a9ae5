package dllama.cluster.root;

import dllama.cluster.rank.RankHost;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.Node;
import dllama.cluster.wire.Secret;
import dllama.engine.EngineSettings;
import dllama.engine.ShardEngine;
import dllama.settings.ClusterSettings;
import dllama.slice.SliceLayout;
import java.util.List;
import java.util.Optional;

/// What a world of so many of the nodes that are there would be, before it is formed: how the model
/// would be cut, and whether this node can take its part. Owned by [WorldFormation].
final class WorldDraft {
  private final RootModel model;
  private final ClusterSettings settings;
  private final RankHost host;
  private final Workers workers;
  private final int maxBatchTokens;
  private Node self;

  /// @param host this node's, whose memory decides what can be formed
  /// @param self this node
  WorldDraft(RootModel model, ClusterSettings settings, RankHost host, Workers workers, Node self) {
    this.model = model;
    this.settings = settings;
    this.host = host;
    this.workers = workers;
    this.self = self;
    maxBatchTokens = model.maxBatchTokens(settings.sync().maxFrameBytes());
  }

  /// This node.
  Node self() {
    return self;
  }

  /// This node is so fast.
  void measured(long speed) {
    self = self.withSpeed(speed);
  }

  /// What rank 0 of a world of so many nodes has to know, under an epoch of its own.
  Assignment assignment(int nodes) {
    Team team = Team.of(model.shares(), nodes, self, workers.usable());
    long least = nodes == 1 ? self.memory() : Math.min(self.memory(), workers.leastMemory());
    boolean equal = team.shares().areEqual();
    return model.assignment(
        Secret.next(),
        team.shares(),
        maxBatchTokens,
        settings.sync(),
        rank -> equal ? least : team.memory(rank));
  }

  /// The nodes that ranks of such a world are to be chosen of.
  List<Node> nodes(Assignment assignment) {
    return Team.of(model.shares(), assignment.world().size(), self, workers.usable()).nodes();
  }

  /// Whether each worker has the memory for its part of a world with equal shares.
  boolean fitsWorkers(Assignment assignment) {
    SliceLayout layout = assignment.layout();
    EngineSettings engine = assignment.world().engine();
    long bytes = layout.totalBytes() + ShardEngine.cacheBytes(layout.plan(), layout.rank(), engine);
    boolean equal = layout.plan().shares().areEqual(); // or shares are cut to fit
    return !equal || bytes <= workers.leastMemory();
  }

  /// Why this node can not be a rank of that world, in one line.
  Optional<String> objection(Assignment assignment) {
    int nodes = assignment.world().size();
    return host.objection(assignment)
        .map(why -> "with %d node%s the root %s".formatted(nodes, nodes == 1 ? "" : "s", why));
  }
}
