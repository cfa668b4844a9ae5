package dllama.engine;

import dllama.model.TensorRole;
import dllama.slice.SliceLayout;
import dllama.slice.SliceLayout.Entry;
import dllama.tensor.PackedMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// One rank's weights: views of its slice. Shapes are those of [TensorRole], cut as `ShardPlan`
/// says. A vector that the architecture has not is empty.
public record SliceWeights(List<Layer> layers, float[] finalNorm, PackedMatrix wcls) {
  /// One layer.
  public record Layer(Attention attention, FeedForward feedForward) {}

  /// `w · x + bias`.
  ///
  /// @param bias a value per row of `w`; empty if there is none
  public record Projection(PackedMatrix w, float[] bias) {}

  /// What is done with the sum of what all ranks give before it is added to the residual stream.
  ///
  /// @param bias a value per dimension that is added to it; empty if there is none
  /// @param norm of it then; empty if there is none
  public record Output(float[] bias, float[] norm) {
    /// Whether the sum is added as it is.
    boolean isPlain() {
      return bias.length == 0 && norm.length == 0;
    }
  }

  /// Attention of one layer.
  ///
  /// @param queryNorm of every head; empty if there is none, as for `keyNorm`
  /// @param sinks a score of each head; empty if there are none
  /// @param wo by leaf
  public record Attention(
      float[] norm,
      Projection q,
      Projection k,
      Projection v,
      float[] queryNorm,
      float[] keyNorm,
      float[] sinks,
      List<PackedMatrix> wo,
      Output output) {}

  /// Feed-forward part of one layer.
  ///
  /// @param router one matrix with experts, none in a dense model
  /// @param routerBias a value per expert; empty if there is none
  /// @param networks the experts, or the one network of a dense model
  /// @param shared the expert that all tokens go to, if there is one
  /// @param sharedGate its share is made of the product with this; empty: it is 1
  public record FeedForward(
      float[] norm,
      List<PackedMatrix> router,
      float[] routerBias,
      List<GatedNetwork> networks,
      List<GatedNetwork> shared,
      float[] sharedGate,
      Output output) {}

  /// A gated network.
  ///
  /// @param w1 gate
  /// @param w3 up
  /// @param w2 down, by leaf
  /// @param bias of w2, which one rank adds; empty if there is none
  public record GatedNetwork(Projection w1, Projection w3, List<PackedMatrix> w2, float[] bias) {}

  /// Views of `slice`, which must be complete and as `layout` describes it.
  public static SliceWeights of(SliceLayout layout, MemorySegment slice) {
    Views views =
        new Views(slice, layout.entries().stream().collect(Collectors.groupingBy(Entry::name)));
    List<Layer> layers = new ArrayList<>();
    for (int layer = 0; layer < layout.plan().spec().layers(); layer++) {
      layers.add(
          new Layer(
              views.attention(layer),
              views.feedForward(layer, layout.plan().spec().feedForwards())));
    }
    return new SliceWeights(
        List.copyOf(layers),
        views.vector(new TensorRole.Name(TensorRole.FINAL_NORM)),
        views.matrix(new TensorRole.Name(TensorRole.WCLS)));
  }

  private record Views(MemorySegment slice, Map<TensorRole.Name, List<Entry>> entries) {
    Attention attention(int layer) {
      return new Attention(
          vector(TensorRole.ATTENTION_NORM, layer),
          projection(TensorRole.WQ, TensorRole.QUERY_BIAS, layer),
          projection(TensorRole.WK, TensorRole.KEY_BIAS, layer),
          projection(TensorRole.WV, TensorRole.VALUE_BIAS, layer),
          vector(TensorRole.QUERY_NORM, layer),
          vector(TensorRole.KEY_NORM, layer),
          vector(TensorRole.ATTENTION_SINKS, layer),
          leaves(new TensorRole.Name(TensorRole.WO, layer)),
          new Output(
              vector(TensorRole.ATTENTION_OUTPUT_BIAS, layer),
              vector(TensorRole.ATTENTION_OUTPUT_NORM, layer)));
    }

    FeedForward feedForward(int layer, int count) {
      List<GatedNetwork> networks = new ArrayList<>();
      for (int expert = 0; expert < count; expert++) {
        networks.add(network(layer, expert));
      }
      boolean routed = entries.containsKey(new TensorRole.Name(TensorRole.ROUTER, layer));
      return new FeedForward(
          vector(TensorRole.FFN_NORM, layer),
          routed ? List.of(matrix(TensorRole.ROUTER, layer)) : List.of(),
          vector(TensorRole.ROUTER_BIAS, layer),
          List.copyOf(networks),
          shared(layer),
          vector(TensorRole.SHARED_GATE, layer),
          new Output(new float[0], vector(TensorRole.FFN_OUTPUT_NORM, layer)));
    }

    private List<GatedNetwork> shared(int layer) {
      return entries.containsKey(new TensorRole.Name(TensorRole.SHARED_W1, layer))
          ? List.of(
              new GatedNetwork(
                  new Projection(matrix(TensorRole.SHARED_W1, layer), new float[0]),
                  new Projection(matrix(TensorRole.SHARED_W3, layer), new float[0]),
                  leaves(new TensorRole.Name(TensorRole.SHARED_W2, layer)),
                  new float[0]))
          : List.of();
    }

    private GatedNetwork network(int layer, int expert) {
      return new GatedNetwork(
          projection(TensorRole.W1, TensorRole.W1_BIAS, layer, expert),
          projection(TensorRole.W3, TensorRole.W3_BIAS, layer, expert),
          leaves(new TensorRole.Name(TensorRole.W2, layer, expert)),
          vector(new TensorRole.Name(TensorRole.W2_BIAS, layer, expert)));
    }

    private Projection projection(TensorRole matrix, TensorRole bias, int layer) {
      return projection(matrix, bias, layer, 0);
    }

    private Projection projection(TensorRole matrix, TensorRole bias, int layer, int expert) {
      return new Projection(
          matrix(new TensorRole.Name(matrix, layer, expert)),
          vector(new TensorRole.Name(bias, layer, expert)));
    }

    private PackedMatrix matrix(TensorRole role, int layer) {
      return matrix(new TensorRole.Name(role, layer));
    }

    private float[] vector(TensorRole role, int layer) {
      return vector(new TensorRole.Name(role, layer));
    }

    PackedMatrix matrix(TensorRole.Name name) {
      return leaves(name).getFirst();
    }

    private List<PackedMatrix> leaves(TensorRole.Name name) {
      List<Entry> leaves = entries.get(name);
      if (leaves == null) {
        throw new IllegalStateException("no tensor " + name);
      }
      return leaves.stream().map(this::matrix).toList();
    }

    private PackedMatrix matrix(Entry entry) {
      return new PackedMatrix(
          slice.asSlice(entry.offset(), entry.bytes()),
          entry.dtype(),
          entry.rows().size(),
          entry.cols().size());
    }

    float[] vector(TensorRole.Name name) {
      List<Entry> found = entries.get(name);
      if (found == null) {
        return new float[0];
      }
      Entry entry = found.getFirst();
      float[] values = new float[entry.cols().size()];
      MemorySegment.copy(slice, ValueLayout.JAVA_FLOAT, entry.offset(), values, 0, values.length);
      return values;
    }
  }
}
