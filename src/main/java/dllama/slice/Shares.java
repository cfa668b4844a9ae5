package dllama.slice;

import dllama.error.UserException;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/// How much of a model each rank takes, in proportion: 2:1 gives rank 0 twice as much as rank 1. In
/// lowest terms, so that equal proportions are equal.
///
/// @param parts one for each rank, from rank 0 on
public record Shares(List<Integer> parts) {
  private static final int MOST_RANKS = 1024;

  /// A thousandth of what a rank has is the least that another one may have.
  private static final int MOST = 1_000_000;

  /// @throws UserException if a part is not positive, or there are none or too many
  public Shares {
    if (parts == null || parts.isEmpty() || parts.size() > MOST_RANKS) {
      throw new UserException("shares are given for 1 to %d nodes".formatted(MOST_RANKS));
    }
    for (Integer part : parts) {
      if (part == null || part < 1 || part > MOST) {
        throw new UserException(
            "a share is a whole number from 1 to %d, not %s".formatted(MOST, part));
      }
    }
    int divisor = parts.stream().reduce(0, Shares::commonDivisor);
    parts = parts.stream().map(part -> part / divisor).toList();
  }

  private static int commonDivisor(int a, int b) {
    return b == 0 ? a : commonDivisor(b, a % b);
  }

  /// The same for each of so many ranks.
  public static Shares equal(int ranks) {
    return new Shares(Collections.nCopies(Math.clamp(ranks, 0, MOST_RANKS + 1), 1));
  }

  /// Those that were given, if they are for so many ranks; else the same for each.
  public static Shares given(List<Integer> parts, int ranks) {
    return parts.size() == ranks ? new Shares(parts) : equal(ranks);
  }

  public int ranks() {
    return parts.size();
  }

  /// Whether all have the same.
  public boolean areEqual() {
    return Collections.max(parts) == 1;
  }

  /// Of the whole, what ranks before `rank` have together: from 0 for rank 0 to 1 for [#ranks].
  double before(int rank) {
    return (double) sum(rank) / sum(ranks());
  }

  private long sum(int ranks) {
    return parts.stream().limit(ranks).mapToLong(Integer::longValue).sum();
  }

  /// As users give them: `3:2:2:1`.
  @Override
  public String toString() {
    return parts.stream().map(String::valueOf).collect(Collectors.joining(":"));
  }
}
