package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dllama.convert.Converter;
import dllama.format.ModelFiles;
import dllama.format.SynthModel;
import dllama.format.SynthVocabulary;
import dllama.format.file.ModelFile;
import dllama.format.hf.HfFolders;
import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.TensorRole;
import dllama.model.TensorTypes;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.Matrix;
import dllama.tensor.WorkerPool;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Random models as GGUF files, as folders of Hugging Face's, and as GGUF files made of these: the
/// same specification, and the same weights but for rounding where one was taken off, or a
/// logarithm of.
class HfGgufTest {
  private static final int[] TOKENS = {1, 61, 70, 87, 30, 12, 44, 90, 5};
  private static final List<TensorRole> NETWORKS =
      List.of(TensorRole.W1, TensorRole.W3, TensorRole.W2);

  private final WorkerPool pool = new WorkerPool(1);

  @TempDir Path folder;

  private float[][] logits(ModelSource source, int nodes) {
    try (LocalForwardPass model =
        new LocalForwardPass(
            source,
            new ShardPlan(source.spec(), DType.F32, nodes),
            new EngineSettings(DType.F32, 64, 8),
            Kernels.choose(true),
            pool)) {
      return Goldens.logits(model, TOKENS);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "gpt-oss, MXFP4, false",
    "gpt-oss, F16, false",
    "qwen35, F16, false",
    "qwen35moe, F16, false",
    "gemma4, F16, false",
    "gemma4, BF16, false",
    "gemma4, F16, true",
    "gemma4moe, F16, false",
    "gemma4moe, F16, true",
  })
  void shouldHaveTheWeightsOfAGgufFile(String architecture, DType ofNetworks, boolean keysAreValues)
      throws Exception {
    DType type = ofNetworks.equals(DType.MXFP4) ? DType.F16 : ofNetworks;
    TensorTypes types = TensorTypes.all(type).with(TensorRole.EMBEDDING, type);
    if (!type.equals(ofNetworks)) {
      for (TensorRole role : NETWORKS) {
        types = types.with(role, ofNetworks);
      }
    }
    ModelSpec spec = HfSpecs.of(types, Architecture.named(architecture), keysAreValues);
    Path gguf = folder.resolve("made.gguf");
    SynthModel.writeGguf(gguf, spec, SynthVocabulary.of(512), 7, (bytes, total) -> {});
    Path hf = folder.resolve("hf");
    try (ModelFile expected = ModelFiles.open(gguf, ModelFile.Hints.NONE)) {
      HfFolders.write(hf, (ModelSource.Weights) expected.source(), type, 1, Map.of());
      if (spec.architecture().equals(Architecture.QWEN35_MOE)) { // as they are published
        HfFolders.fuseExperts(hf, expected.spec());
        HfFolders.putIntoSeeing(hf);
      }
      try (ModelFile ours =
          ModelFiles.open(hf, new ModelFile.Hints(Optional.empty(), Optional.of(type)))) {
        check(expected, ours, 0);
        for (TensorRole role : NETWORKS) {
          TensorRole.Name name = new TensorRole.Name(role);
          assertEquals(ofNetworks, ours.spec().type(name));
        }
      }
      Path converted = folder.resolve("converted.gguf");
      Converter.run(
          new Converter.Wanted(hf, converted, folder.resolve("t"), Optional.empty(), type),
          new Converter.Listener() {
            @Override
            public void note(String line) {}

            @Override
            public void written(long bytes, long total) {}
          });
      try (ModelFile again = ModelFiles.open(converted, ModelFile.Hints.NONE)) {
        check(expected, again, 0);
        assertEquals(expected.spec(), again.spec());
      }
    }
  }

  private void check(ModelFile expected, ModelFile ours, float delta) {
    ModelSpec spec = expected.spec();
    TensorTypes types = TensorTypes.all(DType.F32);
    assertEquals(spec.with(types, spec.rope()), ours.spec().with(types, ours.spec().rope()));
    for (TensorRole.Name name : TensorRole.ofModel(spec)) {
      Matrix of = expected.weights().get(name);
      Matrix got = ours.weights().get(name);
      assertEquals(of.rows(), got.rows(), name.text());
      float error = name.role().isVector() ? 1e-6f : delta;
      for (int row = 0; row < of.rows(); row++) {
        assertArrayEquals(row(of, row), row(got, row), error, name.text());
      }
    }
    float[][] first = logits(expected.source(), 1);
    float[][] second = logits(ours.source(), 2);
    for (int row = 0; row < first.length; row++) {
      assertArrayEquals(first[row], second[row], 1e-3f);
    }
  }

  private static float[] row(Matrix matrix, int row) {
    float[] values = new float[(int) matrix.cols()];
    matrix.decode(row, 0, values.length, values, 0);
    return values;
  }
}
