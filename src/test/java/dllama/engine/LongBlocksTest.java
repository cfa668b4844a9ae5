package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dllama.error.UserException;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.ModelWeights;
import dllama.model.TensorRole;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.LongBlocks;
import dllama.tensor.Matrix;
import dllama.tensor.WorkerPool;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A type whose blocks are longer than what ranks own of a row: its blocks are cut, and nothing but
/// its class has to know of them.
class LongBlocksTest {
  private static final int SEED = 20261130;
  private static final ModelSpec SPEC = spec(LongBlocks.TYPE);

  private final WorkerPool pool = new WorkerPool(2, 0);

  /// Blocks of 256 are two of a row of w2, and one of 16 nodes owns an eighth of one.
  private static ModelSpec spec(DType type) {
    return Specs.of(type, 256, 512, 16, 4, 32, 301);
  }

  private float[][] logits(ModelSource source, int nodes) {
    var settings = new EngineSettings(DType.F32, source.spec().contextLength(), 1);
    ShardPlan plan = new ShardPlan(source.spec(), DType.F32, nodes);
    int[] tokens = new Random(SEED).ints(12, 0, 301).toArray();
    try (var pass = new LocalForwardPass(source, plan, settings, Kernels.choose(false), pool)) {
      return Goldens.logits(pass, tokens);
    }
  }

  @Test
  void shouldGiveTheLogitsOfTheSameValuesInShortBlocksOnAnyNumberOfNodes() {
    ModelWeights weights = MixedTypes.whole(SPEC, SEED);
    Map<TensorRole.Name, Matrix> same = new HashMap<>(weights.tensors());
    same.replaceAll(
        (_, matrix) -> matrix.dtype() == LongBlocks.TYPE ? LongBlocks.toQ8(matrix) : matrix);
    var shortBlocks = new ModelSource.Weights(spec(DType.Q8_0), new ModelWeights(same));
    float[][] expected = logits(shortBlocks, 1);
    assertEquals(List.of(1, 2, 4, 8, 16), ShardPlan.usableWorldSizes(SPEC, DType.F32));
    for (int nodes : ShardPlan.usableWorldSizes(SPEC, DType.F32)) {
      assertArrayEquals(expected, logits(new ModelSource.Weights(SPEC, weights), nodes));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 16})
  void shouldMakeTheSameRandomWeightsOnAnyNumberOfNodes(int nodes) {
    ModelSource random = new ModelSource.Random(SPEC, SEED);
    assertArrayEquals(logits(random, 1), logits(random, nodes));
  }

  @Test
  void shouldRefuseRowsThatAreNoWholeBlocks() {
    var e =
        assertThrows(
            UserException.class, () -> Specs.of(LongBlocks.TYPE, 256, 384, 16, 4, 32, 301));
    assertEquals(
        "model header: ffnDim=384 is not a multiple of 256, as LONG weights need", e.getMessage());
  }
}
