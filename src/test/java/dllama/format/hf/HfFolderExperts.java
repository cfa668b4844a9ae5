package dllama.format.hf;

import dllama.format.safetensors.SafetensorsWriter;
import dllama.model.ModelSource;
import dllama.model.TensorRole;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// The experts of gpt-oss as transformers has them: those of a layer in one tensor, in which gates
/// and ups take turns.
final class HfFolderExperts {
  private HfFolderExperts() {}

  /// @param parts of all experts, one after the other
  static void add(
      SafetensorsWriter writer,
      ModelSource.Weights model,
      String called,
      List<TensorRole.Name> parts,
      DType type) {
    int experts = model.spec().experts();
    int each = parts.size() / experts;
    Matrix first = model.weights().get(parts.getFirst());
    int rows = (int) first.rows();
    int cols = (int) first.cols();
    if (parts.getFirst().role().isVector()) {
      byte[] bytes = new byte[parts.size() * cols * Float.BYTES];
      for (int i = 0; i < parts.size(); i++) {
        float[] values = values(model.weights().get(parts.get(i)), 0);
        for (int at = 0; at < cols; at++) {
          put(values[at], DType.F32, bytes, (i / each * cols + at) * each + i % each);
        }
      }
      writer.add(called, "F32", bytes, experts, (long) each * cols);
      return;
    }
    if (first.dtype().equals(DType.MXFP4)) {
      addBlocks(writer, model, called, parts, each);
      return;
    }
    byte[] bytes = new byte[(int) (parts.size() * rows * type.byteSize(cols))];
    for (int i = 0; i < parts.size(); i++) {
      Matrix matrix = model.weights().get(parts.get(i));
      for (int row = 0; row < rows; row++) {
        float[] values = values(matrix, row);
        for (int col = 0; col < cols; col++) {
          int line = i / each * cols + col;
          put(values[col], type, bytes, (line * rows + row) * each + i % each);
        }
      }
    }
    writer.add(called, type.name(), bytes, experts, cols, (long) each * rows);
  }

  private static void addBlocks(
      SafetensorsWriter writer,
      ModelSource.Weights model,
      String called,
      List<TensorRole.Name> parts,
      int each) {
    Matrix first = model.weights().get(parts.getFirst());
    int rows = (int) first.rows();
    int count = (int) first.cols() / 32;
    byte[] scales = new byte[parts.size() * rows * count];
    byte[] blocks = new byte[16 * scales.length];
    for (int i = 0; i < parts.size(); i++) {
      for (int row = 0; row < rows; row++) {
        byte[] ours = new byte[17 * count];
        Matrix matrix = model.weights().get(parts.get(i));
        matrix.copy(row, 0, ours.length, MemorySegment.ofArray(ours), 0);
        int line = (i / each * rows + row) * each + i % each;
        for (int block = 0; block < count; block++) {
          int to = line * count + block;
          scales[to] = ours[17 * block];
          for (int pair = 0; pair < 16; pair++) {
            int low = value(ours, 17 * block + 1, 2 * pair);
            int high = value(ours, 17 * block + 1, 2 * pair + 1);
            blocks[16 * to + pair] = (byte) (low | high << 4);
          }
        }
      }
    }
    long experts = model.spec().experts();
    writer.add(called + "_blocks", "U8", blocks, experts, (long) each * rows, count, 16);
    writer.add(called + "_scales", "U8", scales, experts, (long) each * rows, count);
  }

  private static int value(byte[] blocks, int at, int index) {
    return index < 16 ? blocks[at + index] & 15 : (blocks[at + index - 16] & 0xf0) >> 4;
  }

  private static float[] values(Matrix matrix, int row) {
    float[] values = new float[(int) matrix.cols()];
    matrix.decode(row, 0, values.length, values, 0);
    return values;
  }

  private static void put(float value, DType type, byte[] bytes, int index) {
    long at = index * type.byteSize(1);
    type.encode(new float[] {value}, 0, 1, MemorySegment.ofArray(bytes), at);
  }
}
