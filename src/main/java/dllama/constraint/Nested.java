package dllama.constraint;

import java.util.List;

/// An object or an array: what counts as nested.
final class Nested extends Grammar {
  private final Grammar inside;

  Nested(Grammar inside) {
    this.inside = inside;
  }

  @Override
  void enter(Frame next, Ways ways) {
    inside.enter(new Frame(this, 0, next, next.depth + 1), ways);
  }

  @Override
  void after(Frame frame, Ways ways) {
    frame.below().resume(ways);
  }

  @Override
  List<Grammar> parts() {
    return List.of(inside);
  }

  @Override
  int computeHeight() {
    return 1 + inside.height();
  }
}
