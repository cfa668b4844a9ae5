package dllama.settings;

/// Whether a step of many tokens is computed in two halves, one while what the other has sent is on
/// its way. Results are the same.
public enum Overlap {
  /// Where it is worth it.
  AUTO,
  /// Every step that has two tokens.
  ON,
  /// None.
  OFF
}
