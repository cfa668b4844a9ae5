package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dllama.Conformance;
import dllama.format.ModelFiles;
import dllama.format.file.ModelFile;
import dllama.format.hf.HfFolders;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Folders of Hugging Face's beside other files with the same weights.
class HfModelTest {
  private static final int[] TOKENS = {1, 61, 70, 87, 30, 12, 44, 90, 5};

  private final WorkerPool pool = new WorkerPool(1);

  @TempDir Path folder;

  private static ModelFile.Hints hints(DType type) {
    return new ModelFile.Hints(Optional.empty(), Optional.of(type));
  }

  private float[][] logits(ModelSource source, int nodes) {
    ModelSpec spec = source.spec();
    try (LocalForwardPass model =
        new LocalForwardPass(
            source,
            new ShardPlan(spec, DType.F32, nodes),
            new EngineSettings(DType.F32, 64, 8),
            Kernels.choose(true),
            pool)) {
      return Goldens.logits(model, TOKENS);
    }
  }

  /// Models that llama.cpp made of what it took for transformers' order; see GgufConformanceTest
  /// for its logits.
  @ParameterizedTest
  @CsvSource({
    "llama_f32, F32, 1",
    "llama_f16, F16, 3",
    "llama_bf16, BF16, 2",
    "mixtral_f16, F16, 1",
    "qwen2_f16, F16, 1",
    "qwen3_f16, F16, 2",
    "qwen3moe_f16, F16, 1",
  })
  void shouldGiveTheLogitsOfAGgufFile(String name, String type, int files) throws IOException {
    assumeTrue(Conformance.has("gguf/" + name, "model.gguf"), name);
    Path gguf = Conformance.file("gguf/" + name, "model.gguf");
    DType weights = DType.named(type);
    try (ModelFile expected = ModelFiles.open(gguf, ModelFile.Hints.NONE)) {
      ModelSource.Weights source = (ModelSource.Weights) expected.source();
      HfFolders.write(folder, source, weights, files, Map.of());
      try (ModelFile ours = ModelFiles.open(folder, hints(weights))) {
        assertEquals(files, ours.paths().size());
        assertEquals(source.spec().rope(), ours.spec().rope());
        float[][] logits = logits(expected.source(), 1);
        for (int nodes : List.of(1, 2, 4)) {
          assertArrayEquals(logits, logits(ours.source(), nodes), name + " on " + nodes);
        }
      }
    }
  }
}
