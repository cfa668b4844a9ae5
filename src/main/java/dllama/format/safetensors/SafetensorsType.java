package dllama.format.safetensors;

import dllama.tensor.DType;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Types that tensors of safetensors files may have, by the names that they have there.
@SuppressWarnings("ImmutableEnumChecker") // types do not change
public enum SafetensorsType {
  F32(4, DType.F32),
  F16(2, DType.F16),
  BF16(2, DType.BF16),
  F64(8),
  F8_E4M3(1),
  F8_E5M2(1),
  F8_E8M0(1),
  I64(8),
  U64(8),
  I32(4),
  U32(4),
  I16(2),
  U16(2),
  I8(1),
  U8(1),
  BOOL(1);

  private final int bytes;
  private final @Nullable DType weights;

  SafetensorsType(int bytes) {
    this(bytes, null);
  }

  SafetensorsType(int bytes, @Nullable DType weights) {
    this.bytes = bytes;
    this.weights = weights;
  }

  /// The type of a name, if it is known.
  static Optional<SafetensorsType> of(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  /// Bytes of a value.
  public int bytes() {
    return bytes;
  }

  /// What weights of this type are, if they can be read.
  public Optional<DType> weights() {
    return Optional.ofNullable(weights);
  }
}
