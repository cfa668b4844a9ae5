package dllama.cluster.root;

import java.time.Duration;

/// Whether somebody is being answered, so that the world must stay as it is.
///
/// Who asks claims the world first, and releases it when the answer has ended. A step of the last
/// second counts as an answer, too: whoever has just read one is likely to go on. A pure state
/// machine; [RootCoordinator] owns it. Times are those of `System.nanoTime`.
final class Answering {
  static final Duration PAUSE = Duration.ofSeconds(1);

  /// From the start on: `inference` and `bench` never release their world.
  private boolean claimed = true;

  private long lastStep;

  Answering(long now) {
    lastStep = now;
  }

  void claim() {
    claimed = true;
  }

  void release() {
    claimed = false;
  }

  /// A step was asked for.
  void stepped(long now) {
    lastStep = now;
  }

  /// Whether an answer may be under way.
  boolean isClaimed() {
    return claimed;
  }

  /// Whether nobody is answered, nor has just been.
  boolean isOver(long now) {
    return !claimed && now - lastStep >= PAUSE.toNanos();
  }
}
