package dllama.cluster.root;

import dllama.error.UserException;
import java.time.Duration;
import java.util.List;

/// The rule by which nodes become a world: 2^n of them, as many as the model can use.
///
/// A pure state machine over the number of seen nodes and the time; [RootCoordinator] owns it.
/// Times are those of `System.nanoTime`.
public final class ClusterGate {
  /// What to do now.
  sealed interface Decision {
    /// Not yet; `what` is one line for the user.
    record Wait(String what) implements Decision {}

    /// Form a world of `nodes` nodes, the root included.
    record Form(int nodes) implements Decision {}
  }

  private final int wanted;
  private final List<Integer> usable;
  private final Duration formTimeout;
  private final Duration aloneTimeout;
  private long changed;

  /// A closed gate.
  ///
  /// @param wanted nodes wanted, the root included; 0 for as many as there are
  /// @param usable node counts that the model can use, ascending, from 1
  /// @param formTimeout how long the set of nodes must not have changed when none is wanted
  /// @param aloneTimeout the same while the root is alone
  /// @throws UserException if `wanted` is not usable; names the usable counts
  public ClusterGate(
      int wanted, List<Integer> usable, Duration formTimeout, Duration aloneTimeout, long now) {
    if (wanted != 0 && !usable.contains(wanted)) {
      throw new UserException(
          "--nodes %d: this model runs on %s nodes (powers of two that divide its heads and widths); use one of these or auto"
              .formatted(wanted, listed(usable)));
    }
    this.wanted = wanted;
    this.usable = usable;
    this.formTimeout = formTimeout;
    this.aloneTimeout = aloneTimeout;
    changed = now;
  }

  /// The set of seen nodes has changed.
  void changed(long now) {
    changed = now;
  }

  /// @param seen nodes that are there, the root included
  /// @param coming nodes that are on their way
  Decision decide(int seen, int coming, long now) {
    if (wanted != 0) {
      return seen >= wanted ? new Decision.Form(wanted) : new Decision.Wait(missing(seen));
    }
    Duration quiet = seen + coming == 1 ? aloneTimeout : formTimeout;
    long left = quiet.toNanos() - (now - changed);
    int nodes = largestUsable(seen);
    if (left <= 0) {
      return new Decision.Form(nodes);
    }
    return new Decision.Wait(
        "%s here; starting with %d in %d s unless more come"
            .formatted(count(seen), nodes, Math.ceilDiv(left, 1_000_000_000)));
  }

  private String missing(int seen) {
    int few = wanted - seen;
    return "%d of %d nodes; waiting for %d worker%s, or --nodes %d"
        .formatted(seen, wanted, few, few == 1 ? "" : "s", largestUsable(seen));
  }

  /// Nodes of the largest world that `seen` nodes could form.
  int largestUsable(int seen) {
    return usable.stream().filter(size -> size <= seen).mapToInt(Integer::intValue).max().orElse(1);
  }

  private static String count(int seen) {
    return seen == 1 ? "1 node" : seen + " nodes";
  }

  private static String listed(List<Integer> sizes) {
    String all = sizes.toString();
    return all.substring(1, all.length() - 1);
  }
}
