package dllama.constraint;

import org.jspecify.annotations.Nullable;

/// A part of a grammar that takes bytes: an automaton whose state is a number. From every state
/// that it gets into it can be completed. Immutable.
abstract non-sealed class Terminal extends Grammar {
  /// In place of a state: the byte is not taken.
  static final long NONE = -1;

  abstract long start();

  /// The state after a byte, or [#NONE].
  abstract long next(long state, byte value);

  /// Whether it is complete.
  abstract boolean accepts(long state);

  /// Whether it takes any byte more.
  abstract boolean continues(long state);

  /// Equal for states that take the same texts of up to `longest` bytes; null: nothing is known.
  abstract @Nullable Object likeness(long state, int longest);

  /// Adds the ways that there are in a state.
  final void arrive(long state, Frame next, Ways ways) {
    if (continues(state)) {
      ways.add(new Frame(this, state, next));
    }
    if (accepts(state)) {
      next.resume(ways);
    }
  }

  /// Whether it takes just this text.
  final boolean matches(byte[] text) {
    long state = start();
    for (int i = 0; i < text.length && state != NONE; i++) {
      state = next(state, text[i]);
    }
    return state != NONE && accepts(state);
  }

  @Override
  final void enter(Frame next, Ways ways) {
    arrive(start(), next, ways);
  }

  @Override
  final int computeHeight() {
    return 0;
  }
}
