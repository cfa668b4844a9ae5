package dllama.cluster.root;

import dllama.cluster.wire.NodeFigures;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Which nodes a root has.
///
/// @param wanted the number of nodes that is asked for; 0 for as many as there are
/// @param root its address
/// @param computing addresses of the world's nodes, the root's first; empty while there is none
/// @param others addresses of workers that are here and not in the world
/// @param waiting what is waited for, in one line; empty while a world is ready
/// @param states by address
public record NodesHere(
    int wanted,
    String root,
    List<String> computing,
    List<String> others,
    String waiting,
    Map<String, NodeState> states) {
  /// A node stands out if others wait for it through a tenth of the time of steps more than for the
  /// next one, or, in a world of two, than for the root.
  private static final double STANDS_OUT = 0.1;

  /// Of a root that does not tell.
  public static final NodesHere NONE = new NodesHere(0, List.of(), List.of(), "");

  public NodesHere {
    states = Map.copyOf(states);
  }

  /// Of which no more is known than that they are here.
  public NodesHere(int wanted, List<String> computing, List<String> others, String waiting) {
    this(
        wanted,
        computing.isEmpty() ? "" : computing.getFirst(),
        computing,
        others,
        waiting,
        Map.of());
  }

  /// Nodes that are here, the root included.
  public int count() {
    return Math.max(computing.size(), 1) + others.size();
  }

  /// What a node is: `root`, `worker` of the world, or `spare`.
  public String role(String address) {
    if (address.equals(root)) {
      return "root";
    }
    return computing.contains(address) ? "worker" : "spare";
  }

  /// What is known of the node at an address; null if nothing is.
  public @Nullable NodeState state(String address) {
    return states.get(address);
  }

  /// Part of the time of steps in which others waited for a node; 0 if that is not known.
  public double waitShare(String address) {
    NodeState state = states.get(address);
    return state == null ? 0 : state.waitShare().orElse(0);
  }

  /// The node of the world that makes the others wait, if one stands out.
  public Optional<String> slowest() {
    List<String> byShare =
        computing.stream().sorted(Comparator.comparingDouble(this::waitShare).reversed()).toList();
    boolean standsOut =
        byShare.size() > 1 && waitShare(byShare.get(0)) - waitShare(byShare.get(1)) >= STANDS_OUT;
    return standsOut ? Optional.of(byShare.getFirst()) : Optional.empty();
  }

  /// The same with what is known of nodes, the root's address among it.
  NodesHere with(String address, Map<String, NodeState> known) {
    return new NodesHere(wanted, address, computing, others, waiting, known);
  }

  /// The same with figures of the root's machine.
  public NodesHere withRoot(NodeFigures figures) {
    Map<String, NodeState> all = new HashMap<>(states);
    all.computeIfPresent(root, (_, state) -> state.with(figures));
    return with(root, all);
  }
}
