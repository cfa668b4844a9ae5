package dllama.constraint;

import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Walks of whole vocabularies that were long, by what they were of. The one within a string is
/// needed for nearly every token of an answer, and is the same for all answers. For any thread.
final class MaskCache {
  private static final long MOST_BYTES = 8 << 20;

  /// How a terminal takes the tokens of a vocabulary. Not changed.
  ///
  /// @param within tokens that end in it
  /// @param exits nodes at which it can be complete
  record Walk(BitSet within, int[] exits) {
    long bytes() {
      return within.size() / 8 + 4L * exits.length + 100;
    }
  }

  private final Map<Object, Walk> walks = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes;

  synchronized @Nullable Walk get(Object key) {
    return walks.get(key);
  }

  synchronized void put(Object key, Walk walk) {
    Walk old = walks.put(key, walk);
    bytes += walk.bytes() - (old == null ? 0 : old.bytes());
    var oldest = walks.values().iterator();
    while (bytes > MOST_BYTES && oldest.hasNext()) {
      bytes -= oldest.next().bytes();
      oldest.remove();
    }
  }
}
