package dllama.constraint;

import org.jspecify.annotations.Nullable;

/// A number between limits, written without an exponent, that is a multiple of another. All are
/// counted in units of 10^−`scale`, so it is exact: a digit is taken if a number that begins so is
/// among those that are allowed.
///
/// A state is the digits so far as a number, and below it: whether there is none yet (1), whether
/// it is negative (2), and where the point is (× 4: 0 none yet, 1 just there, 1 + digits behind
/// it).
final class Decimal extends Terminal {
  /// The largest number of units.
  static final long MOST = 100_000_000_000_000_000L - 1;

  private static final int EMPTY = 1;
  private static final int NEGATIVE = 2;
  private static final int POINT_SHIFT = 2;
  private static final int POINT_MASK = 31;
  private static final int DIGITS_SHIFT = 7;

  private static final long[] POWERS = new long[18];

  static {
    POWERS[0] = 1;
    for (int i = 1; i < POWERS.length; i++) {
      POWERS[i] = 10 * POWERS[i - 1];
    }
  }

  private final long min;
  private final long max;
  private final long step;
  private final int scale;

  /// @param min in units, as `max` and `step`; at most [#MOST] from 0
  /// @param scale the most digits behind the point; 0: whole numbers
  Decimal(long min, long max, long step, int scale) {
    if (min < -MOST || max > MOST || step <= 0 || scale < 0 || scale > 15) {
      throw new IllegalArgumentException(
          "min=%d max=%d step=%d scale=%d".formatted(min, max, step, scale));
    }
    this.min = min;
    this.max = max;
    this.step = step;
    this.scale = scale;
  }

  /// Whether there is no such number.
  boolean isEmpty() {
    return !any(min, max);
  }

  /// Whether one of the numbers that are allowed is in a range.
  private boolean any(long from, long to) {
    long low = Math.max(from, min);
    long high = Math.min(to, max);
    return low <= high && Math.floorDiv(high, step) * step >= low;
  }

  @Override
  long start() {
    return EMPTY;
  }

  @Override
  long next(long state, byte value) {
    boolean empty = (state & EMPTY) != 0;
    int point = point(state);
    long digits = state >>> DIGITS_SHIFT;
    long next;
    if (value == '-') {
      next = state == EMPTY ? EMPTY | NEGATIVE : NONE;
    } else if (value == '.') {
      next = empty || point > 0 || scale == 0 ? NONE : state | 1 << POINT_SHIFT;
    } else if (value < '0' || value > '9' || (point == 0 && !empty && digits == 0)) {
      next = NONE; // nothing but a point follows a leading zero
    } else if (point > scale || digits > MOST / 10) {
      next = NONE;
    } else {
      int behind = point == 0 ? 0 : point + 1;
      next =
          ((10 * digits + value - '0') << DIGITS_SHIFT)
              | ((long) behind << POINT_SHIFT)
              | (state & NEGATIVE);
    }
    return next != NONE && leads(next) ? next : NONE;
  }

  /// Whether a number that is allowed begins like this.
  private boolean leads(long state) {
    boolean negative = (state & NEGATIVE) != 0;
    if ((state & EMPTY) != 0) {
      return negative && any(-MOST, -1);
    }
    int point = point(state);
    long unit = POWERS[scale - Math.max(0, point - 1)];
    long digits = state >>> DIGITS_SHIFT;
    if (digits > MOST / unit) {
      return false;
    }
    long from = digits * unit;
    long to = from + unit - 1;
    while (from <= MOST) {
      if (negative ? any(-to, -Math.max(1, from)) : any(from, to)) {
        return true;
      }
      if (point > 0 || from == 0) {
        return false;
      }
      from *= 10;
      to = 10 * to + 9;
    }
    return false;
  }

  @Override
  boolean accepts(long state) {
    int point = point(state);
    if ((state & EMPTY) != 0 || point == 1) {
      return false;
    }
    long digits = state >>> DIGITS_SHIFT;
    long size = digits * POWERS[scale - Math.max(0, point - 1)];
    boolean negative = (state & NEGATIVE) != 0;
    return negative ? size > 0 && any(-size, -size) : any(size, size);
  }

  @Override
  boolean continues(long state) {
    for (byte value : "-.0123456789".getBytes(java.nio.charset.StandardCharsets.US_ASCII)) {
      if (next(state, value) != NONE) {
        return true;
      }
    }
    return false;
  }

  @Override
  @Nullable Object likeness(long state, int longest) {
    return null;
  }

  private static int point(long state) {
    return (int) (state >>> POINT_SHIFT) & POINT_MASK;
  }
}
