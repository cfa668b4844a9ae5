package dllama.generation;

import java.util.Arrays;

/// The tokens of a sequence over several generations, and how many of them the key/value cache of
/// the forward pass holds. What it does not hold is fed again before the next prompt.
///
/// An end token is not part of it: what ends a message is the template's, and stands in the prompt
/// of the next turn. Not thread-safe.
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

  /// Forgets what differs from `prompt`, the whole of what the model is to see next, so that the
  /// rest of it can be fed; that is at least its last token.
  ///
  /// @return how many tokens of `prompt` are here already
  public int retain(int[] prompt) {
    int same = Arrays.mismatch(tokens, 0, size, prompt, 0, prompt.length);
    int kept = Math.min(same < 0 ? size : same, prompt.length - 1);
    truncate(Math.max(0, kept));
    return size;
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
