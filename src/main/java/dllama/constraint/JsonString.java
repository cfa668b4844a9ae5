package dllama.constraint;

import org.jspecify.annotations.Nullable;

/// A string of JSON with its quotes, of `min` to `max` characters, escaped or not. A state is the
/// number of characters that are complete, and where in one it is: count << 8 | place. Without an
/// upper limit counting ends at the lower one.
final class JsonString extends Terminal {
  private static final int BITS = 8;
  private static final int MASK = (1 << BITS) - 1;

  /// Places that are in no character; the others are states of the character's automaton.
  private static final int BEFORE = MASK;

  private static final int AFTER = MASK - 1;

  private static final Dfa CHARACTER = Patterns.CHARACTER;

  private final int min;
  private final int max;

  /// @param max [Integer#MAX_VALUE]: any number
  JsonString(int min, int max) {
    this.min = min;
    this.max = max;
  }

  @Override
  long start() {
    return BEFORE;
  }

  @Override
  long next(long state, byte value) {
    int place = (int) state & MASK;
    long count = state >>> BITS;
    if (place == BEFORE) {
      return value == '"' ? 0 : NONE;
    }
    if (place == AFTER) {
      return NONE;
    }
    if (place == 0 && value == '"') {
      return count >= min ? count << BITS | AFTER : NONE;
    }
    if (count == max) {
      return NONE;
    }
    long next = CHARACTER.next(place, value);
    if (next == NONE) {
      return NONE;
    }
    if (!CHARACTER.accepts(next)) {
      return count << BITS | next;
    }
    return (max == Integer.MAX_VALUE && count == min ? count : count + 1) << BITS;
  }

  @Override
  boolean accepts(long state) {
    return (state & MASK) == AFTER;
  }

  @Override
  boolean continues(long state) {
    return (state & MASK) != AFTER;
  }

  /// Limits that are out of reach do not matter.
  private record Likeness(long missing, long room, int place) {}

  @Override
  @Nullable Object likeness(long state, int longest) {
    long count = state >>> BITS;
    long missing = Math.clamp(min - count, 0, longest);
    long room = max == Integer.MAX_VALUE ? longest : Math.min(max - count, longest);
    return new Likeness(missing, room, (int) state & MASK);
  }
}
