package dllama.tensor;

/// One way to multiply groups of 32 packed rows with tokens on the Vector API; the bits are those
/// of [DType#dot]. Stateless.
///
/// One call does so much that it does not matter which product it goes to; what is inside must not
/// depend on it.
interface VectorProduct {
  /// Groups that [Scratch] has room for.
  int MAX_GROUPS = 4;

  /// Likewise tokens.
  int MAX_TOKENS = 64;

  /// In words, for people.
  String name();

  /// Groups of a pass, at most [#MAX_GROUPS].
  default int groups() {
    return 1;
  }

  /// Tokens of a pass: 1, or up to one or several bundles, at most [#MAX_TOKENS].
  default int tokens() {
    return 1;
  }

  /// Results of `groups` groups and `count` tokens to `scratch.acc[groups, tokens, 32]`, where
  /// there are as many tokens as are computed, but no less than eight.
  ///
  /// @param at address of the first group
  /// @param groupBytes from a group to the next
  /// @param groups as many as [#groups], or what is left
  /// @param token the first of them; the first of a bundle, if there are more
  /// @param count 1, from 3 to 8, or several bundles, at most [#tokens]
  void pass(
      long at, long groupBytes, int groups, Activations x, int token, int count, Scratch scratch);
}
