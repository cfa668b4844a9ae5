package dllama.model;

/// What the attention of one layer is like.
///
/// @param headDim width of a head
/// @param kvHeads heads of keys and values
/// @param window positions that a token sees, its own included; 0: all
/// @param rope its rotary embedding
/// @param source the layer whose keys and values it reads: itself, or an earlier one of its kind,
///     and then it has none of its own
/// @param keysAreValues whether it has no wv: a value is the key before it is normed and turned
public record LayerAttention(
    int headDim, int kvHeads, int window, Rope rope, int source, boolean keysAreValues) {
  /// Whether a token sees the latest positions only.
  public boolean slides() {
    return window > 0;
  }

  /// The first position that a token at `position` sees.
  public int from(int position) {
    return window == 0 ? 0 : Math.max(0, position + 1 - window);
  }

  /// Of so many positions, those that the last one sees.
  public double seen(double positions) {
    return window == 0 ? positions : Math.min(positions, window);
  }
}
