package dllama.format.file;

import dllama.model.DeltaNet;
import dllama.model.TensorRole;
import dllama.tensor.RowOrder;

/// Rows of a matrix of delta networks that is in a tensor with others, key head after key head, as
/// Qwen3-Next has two: `[2 keyDim + 2 valueDim, dim]`, of each key head its query, its key, its
/// values and their gates; and `[2 valueHeads, dim]`, the betas of its value heads, then their
/// alphas (`fix_query_key_value_ordering` of transformers' `Qwen3Next`; `ssm_ba` of GGUF files has
/// the second one). In the model value heads that share a key head are side by side.
///
/// @param net of the model
/// @param role of the matrix: input, gate, beta or alpha
public record KeyHeadRows(DeltaNet net, TensorRole role) implements RowOrder {
  /// Value heads of a key head.
  private int each() {
    return net.valueHeads() / net.keyHeads();
  }

  @Override
  public long stored(long row) {
    long head = net.headDim();
    long values = each() * head;
    long projected = 2 * head + 2 * values;
    return switch (role) {
      case DELTA_INPUT -> {
        if (row < 2L * net.keyDim()) {
          long key = row / net.keyDim();
          long inKeys = row % net.keyDim();
          yield inKeys / head * projected + key * head + inKeys % head;
        }
        long value = row - 2L * net.keyDim();
        yield value / values * projected + 2 * head + value % values;
      }
      case DELTA_GATE -> row / values * projected + 2 * head + values + row % values;
      case DELTA_BETA -> row / each() * 2 * each() + row % each();
      case DELTA_ALPHA -> row / each() * 2 * each() + each() + row % each();
      default -> throw new IllegalArgumentException("no part of such a tensor: " + role);
    };
  }

  @Override
  public boolean fits(long dataBytes, long rows, long rowBytes) {
    boolean gates = role == TensorRole.DELTA_BETA || role == TensorRole.DELTA_ALPHA;
    long all = gates ? 2L * net.valueHeads() : 2L * net.keyDim() + 2L * net.valueDim();
    return dataBytes == all * rowBytes;
  }
}
