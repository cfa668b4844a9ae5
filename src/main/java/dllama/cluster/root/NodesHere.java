package dllama.cluster.root;

import java.util.List;

/// Which nodes a root has.
///
/// @param wanted the number of nodes that is asked for; 0 for as many as there are
/// @param computing addresses of the world's nodes, the root's first; empty while there is none
/// @param others addresses of workers that are here and not in the world
/// @param waiting what is waited for, in one line; empty while a world is ready
public record NodesHere(int wanted, List<String> computing, List<String> others, String waiting) {
  /// Nodes that are here, the root included.
  public int count() {
    return Math.max(computing.size(), 1) + others.size();
  }
}
