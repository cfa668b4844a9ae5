package dllama.cli;

import dllama.key.ClusterKey;
import dllama.session.SessionListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Shows the user of a root how the cluster forms and loads. On a terminal the lines are redrawn in
/// place; elsewhere few lines are written. Any thread.
final class Progress implements SessionListener {
  private final StatusLines lines;

  /// Whether a lost world is news: otherwise what was asked of it ends with the reason.
  private final boolean goesOn;

  /// Whether others may compute from one answer to the next.
  private final boolean changes;

  /// How loading of each rank goes.
  private final TreeMap<Integer, Transfer> transfers = new TreeMap<>();

  private @Nullable FirstReading reading;
  private boolean ready;
  private @Nullable String lost;

  /// A world was lost that was ready.
  private boolean interrupted;

  /// @param goesOn whether what was asked for goes on with the next world when one is lost
  /// @param changes whether nodes that come late are used between answers
  Progress(StatusLines lines, boolean goesOn, boolean changes) {
    this.lines = lines;
    this.goesOn = goesOn;
    this.changes = changes;
  }

  @Override
  public synchronized void reading(String name, long bytes, long total) {
    if (reading == null) {
      reading = new FirstReading(lines, name);
    }
    reading.progress(bytes, total);
  }

  @Override
  public void listening(String address, boolean keyed, Optional<ClusterKey> fresh) {
    String join =
        fresh
            .map(key -> " --join " + key.code())
            .orElse(keyed ? " (new ones: and --join CODE, which cluster-key shows)" : "");
    lines.say("root at %s; workers: --role worker --seed-node %<s%s".formatted(address, join));
  }

  @Override
  public synchronized void waiting(String what) {
    lines.show(List.of(what));
  }

  @Override
  public synchronized void forming(int nodes) {
    transfers.clear();
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
    ready = true;
    lost = null;
    String what = nodes == 1 ? "1 node" : nodes + " nodes";
    String from =
        cached == 0
            ? ""
            : cached == nodes
                ? " from the cache"
                : ", %d of %d slices from the cache".formatted(cached, nodes);
    String how = interrupted ? (nodes == 1 ? "goes on" : "go on") : "ready";
    interrupted = false;
    lines.say("%s %s, loaded in %.1f s%s".formatted(what, how, loadMillis / 1000.0, from));
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
        changes
            ? what
            : "the worker at %s came after the start and is not used; the root waits for it with --nodes %d"
                .formatted(address, possible));
  }

  @Override
  public synchronized void slow(String what) {
    lines.say(what);
  }

  @Override
  public synchronized void changing(int nodes) {
    ready = false;
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
    boolean over = ready && !goesOn;
    if (!over && !why.equals(lost)) {
      lines.say(why);
    }
    lost = why;
    interrupted |= ready;
    if (over) {
      lines.close();
    }
    ready = false;
  }

  @Override
  public void closing() {
    lines.close();
  }
}
