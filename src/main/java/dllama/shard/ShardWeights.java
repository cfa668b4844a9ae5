package dllama.shard;

import dllama.shard.ShardLayout.Entry;
import dllama.shard.ShardLayout.Tensor;
import dllama.tensor.PackedMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/// One rank's weights: views of its slice. Shapes are those of
/// [ModelWeights][dllama.model.ModelWeights], cut as [ShardPlan] says.
public record ShardWeights(List<Layer> layers, float[] finalNorm, PackedMatrix wcls) {
  /// One layer, in the order of [ShardLayout]. w1 is gate, w2 down, w3 up.
  public record Layer(
      float[] attentionNorm,
      PackedMatrix wq,
      PackedMatrix wk,
      PackedMatrix wv,
      PackedMatrix wo,
      float[] ffnNorm,
      PackedMatrix w1,
      PackedMatrix w3,
      PackedMatrix w2) {}

  /// Views of `slice`, which must be complete and as `layout` describes it.
  public static ShardWeights of(ShardLayout layout, MemorySegment slice) {
    Views views = new Views(slice, layout.entries().iterator());
    List<Layer> layers = new ArrayList<>();
    for (int layer = 0; layer < layout.plan().spec().layers(); layer++) {
      layers.add(views.layer());
    }
    return new ShardWeights(
        List.copyOf(layers), views.norm(Tensor.FINAL_NORM), views.matrix(Tensor.WCLS));
  }

  /// Takes one entry after the other.
  private record Views(MemorySegment slice, Iterator<Entry> entries) {
    Layer layer() {
      return new Layer(
          norm(Tensor.ATTENTION_NORM),
          matrix(Tensor.WQ),
          matrix(Tensor.WK),
          matrix(Tensor.WV),
          matrix(Tensor.WO),
          norm(Tensor.FFN_NORM),
          matrix(Tensor.W1),
          matrix(Tensor.W3),
          matrix(Tensor.W2));
    }

    PackedMatrix matrix(Tensor expected) {
      Entry entry = next(expected);
      return new PackedMatrix(
          slice.asSlice(entry.offset(), entry.bytes()),
          entry.dtype(),
          entry.rows().size(),
          entry.cols().size());
    }

    float[] norm(Tensor expected) {
      Entry entry = next(expected);
      float[] values = new float[entry.cols().size()];
      MemorySegment.copy(slice, ValueLayout.JAVA_FLOAT, entry.offset(), values, 0, values.length);
      return values;
    }

    private Entry next(Tensor expected) {
      Entry entry = entries.next();
      if (entry.tensor() != expected) {
        throw new IllegalStateException(
            "tensor=%s expected=%s".formatted(entry.tensor(), expected));
      }
      return entry;
    }
  }
}
