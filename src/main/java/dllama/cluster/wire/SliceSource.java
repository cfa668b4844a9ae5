package dllama.cluster.wire;

/// Where ranks get the weights of their slices from.
///
/// @param fingerprint of the model's content
/// @param keep whether a slice may be kept in a folder for the next start
/// @param random whether ranks make their weights up from `seed` instead of being sent them
/// @param seed of random weights
public record SliceSource(String fingerprint, boolean keep, boolean random, long seed) {
  public SliceSource {
    fingerprint = Checks.name("fingerprint", fingerprint);
  }

  /// Weights of a model file, which the root has.
  public static SliceSource file(String fingerprint, boolean keep) {
    return new SliceSource(fingerprint, keep, false, 0);
  }

  /// Weights that every rank makes for itself.
  public static SliceSource random(String fingerprint, long seed) {
    return new SliceSource(fingerprint, false, true, seed);
  }
}
