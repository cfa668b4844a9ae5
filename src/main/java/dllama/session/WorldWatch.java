package dllama.session;

import dllama.cluster.membership.RootListener;
import dllama.step.ForwardException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Lets a front end wait until a world can compute. Is told what becomes of the cluster, and tells
/// all of it to the front end's own listener. Any thread.
final class WorldWatch implements RootListener {
  private static final Duration LOOK = Duration.ofSeconds(5);

  private final RootListener listener;
  private String waiting = "waiting for nodes";
  private boolean loading;
  private boolean rehearsed;
  private Root.@Nullable Ready ready;

  /// Since when there are not enough nodes, where there are not.
  private long missingSince = System.nanoTime();

  WorldWatch(RootListener listener) {
    this.listener = listener;
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
        throw late(limit);
      }
      TimeUnit.NANOSECONDS.timedWait(this, Math.min(left, LOOK.toNanos()));
    }
    return ready;
  }

  /// Waits until steps can run again, and not longer than `most`.
  ///
  /// @param limit of the time without enough nodes, however many waits it takes
  /// @return whether they can
  /// @throws ForwardException if it passes
  synchronized boolean await(Duration most, Duration limit) throws InterruptedException {
    long end = System.nanoTime() + most.toNanos();
    while (ready == null) {
      long now = System.nanoTime();
      if (!loading && now - missingSince > limit.toNanos()) {
        throw late(limit);
      }
      if (end - now <= 0) {
        return false;
      }
      TimeUnit.NANOSECONDS.timedWait(this, Math.min(end - now, LOOK.toNanos()));
    }
    return true;
  }

  private ForwardException late(Duration limit) {
    return new ForwardException("no cluster after %d s: %s".formatted(limit.toSeconds(), waiting));
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
  public synchronized void waiting(String what) {
    waiting = what;
    loading = false;
    listener.waiting(what);
  }

  @Override
  public synchronized void forming(int nodes) {
    loading = true;
    rehearsed = false;
    listener.forming(nodes);
    notifyAll();
  }

  @Override
  public synchronized void rehearsed(String why) {
    rehearsed = true;
    listener.rehearsed(why);
    notifyAll();
  }

  @Override
  public synchronized void ready(int nodes, int cached, long loadMillis) {
    loading = false;
    ready = new Root.Ready(nodes, loadMillis);
    listener.ready(nodes, cached, loadMillis);
    notifyAll();
  }

  @Override
  public synchronized void changing(int nodes) {
    ready = null;
    missingSince = System.nanoTime();
    listener.changing(nodes);
  }

  @Override
  public synchronized void lost(String why) {
    ready = null;
    loading = false;
    missingSince = System.nanoTime();
    listener.lost(why);
    notifyAll();
  }

  @Override
  public void notice(String what) {
    listener.notice(what);
  }

  @Override
  public void loading(int rank, String address, long bytes, long total) {
    listener.loading(rank, address, bytes, total);
  }

  @Override
  public void joined(String address) {
    listener.joined(address);
  }

  @Override
  public void slow(String what) {
    listener.slow(what);
  }

  @Override
  public void spare(String address, int nodes, int possible, boolean soon) {
    listener.spare(address, nodes, possible, soon);
  }

  @Override
  public void left(String address, String why) {
    listener.left(address, why);
  }

  @Override
  public void refused(String address, String why) {
    listener.refused(address, why);
  }

  @Override
  public void stranger(String what) {
    listener.stranger(what);
  }

  @Override
  public void ended(String why) {
    listener.ended(why);
  }
}
