package dllama.cli;

import dllama.cluster.membership.RootListener;
import dllama.step.ForwardException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Shows how the cluster forms and loads, and lets the user of the root wait for it. On a terminal
/// the lines are redrawn in place; elsewhere few lines are written. Any thread.
final class Progress implements RootListener {
  private static final Duration LOOK = Duration.ofSeconds(5);

  private final StatusLines lines;

  /// Whether a lost world is news: otherwise what was asked of it ends with the reason.
  private final boolean goesOn;

  /// How loading of each rank goes.
  private final TreeMap<Integer, Transfer> transfers = new TreeMap<>();

  private String waiting = "waiting for nodes";
  private boolean loading;
  private boolean rehearsed;
  private Root.@Nullable Ready ready;
  private @Nullable String lost;

  /// @param goesOn whether the user goes on with the next world when one is lost
  Progress(StatusLines lines, boolean goesOn) {
    this.lines = lines;
    this.goesOn = goesOn;
  }

  /// Waits until steps can run.
  ///
  /// @param limit of the time without enough nodes; loading takes as long as it takes
  /// @throws ForwardException if it passes
  synchronized Root.Ready await(Duration limit) throws InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    while (ready == null) {
      if (loading) {
        deadline = System.nanoTime() + limit.toNanos();
      }
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        throw new ForwardException(
            "no cluster after %d s: %s".formatted(limit.toSeconds(), waiting));
      }
      TimeUnit.NANOSECONDS.timedWait(this, Math.min(left, LOOK.toNanos()));
    }
    return ready;
  }

  /// Waits until nothing is rehearsed any more, or the world is lost.
  ///
  /// @param limit that rehearsing keeps, and is not waited for much longer
  synchronized void awaitRehearsed(Duration limit) throws InterruptedException {
    long deadline = System.nanoTime() + limit.plus(LOOK).toNanos();
    long left = limit.plus(LOOK).toNanos();
    while (ready != null && !rehearsed && left > 0) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
      left = deadline - System.nanoTime();
    }
  }

  @Override
  public synchronized void rehearsed(String why) {
    rehearsed = true;
    notifyAll();
  }

  @Override
  public synchronized void waiting(String what) {
    waiting = what;
    loading = false;
    lines.show(List.of(what));
  }

  @Override
  public synchronized void forming(int nodes) {
    loading = true;
    rehearsed = false;
    transfers.clear();
    notifyAll();
  }

  @Override
  public synchronized void notice(String what) {
    lines.say(what);
  }

  @Override
  public synchronized void loading(int rank, String address, long bytes, long total) {
    transfers.computeIfAbsent(rank, _ -> new Transfer(address)).progress(bytes, total);
    if (lines.due()) {
      List<String> text = new ArrayList<>();
      transfers.forEach((r, transfer) -> text.add(transfer.line("rank " + r)));
      lines.show(text);
    }
  }

  @Override
  public synchronized void ready(int nodes, int cached, long loadMillis) {
    loading = false;
    ready = new Root.Ready(nodes, loadMillis);
    lost = null;
    String what = nodes == 1 ? "1 node" : nodes + " nodes";
    String from =
        cached == 0
            ? ""
            : cached == nodes
                ? " from the cache"
                : ", %d of %d slices from the cache".formatted(cached, nodes);
    lines.say("%s ready, loaded in %.1f s%s".formatted(what, loadMillis / 1000.0, from));
    notifyAll();
  }

  @Override
  public synchronized void joined(String address) {
    lines.say("the worker at %s is here".formatted(address));
  }

  @Override
  public synchronized void spare(String address, int nodes, int possible, boolean soon) {
    String what =
        soon
            ? "with it %d nodes are possible: the root forms anew when it answers nobody"
                .formatted(possible)
            : "the root goes on without it; /nodes %d would use it".formatted(possible);
    lines.say(
        goesOn
            ? what
            : "the worker at %s came after the start and is not used; the root waits for it with --nodes %d"
                .formatted(address, possible));
  }

  @Override
  public synchronized void changing(int nodes) {
    ready = null;
    lines.say("forming anew, with %d node%s".formatted(nodes, nodes == 1 ? "" : "s"));
  }

  @Override
  public synchronized void left(String address, String why) {
    lines.say("the worker at %s %s".formatted(address, why));
  }

  @Override
  public synchronized void refused(String address, String why) {
    lines.say("%s was not taken in: %s".formatted(address, why));
  }

  @Override
  public void stranger(String what) {
    lines.say(what);
  }

  @Override
  public void ended(String why) {
    lines.say(why);
    new Thread(() -> System.exit(Main.BUG), "end").start(); // which waits for who calls this
  }

  @Override
  public synchronized void lost(String why) {
    boolean over = ready != null && !goesOn;
    if (!over && !why.equals(lost)) {
      lines.say(why);
    }
    lost = why;
    if (over) {
      lines.close();
    }
    ready = null;
    loading = false;
    notifyAll();
  }
}
