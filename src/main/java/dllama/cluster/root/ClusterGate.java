package dllama.cluster.root;

import dllama.error.UserException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;

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

  /// A larger world that was lost while it loaded is tried again after this, and after twice as
  /// long each time.
  private static final Duration FIRST_RETRY = Duration.ofSeconds(15);

  /// The longest of these is so many times as long.
  private static final int MOST_DOUBLINGS = 4;

  private final List<Integer> usable;
  private final Duration formTimeout;
  private final Duration aloneTimeout;
  private int wanted;
  private long changed;

  /// Nodes of the world that was lost, until the next one is ready; 0 otherwise.
  private int lost;

  /// A world of so many nodes was lost before it was ready.
  private int tooMany = Integer.MAX_VALUE;

  /// So often, one time after the other.
  private int failures;

  private long failedAt;

  /// A closed gate.
  ///
  /// @param wanted nodes wanted, the root included; 0 for as many as there are
  /// @param usable node counts that the model can use, ascending, from 1
  /// @param formTimeout how long the set of nodes must not have changed when none is wanted
  /// @param aloneTimeout the same while the root is alone
  /// @throws UserException if `wanted` is not usable; names the usable counts
  public ClusterGate(
      int wanted, List<Integer> usable, Duration formTimeout, Duration aloneTimeout, long now) {
    this.usable = usable;
    this.wanted = checked("--nodes", wanted);
    this.formTimeout = formTimeout;
    this.aloneTimeout = aloneTimeout;
    changed = now;
  }

  private int checked(String option, int nodes) {
    if (nodes != 0 && !usable.contains(nodes)) {
      throw new UserException(
          "%s %d: this model runs on %s nodes (powers of two that divide its heads and widths); use one of these or auto"
              .formatted(option, nodes, listed(usable)));
    }
    return nodes;
  }

  /// Whether no other node is wanted.
  boolean isAlone() {
    return wanted == 1;
  }

  /// Nodes wanted; 0 for as many as there are.
  int wanted() {
    return wanted;
  }

  /// Has another number of nodes wanted from now on; 0 for as many as there are.
  ///
  /// @throws UserException if `nodes` is not usable; names the usable counts
  void want(int nodes) {
    wanted = checked("/nodes", nodes);
    forgetFailures();
  }

  private void forgetFailures() {
    tooMany = Integer.MAX_VALUE;
    failures = 0;
  }

  /// A world of `nodes` that took the place of another was lost before it was ready: so many are
  /// not tried again at once.
  void failed(int nodes, long now) {
    tooMany = Math.min(tooMany, nodes);
    failures++;
    failedAt = now;
  }

  private boolean waitsAfterFailures(long now) {
    long wait = FIRST_RETRY.toNanos() << Math.clamp(failures - 1L, 0, MOST_DOUBLINGS);
    return failures > 0 && now - failedAt < wait;
  }

  /// A world of `nodes` was lost, which could do steps.
  void lost(int nodes) {
    lost = nodes;
  }

  /// A world of `nodes` can do steps.
  void ready(int nodes) {
    lost = 0;
    if (nodes >= tooMany) {
      forgetFailures();
    }
  }

  /// The set of seen nodes has changed.
  void changed(long now) {
    changed = now;
  }

  /// Where a world was lost, nobody who is answered waits for more than there are, nor for the
  /// number that is wanted: the answer goes on with the most that can be used, and between answers
  /// the world grows again. Nor is there anything to wait for where as many as before are here.
  ///
  /// @param seen nodes that are there, the root included
  /// @param coming nodes that are on their way
  /// @param needed whether somebody is answered, or asks
  Decision decide(int seen, int coming, boolean needed, long now) {
    if (lost != 0) {
      int most = largestUsable(wanted == 0 ? seen : Math.min(seen, wanted));
      if (needed || most >= lost) {
        return new Decision.Form(most);
      }
    }
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

  /// How many nodes should take the place of a world of `size` nodes; empty if it is as it should
  /// be. To be asked while nobody needs that world.
  ///
  /// @param seen nodes that are there, the root included
  OptionalInt change(int size, int seen, long now) {
    int nodes = wanted == 0 ? largestUsable(seen) : wanted;
    boolean settled = wanted != 0 || now - changed >= formTimeout.toNanos();
    return settled && seen >= nodes && replaces(nodes, size, now)
        ? OptionalInt.of(nodes)
        : OptionalInt.empty();
  }

  /// Whether a world of `nodes` takes the place of one of `size` by itself, once it is possible.
  boolean replaces(int nodes, int size, long now) {
    return wanted == 0
        ? nodes > size && (nodes < tooMany || !waitsAfterFailures(now))
        : nodes >= wanted && size != wanted;
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
