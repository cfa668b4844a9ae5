package dllama.settings;

import java.util.Locale;

/// Element type that a setting asks for; the constants are named as those of `tensor.DType`, but
/// for the mixes of types that most GGUF files have.
public enum FloatType {
  F32,
  F16,
  BF16,
  Q4_0,
  Q4_1,
  Q5_0,
  Q5_1,
  Q8_0,
  Q2_K,
  Q3_K,
  Q4_K,
  Q5_K,
  Q6_K,
  IQ4_NL,
  IQ4_XS,
  MXFP4,
  Q4_K_M,
  MXFP4_MOE;

  /// Whether it stands for several.
  public boolean isMix() {
    return this == Q4_K_M || this == MXFP4_MOE;
  }

  /// As on the command line, such as q40.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace("_", "");
  }
}
