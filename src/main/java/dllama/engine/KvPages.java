package dllama.engine;

import dllama.model.LayerAttention;
import dllama.model.ModelSpec;
import dllama.slice.ShardPlan;
import dllama.step.PageCopy;
import dllama.tensor.DType;
import dllama.tensor.KvHead;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Keys and values of one rank's kv heads in every layer, in pages that sequences share a pool of.
/// Layers that read those of another layer, or have no attention, have none of their own. What a
/// page holds of layers that see the latest positions only is apart from it, in a pool of places of
/// its own, its *window*: nobody needs it of what is long past. Memory outside the heap; a page or
/// window that was never written costs nothing.
final class KvPages {
  private final MemorySegment pages;
  private final MemorySegment windows;
  private final long pageBytes;
  private final long windowBytes;
  private final List<List<KvHead>> layers;

  /// @param pages of layers that see everything, whole, 64-byte aligned
  /// @param windows the same of the other layers
  /// @param dtype F32 or F16
  KvPages(MemorySegment pages, MemorySegment windows, ShardPlan plan, int rank, DType dtype) {
    this.pages = pages;
    this.windows = windows;
    pageBytes = pageBytes(plan, rank, dtype);
    windowBytes = windowBytes(plan, rank, dtype);
    List<List<KvHead>> all = new ArrayList<>();
    long inPage = 0;
    long inWindow = 0;
    for (int layer = 0; layer < plan.spec().layers(); layer++) {
      LayerAttention attention = plan.spec().attention(layer);
      if (attention.source() < layer) {
        all.add(all.get(attention.source()));
        continue;
      }
      long headBytes = KvHead.byteSize(dtype, attention.headDim());
      List<KvHead> heads = new ArrayList<>();
      for (int head = 0; head < heads(plan, rank, layer); head++) {
        if (attention.slides()) {
          heads.add(new KvHead(windows, inWindow, windowBytes, dtype, attention.headDim()));
          inWindow += headBytes;
        } else {
          heads.add(new KvHead(pages, inPage, pageBytes, dtype, attention.headDim()));
          inPage += headBytes;
        }
      }
      all.add(List.copyOf(heads));
    }
    layers = List.copyOf(all);
  }

  private static int heads(ShardPlan plan, int rank, int layer) {
    return plan.spec().deltaNet().at(layer) ? 0 : plan.kvHeads(rank, layer).size();
  }

  /// Bytes of a page of a rank's heads in every layer that sees everything.
  static long pageBytes(ShardPlan plan, int rank, DType dtype) {
    return bytes(plan, rank, dtype, false);
  }

  /// Bytes of a window: the same in every layer that does not.
  static long windowBytes(ShardPlan plan, int rank, DType dtype) {
    return bytes(plan, rank, dtype, true);
  }

  private static long bytes(ShardPlan plan, int rank, DType dtype, boolean sliding) {
    ModelSpec spec = plan.spec();
    long bytes = 0;
    for (int layer = 0; layer < spec.layers(); layer++) {
      LayerAttention attention = spec.attention(layer);
      if (attention.source() == layer && attention.slides() == sliding) {
        bytes += heads(plan, rank, layer) * KvHead.byteSize(dtype, attention.headDim());
      }
    }
    return bytes;
  }

  /// Makes one page what another one is, in all layers and heads.
  ///
  /// @throws IndexOutOfBoundsException if there is no such page
  void copy(PageCopy copy) {
    copy(pages, copy.from(), copy.to(), pageBytes);
    if (copy.hasWindow()) {
      copy(windows, copy.fromWindow(), copy.toWindow(), windowBytes);
    }
  }

  private static void copy(MemorySegment pool, int from, int to, long bytes) {
    MemorySegment.copy(pool, from * bytes, pool, to * bytes, bytes);
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
