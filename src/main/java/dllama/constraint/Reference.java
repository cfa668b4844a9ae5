package dllama.constraint;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A grammar that is known later, so that grammars can contain themselves.
final class Reference extends Grammar {
  private @Nullable Grammar target;

  /// Says what it stands for; once, before it is used.
  void to(Grammar grammar) {
    target = grammar;
  }

  private Grammar target() {
    if (target == null) {
      throw new IllegalStateException("stands for nothing yet");
    }
    return target;
  }

  @Override
  void enter(Frame next, Ways ways) {
    target().enter(next, ways);
  }

  @Override
  List<Grammar> parts() {
    return List.of(target());
  }

  @Override
  int computeHeight() {
    return target().height();
  }
}
