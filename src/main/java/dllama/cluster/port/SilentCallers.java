package dllama.cluster.port;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Addresses from which somebody connected and did not say who it is: a port scanner, most likely.
/// Nodes do so, too, but are known soon, or were until then: before a worker joins it looks whether
/// its root listens, and the [Lifeline][dllama.cluster.membership] of a node says nothing.
///
/// Not thread-safe; times are those of `System.nanoTime`.
final class SilentCallers {
  private static final int ADDRESSES = 1024;

  /// When each address was last known for a node's, or refused for what it said.
  private final Map<InetAddress, Long> known = latest();

  /// When the first connection was opened on which nothing was said.
  private final Map<InetAddress, Long> silent = latest();

  private static Map<InetAddress, Long> latest() {
    return new LinkedHashMap<>() {
      private static final long serialVersionUID = 1;

      @Override
      protected boolean removeEldestEntry(Map.Entry<InetAddress, Long> eldest) {
        return size() > ADDRESSES;
      }
    };
  }

  /// A node is connected from there, or was until now, or somebody is refused who spoke.
  void known(InetAddress address, long now) {
    silent.remove(address);
    known.remove(address); // as the latest one
    known.put(address, now);
  }

  /// A connection has ended, opened at some time, on which nothing was said.
  void silent(InetAddress address, long openedAt) {
    Long last = known.get(address);
    if (last == null || openedAt - last > 0) {
      silent.putIfAbsent(address, openedAt);
    }
  }

  /// Those that connected before `deadline` and have not been known since; each is told once.
  List<InetAddress> overdue(long deadline) {
    List<InetAddress> overdue = new ArrayList<>();
    silent.forEach(
        (address, openedAt) -> {
          if (openedAt - deadline < 0) {
            overdue.add(address);
          }
        });
    overdue.forEach(silent::remove);
    return overdue;
  }
}
