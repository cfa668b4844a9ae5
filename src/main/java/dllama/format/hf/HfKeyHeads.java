package dllama.format.hf;

import dllama.model.DeltaNet;
import dllama.model.TensorRole;
import dllama.tensor.RowOrder;

/// Rows of the matrices of Qwen3-Next's delta networks, which are two tensors, key head after key
/// head: of one, a head's query, its key, its values and their gates; of the other, the betas and
/// the alphas of its values (`fix_query_key_value_ordering` of transformers' `Qwen3Next`).
///
/// @param role of the matrix
record HfKeyHeads(DeltaNet net, TensorRole role) implements RowOrder {
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
