package dllama.engine;

import dllama.model.ModelSpec;
import dllama.tensor.DType;
import dllama.tensor.KvHead;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Keys and values of one rank's kv heads in every layer, in pages that sequences share a pool of.
/// Memory outside the heap; a page that was never written costs nothing.
final class KvPages {
  private final MemorySegment pool;
  private final long pageBytes;
  private final List<List<KvHead>> layers;

  /// @param pool of whole pages, 64-byte aligned
  /// @param dtype F32 or F16
  KvPages(MemorySegment pool, ModelSpec spec, int kvHeads, DType dtype) {
    this.pool = pool;
    pageBytes = pageBytes(spec, kvHeads, dtype);
    long headBytes = KvHead.byteSize(dtype, spec.headDim());
    List<List<KvHead>> all = new ArrayList<>();
    long first = 0;
    for (int layer = 0; layer < spec.layers(); layer++) {
      List<KvHead> heads = new ArrayList<>();
      for (int head = 0; head < kvHeads; head++, first += headBytes) {
        heads.add(new KvHead(pool, first, pageBytes, dtype, spec.headDim()));
      }
      all.add(List.copyOf(heads));
    }
    layers = List.copyOf(all);
  }

  /// Bytes of a page of `kvHeads` heads in every layer.
  static long pageBytes(ModelSpec spec, int kvHeads, DType dtype) {
    return Math.multiplyExact(
        KvHead.byteSize(dtype, spec.headDim()), (long) spec.layers() * kvHeads);
  }

  /// Makes one page what another one is, in all layers and heads.
  ///
  /// @throws IndexOutOfBoundsException if there is no such page
  void copy(int from, int to) {
    MemorySegment.copy(pool, from * pageBytes, pool, to * pageBytes, pageBytes);
  }

  /// @param head counted from this rank's first
  KvHead head(int layer, int head) {
    return layers.get(layer).get(head);
  }
}
