package dllama.cluster.root;

import dllama.cluster.wire.Node;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The workers that the root knows: those that it can use, in the order in which they came, and
/// those that are on their way. Owned by [WorldFormation].
final class Workers {
  private final Map<String, Node> usable = new LinkedHashMap<>();
  private final Set<String> coming = new HashSet<>();

  /// Those of the coming that are asked how fast they are.
  private final Map<String, Node> measuring = new HashMap<>();

  void coming(String address) {
    coming.add(address);
  }

  void measuring(Node worker) {
    coming.add(worker.address());
    measuring.put(worker.address(), worker);
  }

  /// Who was asked, and shares this key with the root.
  Optional<Node> measured(long key) {
    Optional<Node> found = measuring.values().stream().filter(n -> n.key() == key).findFirst();
    found.ifPresent(worker -> measuring.remove(worker.address()));
    return found;
  }

  void joined(Node worker) {
    coming.remove(worker.address());
    usable.put(worker.address(), worker);
  }

  /// Whether it could be used until now.
  boolean gone(String address) {
    coming.remove(address);
    measuring.remove(address);
    return usable.remove(address) != null;
  }

  /// What is known of one has changed; nothing if it can not be used.
  void replace(Node worker) {
    usable.replace(worker.address(), worker);
  }

  Collection<Node> usable() {
    return usable.values();
  }

  /// Those that can be used, behind the root.
  List<Node> with(Node root) {
    List<Node> all = new ArrayList<>(usable.values());
    all.addFirst(root);
    return all;
  }

  /// Nodes that could compute, the root included.
  int nodes() {
    return usable.size() + 1;
  }

  int onTheirWay() {
    return coming.size();
  }

  /// Addresses of those that can be used, but for `others`.
  List<String> without(List<String> others) {
    return usable.keySet().stream().filter(address -> !others.contains(address)).toList();
  }

  /// Bytes that each of those that can be used may take.
  long leastMemory() {
    return usable.values().stream().mapToLong(Node::memory).min().orElse(Long.MAX_VALUE);
  }
}
