package dllama.settings;

import java.util.Locale;

/// Element type that a setting asks for; the constants are named as those of `tensor.DType`.
public enum FloatType {
  F32,
  F16,
  Q4_0,
  Q8_0;

  /// As on the command line, such as q40.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace("_", "");
  }
}
