package dllama.shard;

import dllama.model.ModelSpec;
import dllama.tensor.DType;
import dllama.tensor.KvHead;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Keys and values of one rank's kv heads in every layer, in one piece of memory outside the heap.
public final class KvCache {
  private final List<List<KvHead>> layers;

  /// @param memory of [#byteSize] bytes, 64-byte aligned
  /// @param dtype F32 or F16
  public KvCache(
      MemorySegment memory, ModelSpec spec, int kvHeads, DType dtype, int contextLength) {
    int capacity = capacity(contextLength);
    long bytes = KvHead.byteSize(dtype, spec.headDim(), capacity);
    List<List<KvHead>> all = new ArrayList<>();
    long at = 0;
    for (int layer = 0; layer < spec.layers(); layer++) {
      List<KvHead> heads = new ArrayList<>();
      for (int head = 0; head < kvHeads; head++, at += 2 * bytes) {
        heads.add(
            new KvHead(
                memory.asSlice(at, bytes),
                memory.asSlice(at + bytes, bytes),
                dtype,
                spec.headDim(),
                capacity));
      }
      all.add(List.copyOf(heads));
    }
    layers = List.copyOf(all);
  }

  /// Bytes of a cache of `kvHeads` heads in every layer.
  public static long byteSize(ModelSpec spec, int kvHeads, DType dtype, int contextLength) {
    long head = 2 * KvHead.byteSize(dtype, spec.headDim(), capacity(contextLength));
    return Math.multiplyExact(head, (long) spec.layers() * kvHeads);
  }

  /// Positions that are reserved: whole tiles of 32.
  public static int capacity(int contextLength) {
    return Math.ceilDiv(contextLength, DType.BLOCK) * DType.BLOCK;
  }

  /// @param head counted from this rank's first
  KvHead head(int layer, int head) {
    return layers.get(layer).get(head);
  }
}
