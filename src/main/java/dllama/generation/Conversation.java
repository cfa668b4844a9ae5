package dllama.generation;

import java.util.Arrays;

/// The tokens of a sequence over several generations, and how many of them the key/value cache of
/// the forward pass holds. What it does not hold is fed again before the next prompt.
///
/// An end token is not part of a conversation: as in distributed-llama, the template puts what
/// separates messages at the beginning of the next prompt. Not thread-safe.
public final class Conversation {
  private int[] tokens = {};
  private int size;
  private int cached;

  /// Position of the next token.
  public int position() {
    return size;
  }

  /// Tokens that the cache holds, from position 0 on; the last token of an answer that was cut off
  /// is not among them yet.
  public int cached() {
    return cached;
  }

  /// Begins anew.
  public void reset() {
    size = 0;
    cached = 0;
  }

  /// The cache holds no more than `positions` of it.
  void limitCache(int positions) {
    cached = Math.min(cached, positions);
  }

  void append(int... added) {
    if (size + added.length > tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.max(2 * size, size + added.length));
    }
    System.arraycopy(added, 0, tokens, size, added.length);
    size += added.length;
  }

  void truncate(int newSize) {
    size = newSize;
    cached = Math.min(cached, newSize);
  }

  int[] tokens() {
    return Arrays.copyOf(tokens, size);
  }

  /// The next tokens that the cache does not hold, at most `max`.
  int[] uncached(int max) {
    return Arrays.copyOfRange(tokens, cached, Math.min(size, cached + max));
  }

  void cache(int count) {
    cached += count;
  }
}
