package dllama.constraint;

import java.util.List;

/// One after the other. State: the part that comes next.
final class Sequence extends Grammar {
  private final List<Grammar> parts;

  Sequence(List<Grammar> parts) {
    this.parts = parts;
  }

  @Override
  void enter(Frame next, Ways ways) {
    enter(0, next, ways);
  }

  @Override
  void after(Frame frame, Ways ways) {
    enter((int) frame.state, frame.below(), ways);
  }

  private void enter(int part, Frame next, Ways ways) {
    if (part == parts.size()) {
      next.resume(ways);
    } else {
      boolean last = part == parts.size() - 1;
      parts.get(part).enter(last ? next : new Frame(this, part + 1L, next), ways);
    }
  }

  @Override
  List<Grammar> parts() {
    return parts;
  }

  @Override
  int computeHeight() {
    return parts.stream().mapToInt(Grammar::height).max().orElse(0);
  }
}
