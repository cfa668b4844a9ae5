package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.ModelWeights;
import dllama.model.TensorRole;
import dllama.model.TensorTypes;
import dllama.slice.Embedding;
import dllama.slice.ShardPlan;
import dllama.slice.TinyModel;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every tensor of a model may have another type.
@Tag("slow")
class MixedTypesTest {
  private static final int SEED = 20261129;
  private static final int COUNT = 30;
  private static final List<Integer> NODES = List.of(1, 2, 4, 8, 16);

  private final WorkerPool pool = new WorkerPool(2, 0);
  private final int[] prompt = new Random(SEED).ints(21, 0, 301).toArray();

  private LocalForwardPass forwardPass(ModelSource source, DType exchange, int nodes, int batch) {
    ModelSpec spec = source.spec();
    var settings = new EngineSettings(DType.F32, spec.contextLength(), batch);
    ShardPlan plan = new ShardPlan(spec, exchange, nodes);
    return new LocalForwardPass(source, plan, settings, Kernels.choose(true), pool);
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen2", "qwen3moe", "mixtral"})
  void shouldGiveTheSameLogitsAndTokensOnAnyNumberOfNodes(String architecture) {
    ModelSpec spec = MixedTypes.spec(Architecture.named(architecture));
    ModelSource source = new ModelSource.Weights(spec, MixedTypes.whole(spec, SEED));
    assertEquals(NODES, ShardPlan.usableWorldSizes(spec, DType.F32));
    float[][] logits = {};
    int[] tokens = {};
    for (int nodes : NODES) {
      try (var single = forwardPass(source, DType.F32, nodes, 1);
          var batches = forwardPass(source, DType.F32, nodes, 8)) {
        float[][] rows = Goldens.logits(single, prompt);
        int[] generated = Goldens.greedy(batches, prompt, COUNT);
        logits = nodes == 1 ? rows : logits;
        tokens = nodes == 1 ? generated : tokens;
        assertArrayEquals(logits, rows, nodes + " nodes");
        assertArrayEquals(tokens, generated, nodes + " nodes");
      }
    }
  }

  /// Where weights are quantized, the engine rounds what they are multiplied with; the reference
  /// rounds nothing.
  @ParameterizedTest
  @CsvSource({"llama, 1", "llama, 4", "qwen2, 2", "qwen3, 8"})
  void shouldBeNearThePlainReference(String architecture, int nodes) {
    ModelSpec spec = MixedTypes.spec(Architecture.named(architecture));
    ModelWeights weights = MixedTypes.whole(spec, SEED);
    PlainReference reference = new PlainReference(spec, weights);
    double squares = 0;
    double differences = 0;
    try (var pass = forwardPass(new ModelSource.Weights(spec, weights), DType.F32, nodes, 1)) {
      for (float[] row : Goldens.logits(pass, prompt)) {
        double[] expected = reference.next(prompt[reference.length()]);
        for (int i = 0; i < row.length; i++) {
          squares += expected[i] * expected[i];
          differences += (row[i] - expected[i]) * (row[i] - expected[i]);
        }
      }
    }
    double difference = Math.sqrt(differences / squares);
    assertTrue(difference < 0.02, "difference=" + difference);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 16})
  void shouldRunWithRoundedPartials(int nodes) {
    ModelSpec spec = MixedTypes.spec(Architecture.LLAMA);
    ModelSource source = new ModelSource.Random(spec, SEED);
    try (var single = forwardPass(source, DType.Q8_0, nodes, 1);
        var batches = forwardPass(source, DType.Q8_0, nodes, 8)) {
      assertArrayEquals(
          Goldens.greedy(single, prompt, COUNT), Goldens.greedy(batches, prompt, COUNT));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"F16", "Q4_0", "Q8_0"})
  void shouldReadAnEmbeddingOfAnyType(DType type) {
    ModelSpec spec =
        Specs.small(
            TensorTypes.all(DType.F32).with(TensorRole.EMBEDDING, type), Architecture.LLAMA);
    ModelWeights weights = MixedTypes.whole(spec, SEED);
    float[] row = new float[spec.dim()];
    Embedding.of(new ModelSource.Weights(spec, weights)).row(7, row, 0);
    double[] expected = PlainReference.row(weights.get(TensorRole.EMBEDDING), 7);
    for (int i = 0; i < row.length; i++) {
      assertEquals(expected[i], row[i]);
    }
  }

  @Test
  void shouldWarmUpEveryKindOfLayer() {
    ModelSpec spec = MixedTypes.spec(Architecture.LLAMA);
    assertEquals(List.of(DType.Q4_0, DType.Q8_0, DType.F16, DType.F32), spec.weightTypes());
    assertEquals(spec.weightTypes(), WarmUp.small(spec).weightTypes());
    ShardPlan plan = new ShardPlan(spec, DType.F32, 4);
    assertEquals(spec.weightTypes(), TinyModel.of(plan, 2, 64).weightTypes());
    assertEquals(3, TinyModel.of(plan, 3, 64).layers());
  }

  @Test
  void shouldRefuseTypesThatDoNotFitTheModel() {
    TensorTypes ofThreeLayers =
        TensorTypes.all(DType.F32).with(TensorRole.W2, DType.F16, DType.F16, DType.Q8_0);
    assertThrows(UserException.class, () -> Specs.small(ofThreeLayers, Architecture.LLAMA));
    TensorTypes all = TensorTypes.all(DType.F32);
    assertThrows(UserException.class, () -> all.with(TensorRole.FFN_NORM, DType.F16));
    assertThrows(UserException.class, () -> all.with(TensorRole.W1));
  }
}
