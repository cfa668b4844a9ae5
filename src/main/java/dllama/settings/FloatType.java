package dllama.settings;

/// Element type that a setting asks for; the constants are named as those of `tensor.DType`.
public enum FloatType {
  F32,
  F16,
  Q40,
  Q80
}
