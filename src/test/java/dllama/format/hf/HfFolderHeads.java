package dllama.format.hf;

import dllama.model.DeltaNet;
import dllama.model.ModelSpec;
import dllama.model.TensorRole;

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
}
