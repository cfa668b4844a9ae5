package dllama.cluster.root;

import dllama.cluster.wire.Node;
import dllama.settings.SharesSetting;
import dllama.slice.Shares;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/// The nodes that are to compute together, rank 0, the root, first, and how much of the model each
/// takes.
///
/// Where shares are equal, who becomes which rank is left to [RankChoice]. Otherwise it has to be
/// settled before slices are known: by speed where nodes were measured, so that the fastest workers
/// come first whoever was switched on first, and else by address, as the user can tell them apart.
///
/// @param nodes at least as many as there are shares
record Team(Shares shares, List<Node> nodes) {
  /// Speeds are told apart this finely: shares that changed a little with every measurement would
  /// have all slices loaded anew at every start.
  private static final int STEPS = 8;

  /// Differences of less than this part of the fastest are those of one measurement to the next.
  private static final double ALIKE = 0.85;

  private static final Comparator<Node> BY_ADDRESS =
      Comparator.comparing(Team::host).thenComparingInt(Team::port);

  /// Of `size` nodes.
  ///
  /// @param workers in the order in which they came
  static Team of(SharesSetting wanted, int size, Node root, Collection<Node> workers) {
    if (wanted.measured()) {
      List<Node> nodes = ordered(root, workers, Comparator.comparingLong(Node::speed).reversed());
      return new Team(measured(nodes.subList(0, Math.min(size, nodes.size())), size), nodes);
    }
    if (wanted.parts().size() == size) {
      return new Team(new Shares(wanted.parts()), ordered(root, workers, BY_ADDRESS));
    }
    List<Node> nodes = new ArrayList<>(List.of(root));
    nodes.addAll(workers);
    return new Team(Shares.equal(size), nodes);
  }

  private static List<Node> ordered(Node root, Collection<Node> workers, Comparator<Node> order) {
    List<Node> nodes = new ArrayList<>(List.of(root));
    workers.stream().sorted(order.thenComparing(BY_ADDRESS)).forEach(nodes::add);
    return nodes;
  }

  private static Shares measured(List<Node> nodes, int size) {
    long fastest = nodes.stream().mapToLong(Node::speed).max().orElse(0);
    long slowest = nodes.stream().mapToLong(Node::speed).min().orElse(0);
    boolean known = nodes.size() == size && slowest > 0;
    if (!known || slowest >= ALIKE * fastest) {
      return Shares.equal(size);
    }
    return new Shares(
        nodes.stream()
            .map(node -> (int) Math.max(1, Math.round((double) STEPS * node.speed() / fastest)))
            .toList());
  }

  /// Addresses of numbers in their order, names behind them in theirs.
  private static String host(Node node) {
    String host = node.address().substring(0, Math.max(0, node.address().lastIndexOf(':')));
    return host.matches("\\d+(\\.\\d+){3}")
        ? String.join(".", List.of(host.split("\\.")).stream().map(Team::padded).toList())
        : "x" + host;
  }

  private static String padded(String number) {
    return "0".repeat(Math.max(0, 3 - number.length())) + number;
  }

  private static int port(Node node) {
    try {
      return Integer.parseInt(node.address().substring(node.address().lastIndexOf(':') + 1));
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  /// Bytes that the weights, keys and values of a rank may take.
  long memory(int rank) {
    return nodes.get(rank).memory();
  }
}
