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

  /// Those without whom the world is quicker: they stand by.
  private final Set<String> slow = new HashSet<>();

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
    slow.remove(address); // who comes from there is another one
    return usable.remove(address) != null;
  }

  /// One stands by from now on.
  void leaveOut(String address) {
    slow.add(address);
  }

  /// One is wanted again.
  ///
  /// @return whether it stood by
  boolean takeIn(String address) {
    return slow.remove(address);
  }

  /// All are wanted again, those that stood by after the others.
  void takeAllIn() {
    for (String address : slow) {
      Node last = usable.remove(address);
      if (last != null) {
        usable.put(address, last);
      }
    }
    slow.clear();
  }

  /// What is known of one has changed; nothing if it can not be used.
  void replace(Node worker) {
    usable.replace(worker.address(), worker);
  }

  /// Those that are to compute.
  Collection<Node> usable() {
    return usable.values().stream().filter(node -> !slow.contains(node.address())).toList();
  }

  /// Those that can be used, behind the root.
  List<Node> with(Node root) {
    List<Node> all = new ArrayList<>(usable.values());
    all.addFirst(root);
    return all;
  }

  /// Nodes that could compute, the root included.
  int nodes() {
    return usable().size() + 1;
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
    return usable().stream().mapToLong(Node::memory).min().orElse(Long.MAX_VALUE);
  }
}
