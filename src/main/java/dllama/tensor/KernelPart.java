package dllama.tensor;

import java.util.Locale;

/// What kernels do, as far as each can be done in a form of its own.
enum KernelPart {
  /// Products with few tokens, which take as long as reading the weights.
  DECODE,

  /// Products with a bundle of tokens.
  PREFILL,

  ATTENTION,

  /// What goes over single rows: norms, gates, sums, rounding.
  ROWS;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
