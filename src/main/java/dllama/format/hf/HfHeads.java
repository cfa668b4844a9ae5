package dllama.format.hf;

import dllama.model.DeltaNet;
import dllama.model.TensorRole;
import dllama.tensor.RowOrder;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// Value heads of delta networks. In the files those that share a key head are side by side, while
/// in most models, as in GGUF files, the first one of each key head comes first, then the second
/// ones, and so on.
///
/// @param keyHeads key heads
/// @param each value heads of a key head that are not side by side in the model
record HfHeads(int keyHeads, int each) {
  static HfHeads of(DeltaNet net) {
    int side = Math.max(1, net.keyHeads() * net.together());
    return new HfHeads(net.keyHeads(), Math.max(1, net.valueHeads() / side));
  }

  private long stored(long head) {
    return head % keyHeads * each + head / keyHeads;
  }

  /// The order of a tensor's rows, or of a vector's values; none where it is that of the files.
  static Optional<RowOrder> order(TensorRole role, DeltaNet net) {
    int width = net.headDim();
    int before = 2 * net.keyDim(); // queries and keys
    return switch (role) {
      case DELTA_INPUT -> Optional.of(of(net).rows(before, width));
      case DELTA_FILTER ->
          Optional.of(of(net).rows((long) before * net.kernel(), (long) width * net.kernel()));
      case DELTA_GATE -> Optional.of(of(net).rows(0, width));
      case DELTA_BETA, DELTA_ALPHA, DELTA_DECAY, DELTA_ALPHA_BIAS ->
          Optional.of(of(net).rows(0, 1));
      case DELTA_OUTPUT -> Optional.of(of(net).columns());
      default -> Optional.empty();
    };
  }

  private RowOrder rows(long before, long width) {
    return each == 1
        ? RowOrder.PLAIN
        : row -> {
          long at = row - before;
          return at < 0 ? row : before + stored(at / width) * width + at % width;
        };
  }

  private RowOrder columns() {
    return each == 1 ? RowOrder.PLAIN : new Columns(this);
  }

  /// Rows whose parts are of one head each.
  private record Columns(HfHeads heads) implements RowOrder {
    @Override
    public long stored(long row) {
      return row;
    }

    @Override
    public boolean hasWholeRows() {
      return false;
    }

    @Override
    public void copy(
        MemorySegment data,
        long row,
        long rowBytes,
        long from,
        long bytes,
        MemorySegment to,
        long at) {
      long width = rowBytes / ((long) heads.keyHeads * heads.each);
      for (long done = 0; done < bytes; ) {
        long inHead = (from + done) % width;
        long head = (from + done) / width;
        long count = Math.min(width - inHead, bytes - done);
        long source = row * rowBytes + heads.stored(head) * width + inHead;
        MemorySegment.copy(data, source, to, at + done, count);
        done += count;
      }
    }
  }
}
