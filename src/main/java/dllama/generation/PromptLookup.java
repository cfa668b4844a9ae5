package dllama.generation;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// Guesses that the text goes on as it did the last time when its latest tokens stood there:
/// answers quote, repeat names and code, and correct texts that they were given.
///
/// Remembers of every run of two to four tokens where it last ended, so that neither a token nor a
/// guess costs more in a long text. Not thread-safe.
final class PromptLookup implements Drafter {
  private static final int SHORTEST = 2;
  private static final int LONGEST = 4;

  private int[] tokens = new int[64];
  private int size;

  /// By the hash of a run: where it was followed last.
  private final Map<Long, Integer> followers = new HashMap<>();

  /// Where the longest latest run was followed before; −1 if it is new.
  private int match = -1;

  @Override
  public void begin(int[] text) {
    size = 0;
    followers.clear();
    match = -1;
    for (int token : text) {
      follow(token);
    }
  }

  @Override
  public void follow(int token) {
    if (size == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * size);
    }
    tokens[size++] = token;
    match = -1;
    for (int length = SHORTEST; length <= Math.min(LONGEST, size); length++) {
      Integer before = followers.put(hash(length), size);
      if (before != null && isLatest(length, before)) {
        match = before;
      }
    }
  }

  private long hash(int length) {
    long hash = length;
    for (int i = size - length; i < size; i++) {
      hash = (hash ^ tokens[i]) * 0x9E3779B97F4A7C15L;
      hash ^= hash >>> 32;
    }
    return hash;
  }

  private boolean isLatest(int length, int end) {
    return Arrays.equals(tokens, end - length, end, tokens, size - length, size);
  }

  @Override
  public int[] draft(int max) {
    int[] guess = new int[match < 0 ? 0 : max];
    for (int i = 0; i < guess.length; i++) {
      int at = match + i;
      guess[i] = at < size ? tokens[at] : guess[at - size]; // what repeats itself goes on so
    }
    return guess;
  }
}
