package dllama.api.openai;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// Responses that may be gone on from, in memory: the latest ones, as many as the limits allow. Any
/// thread.
final class ResponseStore {
  private final int mostResponses;
  private final long mostBytes;
  private final Map<String, Kept> kept = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes;

  /// A response, as JSON.
  ///
  /// @param owner who made it, and alone may have it
  /// @param items all that was said up to its end, an object with the array `input`
  record Kept(String owner, byte[] response, byte[] items) {
    long bytes() {
      return (long) response.length + items.length;
    }
  }

  ResponseStore(int mostResponses, long mostBytes) {
    this.mostResponses = mostResponses;
    this.mostBytes = mostBytes;
  }

  /// Keeps one; those that nobody has asked for the longest go. One that is larger than the limit
  /// goes itself.
  synchronized void put(String id, Kept response) {
    kept.put(id, response);
    bytes += response.bytes();
    Iterator<Kept> oldest = kept.values().iterator();
    while (kept.size() > mostResponses || bytes > mostBytes) {
      bytes -= oldest.next().bytes();
      oldest.remove();
    }
  }

  /// One that this owner made; what others made is as if it were not there.
  synchronized Optional<Kept> get(String id, String owner) {
    return Optional.ofNullable(kept.get(id)).filter(response -> response.owner().equals(owner));
  }

  /// Forgets one that this owner made.
  ///
  /// @return whether it was there
  synchronized boolean remove(String id, String owner) {
    Optional<Kept> response = get(id, owner);
    response.ifPresent(
        known -> {
          kept.remove(id);
          bytes -= known.bytes();
        });
    return response.isPresent();
  }
}
