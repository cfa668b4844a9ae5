package dllama.engine;

import dllama.model.ModelSpec;
import dllama.model.Range;
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
///
/// @param inputs what makes the inputs of layers; none where layers have none
public record SliceWeights(
    List<Layer> layers, List<Inputs> inputs, float[] finalNorm, PackedMatrix wcls) {
  /// One layer.
  public record Layer(Mixer mixer, FeedForward feedForward, End end) {}

  /// What has tokens of a sequence see each other.
  public sealed interface Mixer permits Attention, DeltaNet {}

  /// What makes the inputs of all layers of the input row.
  ///
  /// @param norm of what each layer gets
  public record Inputs(PackedMatrix projection, float[] norm) {}

  /// What a layer ends with.
  ///
  /// @param input what is done with the layer's input; none where layers have none
  /// @param scale of the residual stream then
  public record End(List<Input> input, float scale) {}

  /// What a layer makes of its input, see [LayerEnd].
  public record Input(PackedMatrix gate, PackedMatrix projection, float[] norm) {}

  /// `w · x + bias`.
  ///
  /// @param bias a value per row of `w`; empty if there is none
  public record Projection(PackedMatrix w, float[] bias) {}

  /// What is done with the sum of what all ranks give before it is added to the residual stream.
  ///
  /// @param sumNorms of each of several sums, which are added up then; empty if there is but one
  /// @param bias a value per dimension that is added to it; empty if there is none
  /// @param scale it is multiplied by then
  /// @param norm of it after that; empty if there is none
  public record Output(List<float[]> sumNorms, float[] bias, float scale, float[] norm) {
    static final Output PLAIN = new Output(List.of(), new float[0], 1, new float[0]);

    /// Whether the sum is added as it is.
    boolean isPlain() {
      return sumNorms.isEmpty() && bias.length == 0 && scale == 1 && norm.length == 0;
    }
  }

  /// Attention of one layer.
  ///
  /// @param projections of queries, keys and values, as far as there are such; that of queries with
  ///     gates of heads, where the architecture has them
  /// @param queryNorm of every head; empty if there is none, as for `keyNorm`
  /// @param sinks a score of each head; empty if there are none
  /// @param wo by leaf
  public record Attention(
      float[] norm,
      List<Projection> projections,
      float[] queryNorm,
      float[] keyNorm,
      float[] sinks,
      List<PackedMatrix> wo,
      Output output)
      implements Mixer {}

  /// Gated delta network of one layer, cut as `DeltaCuts` says.
  ///
  /// @param input rows of queries, keys and values, one part after the other
  /// @param gate rows of value heads, as for `beta` and `alpha`
  /// @param filter of the convolution, `[kernel, channels]`
  /// @param decay a value per value head, as for `alphaBias`
  /// @param headNorm of every value head
  /// @param wo by leaf, in parts
  public record DeltaNet(
      float[] norm,
      List<PackedMatrix> input,
      List<PackedMatrix> gate,
      List<PackedMatrix> beta,
      List<PackedMatrix> alpha,
      float[] filter,
      float[] decay,
      float[] alphaBias,
      float[] headNorm,
      List<List<PackedMatrix>> wo,
      Output output)
      implements Mixer {}

  /// Feed-forward part of one layer.
  ///
  /// @param norm of what the network is given, or the shared expert
  /// @param expertsNorm of what the experts are given
  /// @param routerNorm of what the router is given
  /// @param expertScales what experts' shares are multiplied with; empty if nothing is
  /// @param router one matrix with experts, none in a dense model
  /// @param routerBias a value per expert; empty if there is none
  /// @param choiceBias what is added to an expert's score where it is chosen; empty if nothing is
  /// @param networks the experts, or the one network of a dense model or layer
  /// @param shared the expert that all tokens go to, if there is one
  /// @param sharedGate its share is made of the product with this; empty: it is 1
  public record FeedForward(
      float[] norm,
      float[] expertsNorm,
      float[] routerNorm,
      float[] expertScales,
      List<PackedMatrix> router,
      float[] routerBias,
      float[] choiceBias,
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
        new Views(
            layout,
            slice,
            layout.entries().stream().collect(Collectors.groupingBy(Entry::name)),
            layout.plan().spec().scales().residual());
    ModelSpec spec = layout.plan().spec();
    List<Layer> layers = new ArrayList<>();
    for (int layer = 0; layer < spec.layers(); layer++) {
      layers.add(new Layer(views.mixer(layer), views.feedForward(layer, spec), views.end(layer)));
    }
    return new SliceWeights(
        List.copyOf(layers),
        views.inputs(),
        views.vector(new TensorRole.Name(TensorRole.FINAL_NORM)),
        views.matrix(new TensorRole.Name(TensorRole.WCLS)));
  }

  /// @param residual of what is added to the residual stream, as in [dllama.model.Scales]
  private record Views(
      SliceLayout layout,
      MemorySegment slice,
      Map<TensorRole.Name, List<Entry>> entries,
      float residual) {
    Mixer mixer(int layer) {
      return layout.plan().spec().deltaNet().at(layer) ? deltaNet(layer) : attention(layer);
    }

    private DeltaNet deltaNet(int layer) {
      return new DeltaNet(
          vector(TensorRole.ATTENTION_NORM, layer),
          parts(TensorRole.DELTA_INPUT, layer),
          parts(TensorRole.DELTA_GATE, layer),
          parts(TensorRole.DELTA_BETA, layer),
          parts(TensorRole.DELTA_ALPHA, layer),
          filter(layer),
          vector(TensorRole.DELTA_DECAY, layer),
          vector(TensorRole.DELTA_ALPHA_BIAS, layer),
          vector(TensorRole.DELTA_NORM, layer),
          byLeaf(parts(TensorRole.DELTA_OUTPUT, layer)),
          output(layer));
    }

    /// Channels side by side, as vectors take them.
    private float[] filter(int layer) {
      float[] byChannel = vector(TensorRole.DELTA_FILTER, layer);
      int kernel = layout.plan().spec().deltaNet().kernel();
      int channels = byChannel.length / kernel;
      float[] filter = new float[byChannel.length];
      for (int i = 0; i < filter.length; i++) {
        filter[i % kernel * channels + i / kernel] = byChannel[i];
      }
      return filter;
    }

    private List<List<PackedMatrix>> byLeaf(List<PackedMatrix> parts) {
      List<List<PackedMatrix>> leaves = new ArrayList<>();
      int next = 0;
      for (List<Range> leaf : layout.plan().deltaCuts(layout.rank()).leaves()) {
        leaves.add(List.copyOf(parts.subList(next, next + leaf.size())));
        next += leaf.size();
      }
      return List.copyOf(leaves);
    }

    private List<PackedMatrix> parts(TensorRole role, int layer) {
      return leaves(new TensorRole.Name(role, layer));
    }

    private Output output(int layer) {
      return new Output(
          List.of(),
          vector(TensorRole.ATTENTION_OUTPUT_BIAS, layer),
          residual,
          vector(TensorRole.ATTENTION_OUTPUT_NORM, layer));
    }

    private Attention attention(int layer) {
      return new Attention(
          vector(TensorRole.ATTENTION_NORM, layer),
          projections(layer),
          vector(TensorRole.QUERY_NORM, layer),
          vector(TensorRole.KEY_NORM, layer),
          vector(TensorRole.ATTENTION_SINKS, layer),
          leaves(new TensorRole.Name(TensorRole.WO, layer)),
          output(layer));
    }

    private List<Projection> projections(int layer) {
      List<Projection> all = new ArrayList<>();
      TensorRole query = has(TensorRole.GATED_WQ, layer) ? TensorRole.GATED_WQ : TensorRole.WQ;
      all.add(projection(query, TensorRole.QUERY_BIAS, layer));
      if (has(TensorRole.WK, layer)) {
        all.add(projection(TensorRole.WK, TensorRole.KEY_BIAS, layer));
      }
      if (has(TensorRole.WV, layer)) {
        all.add(projection(TensorRole.WV, TensorRole.VALUE_BIAS, layer));
      }
      return List.copyOf(all);
    }

    private boolean has(TensorRole role, int layer) {
      return entries.containsKey(new TensorRole.Name(role, layer));
    }

    List<Inputs> inputs() {
      return has(TensorRole.LAYER_PROJECTION, 0)
          ? List.of(
              new Inputs(
                  matrix(TensorRole.LAYER_PROJECTION, 0),
                  vector(TensorRole.LAYER_PROJECTION_NORM, 0)))
          : List.of();
    }

    End end(int layer) {
      List<Input> input =
          has(TensorRole.INPUT_GATE, layer)
              ? List.of(
                  new Input(
                      matrix(TensorRole.INPUT_GATE, layer),
                      matrix(TensorRole.INPUT_PROJECTION, layer),
                      vector(TensorRole.INPUT_NORM, layer)))
              : List.of();
      float[] scale = vector(TensorRole.LAYER_SCALE, layer);
      return new End(input, scale.length == 0 ? 1 : scale[0]);
    }

    /// Norms of two sums, that of the shared expert first; none where there is one sum.
    private List<float[]> sumNorms(int layer) {
      return has(TensorRole.EXPERTS_OUTPUT_NORM, layer)
          ? List.of(
              vector(TensorRole.SHARED_OUTPUT_NORM, layer),
              vector(TensorRole.EXPERTS_OUTPUT_NORM, layer))
          : List.of();
    }

    /// With the factor that makes a router's input as long as one value.
    private float[] routerNorm(int layer, int dim) {
      float[] norm = vector(TensorRole.ROUTER_NORM, layer);
      for (int i = 0; i < norm.length; i++) {
        norm[i] = (float) (norm[i] / Math.sqrt(dim));
      }
      return norm;
    }

    FeedForward feedForward(int layer, ModelSpec spec) {
      List<GatedNetwork> networks = new ArrayList<>();
      if (has(TensorRole.DENSE_W1, layer)) {
        networks.add(network(TensorRole.DENSE_W1, TensorRole.DENSE_W3, TensorRole.DENSE_W2, layer));
      } else {
        for (int expert = 0; expert < spec.feedForwards(); expert++) {
          networks.add(network(layer, expert));
        }
      }
      float[] norm = vector(TensorRole.FFN_NORM, layer);
      return new FeedForward(
          norm,
          has(TensorRole.EXPERTS_NORM, layer) ? vector(TensorRole.EXPERTS_NORM, layer) : norm,
          has(TensorRole.ROUTER_NORM, layer) ? routerNorm(layer, spec.dim()) : norm,
          vector(TensorRole.EXPERT_SCALES, layer),
          has(TensorRole.ROUTER, layer) ? List.of(matrix(TensorRole.ROUTER, layer)) : List.of(),
          vector(TensorRole.ROUTER_BIAS, layer),
          vector(TensorRole.CHOICE_BIAS, layer),
          List.copyOf(networks),
          shared(layer),
          vector(TensorRole.SHARED_GATE, layer),
          new Output(
              sumNorms(layer), new float[0], residual, vector(TensorRole.FFN_OUTPUT_NORM, layer)));
    }

    private List<GatedNetwork> shared(int layer) {
      return has(TensorRole.SHARED_W1, layer)
          ? List.of(
              network(TensorRole.SHARED_W1, TensorRole.SHARED_W3, TensorRole.SHARED_W2, layer))
          : List.of();
    }

    /// One of which a layer has but one, without biases.
    private GatedNetwork network(TensorRole w1, TensorRole w3, TensorRole w2, int layer) {
      return new GatedNetwork(
          new Projection(matrix(w1, layer), new float[0]),
          new Projection(matrix(w3, layer), new float[0]),
          leaves(new TensorRole.Name(w2, layer)),
          new float[0]);
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
      float[] values = new float[found.stream().mapToInt(entry -> entry.cols().size()).sum()];
      int at = 0;
      for (Entry entry : found) {
        int size = entry.cols().size();
        MemorySegment.copy(slice, ValueLayout.JAVA_FLOAT, entry.offset(), values, at, size);
        at += size;
      }
      return values;
    }
  }
}
