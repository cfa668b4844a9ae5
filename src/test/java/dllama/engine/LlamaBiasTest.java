package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.format.ModelFiles;
import dllama.format.SynthModel;
import dllama.format.SynthVocabulary;
import dllama.format.file.ModelFile;
import dllama.format.hf.HfFolders;
import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Activation;
import dllama.model.ModelWeights;
import dllama.model.Rope;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Llamas with biases, from GGUF files and folders of Hugging Face's, beside [PlainReference].
class LlamaBiasTest {
  private static final int SEED = 20261130;
  private static final List<Integer> NODES = List.of(1, 2, 4, 8, 16);

  @TempDir private Path folder;
  private final WorkerPool pool = new WorkerPool(2);

  /// A GGUF file of random weights.
  private ModelFile gguf(ModelSpec spec) {
    Path path = folder.resolve("model.gguf");
    var vocabulary = SynthVocabulary.of(spec.vocabSize());
    SynthModel.writeGguf(path, spec, vocabulary, SEED, (bytes, total) -> {});
    return ModelFiles.open(path, ModelFile.Hints.NONE);
  }

  private float[][] logits(ModelSource source, int nodes, DType exchange, int[] tokens) {
    try (LocalForwardPass model =
        new LocalForwardPass(
            source,
            new ShardPlan(source.spec(), exchange, nodes),
            new EngineSettings(DType.F32, 64, 8),
            Kernels.choose(true),
            pool)) {
      return Goldens.logits(model, tokens);
    }
  }

  private static ModelSpec spec(Architecture architecture) {
    return new ModelSpec(
        architecture,
        DType.F32,
        64,
        512,
        0,
        0,
        2,
        16,
        4,
        32,
        512,
        96,
        1e-5f,
        Activation.SILU,
        Rope.unscaled(10000));
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama-bias", "llama-biases"})
  void shouldGiveTheLogitsOfThePlainReference(String architecture) throws IOException {
    ModelSpec spec = spec(Architecture.named(architecture));
    int[] tokens = new Random(SEED).ints(20, 0, spec.vocabSize()).toArray();
    try (ModelFile file = gguf(spec)) {
      assertEquals(spec.architecture(), file.spec().architecture());
      PlainReference reference = new PlainReference(file.spec(), file.weights());
      float[][] one = logits(file.source(), 1, DType.F32, tokens);
      for (int row = 0; row < tokens.length; row++) {
        double[] expected = reference.next(tokens[row]);
        for (int i = 0; i < expected.length; i++) {
          assertEquals(expected[i], one[row][i], 5e-5, "row " + row);
        }
      }
      ModelSource.Weights weights = (ModelSource.Weights) file.source();
      HfFolders.write(folder.resolve("hf"), weights, DType.F32, 2, Map.of());
      var exact = new ModelFile.Hints(Optional.empty(), Optional.of(DType.F32));
      try (ModelFile hf = ModelFiles.open(folder.resolve("hf"), exact)) {
        assertEquals(spec.architecture(), hf.spec().architecture());
        for (int nodes : NODES) {
          assertArrayEquals(one, logits(hf.source(), nodes, DType.F32, tokens), nodes + " nodes");
        }
      }
    }
  }

  /// A bias that every rank adds to its partial would count as often as there are ranks; one that
  /// is not added would not change anything.
  @Test
  void shouldAddTheBiasOfTheOutputOnce() {
    ModelSpec spec = spec(Architecture.LLAMA_BIASES);
    int[] tokens = {7, 3, 11};
    try (ModelFile file = gguf(spec)) {
      ModelWeights weights = file.weights();
      ModelSpec without = spec(Architecture.LLAMA_BIAS);
      float[] with = logits(file.source(), 1, DType.Q8_0, tokens)[2];
      ModelSource unbiased = new ModelSource.Weights(without, weights);
      double effect = distance(with, logits(unbiased, 1, DType.Q8_0, tokens)[2]);
      for (int nodes : NODES) {
        double rounding = distance(with, logits(file.source(), nodes, DType.Q8_0, tokens)[2]);
        assertTrue(rounding < effect / 4, nodes + " nodes: " + rounding + ", " + effect);
      }
    }
  }

  private static double distance(float[] one, float[] other) {
    double squares = 0;
    for (int i = 0; i < one.length; i++) {
      squares += Math.pow(one[i] - other[i], 2);
    }
    return Math.sqrt(squares);
  }
}
