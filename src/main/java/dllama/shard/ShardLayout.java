package dllama.shard;

import dllama.error.UserException;
import dllama.model.ModelSpec;
import dllama.model.ModelWeights;
import dllama.shard.ShardPlan.Range;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import dllama.tensor.PackedMatrix;
import java.util.ArrayList;
import java.util.List;

/// Where every tensor of one rank's slice lies inside one contiguous piece of memory.
///
/// Derived from plan and rank alone: root and worker come to the same layout without telling each
/// other more, so a slice travels as plain bytes. Matrices are [PackedMatrix], norms plain F32
/// vectors; entries follow each other without gaps, each a multiple of [#ALIGNMENT] bytes long.
public final class ShardLayout {
  /// Bytes; a cache line and the widest vector.
  public static final int ALIGNMENT = 64;

  /// More than any home computer holds: a spec that asks for more is damaged or hostile.
  private static final long MAX_BYTES = 1L << 42;

  /// The tensors of a slice, those of a layer in the order in which they are computed with.
  public enum Tensor {
    ATTENTION_NORM,
    WQ,
    WK,
    WV,
    WO,
    FFN_NORM,
    W1,
    W3,
    W2,
    FINAL_NORM,
    WCLS;

    private static final List<Tensor> OF_LAYER =
        List.of(ATTENTION_NORM, WQ, WK, WV, WO, FFN_NORM, W1, W3, W2);

    boolean isNorm() {
      return this == ATTENTION_NORM || this == FFN_NORM || this == FINAL_NORM;
    }

    /// The whole tensor of which a rank has a part.
    Matrix of(ModelWeights weights, int layer) {
      return switch (this) {
        case ATTENTION_NORM -> weights.layers().get(layer).attentionNorm();
        case WQ -> weights.layers().get(layer).wq();
        case WK -> weights.layers().get(layer).wk();
        case WV -> weights.layers().get(layer).wv();
        case WO -> weights.layers().get(layer).wo();
        case FFN_NORM -> weights.layers().get(layer).ffnNorm();
        case W1 -> weights.layers().get(layer).w1();
        case W3 -> weights.layers().get(layer).w3();
        case W2 -> weights.layers().get(layer).w2();
        case FINAL_NORM -> weights.finalNorm();
        case WCLS -> weights.wcls();
      };
    }
  }

  /// One tensor of the slice.
  ///
  /// @param layer 0 for tensors outside the layers
  /// @param rows of the whole tensor that the slice holds
  /// @param cols of the whole tensor that the slice holds
  /// @param wholeCols columns of the whole tensor
  /// @param offset in bytes from the start of the slice
  /// @param bytes including the padding up to the next entry
  public record Entry(
      Tensor tensor,
      int layer,
      DType dtype,
      Range rows,
      Range cols,
      int wholeCols,
      long offset,
      long bytes) {
    /// Pieces in which the entry is cut out of the whole tensor: row groups; a norm is one piece.
    int pieces() {
      return tensor.isNorm() ? 1 : PackedMatrix.groups(rows.size());
    }

    long pieceBytes() {
      return bytes / pieces();
    }
  }

  private final ShardPlan plan;
  private final int rank;
  private final List<Entry> entries;
  private long totalBytes;

  /// @throws UserException if the slice would be absurdly large
  public ShardLayout(ShardPlan plan, int rank) {
    this.plan = plan;
    this.rank = rank;
    ModelSpec spec = plan.spec();
    List<Entry> all = new ArrayList<>();
    for (int layer = 0; layer < spec.layers(); layer++) {
      for (Tensor tensor : Tensor.OF_LAYER) {
        all.add(entry(tensor, layer));
      }
    }
    all.add(entry(Tensor.FINAL_NORM, 0));
    all.add(entry(Tensor.WCLS, 0));
    entries = List.copyOf(all);
    if (totalBytes > MAX_BYTES) {
      throw new UserException(
          "the model's slice for one of %d nodes has %d GiB: its header is damaged, or it needs more nodes"
              .formatted(plan.worldSize(), totalBytes >> 30));
    }
  }

  private Entry entry(Tensor tensor, int layer) {
    ModelSpec spec = plan.spec();
    Range all = new Range(0, spec.dim());
    return switch (tensor) {
      case ATTENTION_NORM, FFN_NORM, FINAL_NORM ->
          append(tensor, layer, new Range(0, 1), all, spec.dim());
      case WQ -> append(tensor, layer, plan.qRows(rank), all, spec.dim());
      case WK, WV -> append(tensor, layer, plan.kvRows(rank), all, spec.dim());
      case WO -> append(tensor, layer, all, plan.qRows(rank), spec.qDim());
      case W1, W3 -> append(tensor, layer, plan.ffnRows(rank), all, spec.dim());
      case W2 -> append(tensor, layer, all, plan.ffnRows(rank), spec.ffnDim());
      case WCLS -> append(tensor, layer, plan.vocabulary(rank), all, spec.dim());
    };
  }

  private Entry append(Tensor tensor, int layer, Range rows, Range cols, int wholeCols) {
    DType dtype = tensor.isNorm() ? DType.F32 : plan.spec().weightType();
    long bytes =
        tensor.isNorm()
            ? dtype.byteSize(cols.size())
            : PackedMatrix.byteSize(dtype, rows.size(), cols.size());
    long padded = Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    Entry entry = new Entry(tensor, layer, dtype, rows, cols, wholeCols, totalBytes, padded);
    totalBytes = Math.addExact(totalBytes, padded);
    return entry;
  }

  public ShardPlan plan() {
    return plan;
  }

  public int rank() {
    return rank;
  }

  /// All entries in the order of their offsets.
  public List<Entry> entries() {
    return entries;
  }

  /// Size of the slice.
  public long totalBytes() {
    return totalBytes;
  }

  /// The entry that holds byte `offset` of the slice.
  Entry at(long offset) {
    int low = 0;
    int high = entries.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (entries.get(middle).offset() <= offset) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return entries.get(low);
  }
}
