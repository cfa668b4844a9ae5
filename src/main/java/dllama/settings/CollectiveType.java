package dllama.settings;

/// How partials become sums on all nodes.
public enum CollectiveType {
  /// Whichever of [#DIRECT] and [#REDUCE_SCATTER] is quicker for a step; the bits are the same.
  AUTO,
  /// Every node sends its partial to all others.
  DIRECT,
  /// Every node sums a part of the values and sends the F32 sums to all others.
  REDUCE_SCATTER,
  /// The same with sums that are rounded once more, to Q8_0.
  REDUCE_SCATTER_Q80
}
