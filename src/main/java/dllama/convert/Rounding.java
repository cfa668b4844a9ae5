package dllama.convert;

import dllama.error.UserException;
import dllama.format.file.RowSource;
import dllama.format.file.Tensor;
import dllama.format.file.TensorRows;
import dllama.model.TensorRole;
import dllama.tensor.DType;
import dllama.tensor.Finite;
import dllama.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;

/// Rows of the input as another type has them.
final class Rounding implements RowSource {
  private final Map<TensorRole.Name, TensorRows> input;

  /// Values of a piece, for each thread.
  private final ThreadLocal<float[]> buffers = ThreadLocal.withInitial(() -> new float[0]);

  Rounding(Map<TensorRole.Name, TensorRows> input) {
    this.input = Map.copyOf(input);
  }

  /// @throws UserException if a value is none that the type can hold
  @Override
  public void fill(Tensor tensor, int index, long first, int count, ByteBuffer to) {
    TensorRows rows = Objects.requireNonNull(input.get(tensor.name()));
    DType type = tensor.dtype();
    int bytes = Math.toIntExact(count * type.byteSize(tensor.cols()));
    MemorySegment target = MemorySegment.ofBuffer(to).asSlice(0, bytes);
    boolean same = type.equals(rows.dtype());
    if (same) {
      rows.copy(first, count, target);
    } else {
      int size = Math.toIntExact(count * tensor.cols());
      float[] values = buffer(size);
      rows.values(first, count, values);
      if (!Finite.all(values, 0, size)) {
        throw notFinite(tensor);
      }
      type.round(values, 0, size, target, 0);
    }
    rows.unload(first, count);
    if (!Finite.all(new Matrix(target, type, count, tensor.cols()), 0, count)) {
      throw same
          ? notFinite(tensor)
          : new UserException(
              "%s has a value that is too large for %s; take --weights-float-type f32"
                  .formatted(tensor.name().text(), type));
    }
    to.position(to.position() + bytes);
  }

  private float[] buffer(int size) {
    if (buffers.get().length < size) {
      buffers.set(new float[size]);
    }
    return buffers.get();
  }

  private static UserException notFinite(Tensor tensor) {
    return new UserException(
        "a value of %s is no number (NaN or infinity); the input may be damaged: fetch it again"
            .formatted(tensor.name().text()));
  }
}
