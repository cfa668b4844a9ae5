package dllama.cluster.root;

import dllama.cluster.wire.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Which worker becomes which rank, so that as few slices as possible have to be sent: first those
/// that have a rank's slice in memory, then as many as can be of those that have it in their cache
/// folder, then whoever has been here longest.
final class RankChoice {
  private static final int NOBODY = -1;

  private final List<Node> workers;
  private final List<String> keys;

  /// By worker: the rank that it gets, or [#NOBODY].
  private final int[] rankOf;

  /// @param workers in the order in which they came, at least as many as there are keys
  /// @param keys of the slices of all ranks; number 0 is the root's and has its place
  private RankChoice(List<Node> workers, List<String> keys) {
    this.workers = workers;
    this.keys = keys;
    rankOf = new int[workers.size()];
    Arrays.fill(rankOf, NOBODY);
  }

  /// The workers of ranks 1, 2, …, each holding its slice, as it will when it is loaded.
  static List<Node> of(List<Node> workers, List<String> keys) {
    return new RankChoice(workers, keys).choose();
  }

  private List<Node> choose() {
    boolean[] placed = new boolean[keys.size()];
    for (int rank = 1; rank < keys.size(); rank++) {
      placed[rank] = placeInMemory(rank);
    }
    boolean[] fixed = new boolean[workers.size()];
    for (int worker = 0; worker < fixed.length; worker++) {
      fixed[worker] = rankOf[worker] != NOBODY;
    }
    for (int rank = 1; rank < keys.size(); rank++) {
      placed[rank] = placed[rank] || placeCached(rank, fixed, new HashSet<>());
    }
    Node[] byRank = new Node[keys.size()];
    for (int worker = 0; worker < rankOf.length; worker++) {
      if (rankOf[worker] != NOBODY) {
        byRank[rankOf[worker]] = workers.get(worker);
      }
    }
    return fill(byRank);
  }

  private boolean placeInMemory(int rank) {
    for (int worker = 0; worker < rankOf.length; worker++) {
      if (rankOf[worker] == NOBODY && workers.get(worker).held().contains(keys.get(rank))) {
        rankOf[worker] = rank;
        return true;
      }
    }
    return false;
  }

  /// An augmenting path: a worker that has another rank gives it up if that one finds a place, too.
  private boolean placeCached(int rank, boolean[] fixed, Set<Integer> tried) {
    for (int worker = 0; worker < rankOf.length; worker++) {
      if (!fixed[worker]
          && workers.get(worker).cached().contains(keys.get(rank))
          && tried.add(worker)
          && (rankOf[worker] == NOBODY || placeCached(rankOf[worker], fixed, tried))) {
        rankOf[worker] = rank;
        return true;
      }
    }
    return false;
  }

  private List<Node> fill(Node[] byRank) {
    List<Node> ranks = new ArrayList<>();
    int next = 0;
    for (int rank = 1; rank < byRank.length; rank++) {
      Node chosen = byRank[rank];
      if (chosen == null) {
        while (rankOf[next] != NOBODY) {
          next++;
        }
        chosen = workers.get(next++);
      }
      ranks.add(chosen.holding(keys.get(rank)));
    }
    return ranks;
  }
}
