package dllama.model;

/// A family of models, described by what its forward pass does; one forward pass reads the
/// description.
///
/// @param name as given to `--arch`
/// @param rope which pairs of a head's values are rotated together
public record Architecture(String name, RopeStyle rope) {
  /// Which two values of a head form a pair for the rotary embedding.
  public enum RopeStyle {
    /// (2i, 2i + 1)
    ADJACENT,
    /// (j, j + headDim / 2)
    HALF_SPLIT
  }

  public static final Architecture LLAMA = new Architecture("llama", RopeStyle.ADJACENT);
}
