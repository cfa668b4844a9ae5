package dllama.sampling;

import java.util.Arrays;

/// The most probable tokens, in order: as many as have a given probability together, and few more.
///
/// Counting tells where the least probable of them lies; they are taken out and sorted by digits.
/// No branch depends on the values, which are as good as random: mispredictions would cost most.
final class Candidates {
  private static final int DIGIT_BITS = 10;
  private static final int DIGITS = 1 << DIGIT_BITS;

  private final int[] counts = new int[DIGITS];

  /// How far a token's probability is below the best one's, in bits of the float, then its index:
  /// the smaller the more probable, and of equal ones the lower index.
  private long[] ranked;

  private long[] spare;
  private int bestBits;

  Candidates(int capacity) {
    ranked = new long[capacity];
    spare = new long[capacity];
  }

  int capacity() {
    return ranked.length;
  }

  /// How many there are then: at least one, at most `probabilities.length`.
  int select(float[] probabilities, int best, float topp) {
    int n = probabilities.length;
    bestBits = Float.floatToRawIntBits(probabilities[best]);
    // Tokens below the cut-off are never needed: together they have less than 1 - topp.
    float cutoff = Math.min((1 - topp) / (n - 1), probabilities[best]);
    int farthest = bestBits - Float.floatToRawIntBits(cutoff);
    int size = 0;
    for (int i = 0; i < n; i++) {
      int distance = bestBits - Float.floatToRawIntBits(probabilities[i]);
      ranked[size] = ((long) distance << Integer.SIZE) | i;
      size += (distance - farthest - 1) >>> (Integer.SIZE - 1);
    }
    // Sums of floats may fall behind by 2^-24 of the sum with each number that is added.
    return narrow(size, farthest, topp * (1 + n * 0x1p-23));
  }

  /// Keeps what has the probability `wanted` together, puts it in order, and says how many it is.
  private int narrow(int candidates, int farthest, double wanted) {
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(farthest);
    int shift = Math.max(0, bits - DIGIT_BITS);
    Arrays.fill(counts, 0);
    for (int i = 0; i < candidates; i++) {
      counts[distance(ranked[i]) >>> shift]++;
    }
    int digit = 0;
    for (double sum = 0; digit < DIGITS && sum <= wanted; digit++) {
      int leastBits = bestBits - Math.min(((digit + 1) << shift) - 1, farthest);
      sum += counts[digit] * (double) Float.intBitsToFloat(leastBits);
    }
    long limit = (long) digit << shift;
    int size = 0;
    for (int i = 0; i < candidates; i++) {
      long candidate = ranked[i];
      ranked[size] = candidate;
      size += (int) ((distance(candidate) - limit) >>> (Long.SIZE - 1));
    }
    for (int sorted = 0; sorted < bits; sorted += DIGIT_BITS) {
      sortByDigit(size, sorted + Integer.SIZE);
    }
    return size;
  }

  /// Keeps the order of those that have the same digit.
  private void sortByDigit(int size, int shift) {
    Arrays.fill(counts, 0);
    for (int i = 0; i < size; i++) {
      counts[digit(ranked[i], shift)]++;
    }
    int start = 0;
    for (int digit = 0; digit < DIGITS; digit++) {
      int count = counts[digit];
      counts[digit] = start;
      start += count;
    }
    for (int i = 0; i < size; i++) {
      spare[counts[digit(ranked[i], shift)]++] = ranked[i];
    }
    long[] swap = ranked;
    ranked = spare;
    spare = swap;
  }

  private static int digit(long candidate, int shift) {
    return (int) (candidate >>> shift) & (DIGITS - 1);
  }

  private static int distance(long candidate) {
    return (int) (candidate >>> Integer.SIZE);
  }

  float probability(int rank) {
    return Float.intBitsToFloat(bestBits - distance(ranked[rank]));
  }

  int token(int rank) {
    return (int) ranked[rank];
  }
}
