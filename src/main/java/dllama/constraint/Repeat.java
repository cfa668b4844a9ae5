package dllama.constraint;

import java.util.List;

/// The same several times, with a separator between. State: how many are complete; without an
/// upper limit it stays at the lower one.
final class Repeat extends Grammar {
  private final Grammar item;
  private final Grammar later;
  private final int min;
  private final int max;

  /// @param max [Integer#MAX_VALUE]: none
  Repeat(Grammar item, Grammar separator, int min, int max) {
    this.item = item;
    this.later = new Sequence(List.of(separator, item));
    this.min = min;
    this.max = max;
  }

  @Override
  void enter(Frame next, Ways ways) {
    if (min == 0) {
      next.resume(ways);
    }
    if (max > 0 && (min > 0 || item.fits(next))) {
      item.enter(new Frame(this, 0, next), ways);
    }
  }

  @Override
  void after(Frame frame, Ways ways) {
    Frame next = frame.below();
    long count = frame.state + 1;
    if (count >= min) {
      next.resume(ways);
    }
    if (count < max && (count < min || item.fits(next))) {
      // Without a limit states have to be few: at least one, which is not the first.
      long kept = max == Integer.MAX_VALUE ? Math.min(count, Math.max(1, min)) : count;
      later.enter(new Frame(this, kept, next), ways);
    }
  }

  @Override
  List<Grammar> parts() {
    return List.of(item, later);
  }

  @Override
  int computeHeight() {
    return min == 0 ? 0 : item.height();
  }
}
