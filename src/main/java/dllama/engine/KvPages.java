package dllama.engine;

import dllama.model.LayerAttention;
import dllama.model.ModelSpec;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import dllama.tensor.KvHead;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Keys and values of one rank's kv heads in every layer, in pages that sequences share a pool of.
/// Layers that read those of another layer, or have no attention, have none of their own. Memory
/// outside the heap; a page that was never written costs nothing.
final class KvPages {
  private final MemorySegment pool;
  private final long pageBytes;
  private final List<List<KvHead>> layers;

  /// @param pool of whole pages, 64-byte aligned
  /// @param dtype F32 or F16
  KvPages(MemorySegment pool, ShardPlan plan, int rank, DType dtype) {
    this.pool = pool;
    pageBytes = pageBytes(plan, rank, dtype);
    List<List<KvHead>> all = new ArrayList<>();
    long first = 0;
    for (int layer = 0; layer < plan.spec().layers(); layer++) {
      LayerAttention attention = plan.spec().attention(layer);
      if (attention.source() < layer) {
        all.add(all.get(attention.source()));
        continue;
      }
      List<KvHead> heads = new ArrayList<>();
      for (int head = 0; head < heads(plan, rank, layer); head++) {
        heads.add(new KvHead(pool, first, pageBytes, dtype, attention.headDim()));
        first += KvHead.byteSize(dtype, attention.headDim());
      }
      all.add(List.copyOf(heads));
    }
    layers = List.copyOf(all);
  }

  private static int heads(ShardPlan plan, int rank, int layer) {
    return plan.spec().deltaNet().at(layer) ? 0 : plan.kvHeads(rank, layer).size();
  }

  /// Bytes of a page of a rank's heads in every layer.
  static long pageBytes(ShardPlan plan, int rank, DType dtype) {
    ModelSpec spec = plan.spec();
    long bytes = 0;
    for (int layer = 0; layer < spec.layers(); layer++) {
      LayerAttention attention = spec.attention(layer);
      if (attention.source() == layer) {
        bytes += heads(plan, rank, layer) * KvHead.byteSize(dtype, attention.headDim());
      }
    }
    return bytes;
  }

  /// Makes one page what another one is, in all layers and heads.
  ///
  /// @throws IndexOutOfBoundsException if there is no such page
  void copy(int from, int to) {
    MemorySegment.copy(pool, from * pageBytes, pool, to * pageBytes, pageBytes);
  }

  /// Heads that a layer reads.
  int heads(int layer) {
    return layers.get(layer).size();
  }

  /// @param head counted from this rank's first
  KvHead head(int layer, int head) {
    return layers.get(layer).get(head);
  }
}
