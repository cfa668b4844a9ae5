package dllama.hub;

/// What a download may use.
///
/// @param connections at once
/// @param chunkBytes that are asked for at once, and lost at most when the process is killed
public record Means(int connections, long chunkBytes, Patience patience) {
  private static final long CHUNK = 16 << 20;

  /// With so many connections, and as usual.
  public static Means usual(int connections) {
    return new Means(connections, CHUNK, Patience.USUAL);
  }
}
