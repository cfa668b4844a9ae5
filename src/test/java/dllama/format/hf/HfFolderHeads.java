package dllama.format.hf;

import dllama.model.DeltaNet;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.TensorRole;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// Value heads of delta networks where transformers has them: those of a key head side by side.
final class HfFolderHeads {
  private HfFolderHeads() {}

  /// Where a row of a matrix, or a value of a vector, stands in the file.
  static int place(ModelSpec spec, TensorRole.Name name, int at) {
    DeltaNet net = spec.deltaNet();
    return switch (name.role()) {
      case DELTA_INPUT -> place(net, at, 2 * net.keyDim(), net.headDim());
      case DELTA_FILTER ->
          place(net, at, 2 * net.keyDim() * net.kernel(), net.headDim() * net.kernel());
      case DELTA_GATE -> place(net, at, 0, net.headDim());
      case DELTA_BETA, DELTA_ALPHA, DELTA_DECAY, DELTA_ALPHA_BIAS -> place(net, at, 0, 1);
      default -> at;
    };
  }

  private static int place(DeltaNet net, int at, int first, int width) {
    if (at < first) {
      return at;
    }
    int head = (at - first) / width;
    if (net.together() > 1) {
      return at; // they are side by side in the model, too
    }
    int keyHead = head % net.keyHeads();
    int stored = keyHead * (net.valueHeads() / net.keyHeads()) + head / net.keyHeads();
    return first + stored * width + (at - first) % width;
  }

  /// The columns of a row where transformers has them.
  static float[] columns(ModelSpec spec, TensorRole.Name name, float[] row) {
    if (name.role() != TensorRole.DELTA_OUTPUT) {
      return row;
    }
    float[] columns = new float[row.length];
    for (int i = 0; i < row.length; i++) {
      columns[place(spec.deltaNet(), i, 0, spec.deltaNet().headDim())] = row[i];
    }
    return columns;
  }

  /// The rows of matrices that are one tensor in files of Qwen3-Next: of each key head its query,
  /// its key, its values and their gates, or its betas and its alphas.
  static byte[] byKeyHead(ModelSource.Weights model, List<TensorRole.Name> parts, DType type) {
    DeltaNet net = model.spec().deltaNet();
    int each = net.valueHeads() / net.keyHeads();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int head = 0; head < net.keyHeads(); head++) {
      for (TensorRole.Name part : parts) {
        Matrix matrix = model.weights().get(part);
        switch (part.role()) {
          case DELTA_INPUT -> {
            int width = net.headDim();
            write(matrix, head * width, width, type, bytes);
            write(matrix, net.keyDim() + head * width, width, type, bytes);
            int values = each * width;
            write(matrix, 2 * net.keyDim() + head * values, values, type, bytes);
          }
          case DELTA_GATE ->
              write(matrix, head * each * net.headDim(), each * net.headDim(), type, bytes);
          default -> write(matrix, head * each, each, type, bytes);
        }
      }
    }
    return bytes.toByteArray();
  }

  private static void write(
      Matrix matrix, int row, int rows, DType type, ByteArrayOutputStream bytes) {
    MemorySegment data = matrix.rounded(type, row, row + rows, 0, matrix.cols()).data();
    bytes.writeBytes(data.toArray(ValueLayout.JAVA_BYTE));
  }
}
