package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dllama.Conformance;
import dllama.error.UserException;
import dllama.format.ModelFiles;
import dllama.format.SynthModel;
import dllama.format.dllama.DllamaKeys;
import dllama.format.dllama.DllamaWriter;
import dllama.format.file.ModelFile;
import dllama.format.hf.HfFolders;
import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.ModelWeights;
import dllama.model.NotFinite;
import dllama.model.Scales;
import dllama.model.TensorRole;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.Matrix;
import dllama.tensor.RowOrder;
import dllama.tensor.WorkerPool;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Folders of Hugging Face's beside other files with the same weights.
class HfModelTest {
  private static final int[] TOKENS = {1, 61, 70, 87, 30, 12, 44, 90, 5};

  private static final Set<Architecture> ADDING_ONE =
      Set.of(Architecture.GEMMA3, Architecture.QWEN35, Architecture.QWEN3_NEXT);

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
    "qwen2moe_f16, F16, 1",
    "gemma3_f16, F16, 2",
    "glm4_f16, F16, 2",
    "granite_f16, F16, 1",
    "phi3_f16, F16, 1",
    "seedoss_f16, F16, 1",
    "smollm3_f16, F16, 1",
    "gptoss_f16, F16, 2",
    "qwen35_f32, F32, 1",
    "qwen35_f16, F16, 2",
    "qwen3next_f16, F16, 2",
    "gemma4_f16, F16, 2",
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
        float[][] alone = logits(ours.source(), 1);
        assertEquals(source.spec().sliding(), ours.spec().sliding());
        assertEquals(source.spec().deltaNet(), ours.spec().deltaNet());
        assertEquals(source.spec().layering(), ours.spec().layering());
        assertEquals(source.spec().scales(), ours.spec().scales());
        if (ADDING_ONE.contains(source.spec().architecture())) {
          assertNear(logits, alone); // one was taken off its norms, and added again
        } else {
          assertArrayEquals(logits, alone, name);
        }
        for (int nodes : List.of(2, 4)) {
          assertArrayEquals(alone, logits(ours.source(), nodes), name + " on " + nodes);
        }
      }
    }
  }

  /// Tensors of several matrices are measured as a whole, before a row is read.
  @ParameterizedTest
  @CsvSource({
    "linear_num_value_heads, 2, in_proj_qkvz.weight is",
    "linear_num_value_heads, 3, delta networks with",
    "linear_num_value_heads, 0, delta networks with",
    "linear_num_key_heads, 0, delta networks with",
    "linear_num_key_heads, 1, in_proj_qkvz.weight is",
  })
  void shouldRefuseOtherHeadsOfDeltaNetworks(String key, int heads, String why) throws IOException {
    String name = "qwen3next_f16";
    assumeTrue(Conformance.has("gguf/" + name, "model.gguf"));
    Path gguf = Conformance.file("gguf/" + name, "model.gguf");
    try (ModelFile model = ModelFiles.open(gguf, ModelFile.Hints.NONE)) {
      ModelSource.Weights source = (ModelSource.Weights) model.source();
      HfFolders.write(folder, source, DType.F16, 1, Map.of(key, heads));
    }
    UserException told =
        assertThrows(UserException.class, () -> ModelFiles.open(folder, hints(DType.F16)).close());
    assertTrue(String.valueOf(told.getMessage()).contains(why), told.getMessage());
    assertEquals(1, told.getMessage().lines().count());
  }

  /// Most models of Gemma 3 see, too, and all of Qwen 3.5 and Gemma 4.
  @ParameterizedTest
  @ValueSource(strings = {"gemma3_f16", "qwen35_f16", "gemma4_f16"})
  void shouldReadTheTextsOfAModelThatSees(String name) throws IOException {
    assumeTrue(Conformance.has("gguf/" + name, "model.gguf"));
    Path gguf = Conformance.file("gguf/" + name, "model.gguf");
    try (ModelFile expected = ModelFiles.open(gguf, ModelFile.Hints.NONE)) {
      ModelSource.Weights source = (ModelSource.Weights) expected.source();
      HfFolders.write(folder, source, DType.F16, 1, Map.of());
      HfFolders.putIntoSeeing(folder);
      try (ModelFile ours = ModelFiles.open(folder, hints(DType.F16))) {
        assertNear(logits(expected.source(), 1), logits(ours.source(), 2));
      }
    }
  }

  private static void assertNear(float[][] expected, float[][] got) {
    assertEquals(expected.length, got.length);
    for (int row = 0; row < got.length; row++) {
      assertArrayEquals(expected[row], got[row], 2e-5f);
    }
  }

  /// The same weights in a `.m` file that was made of the folder: rounded by the writer of the test
  /// there, while it is read here.
  @ParameterizedTest
  @CsvSource({"llama, Q4_0", "llama, Q8_0", "qwen3, Q4_0", "qwen3moe, Q8_0", "qwen2, F16"})
  void shouldGiveTheLogitsOfAModelFile(String architecture, DType type) throws IOException {
    ModelSpec exact = Specs.small(DType.F32, Architecture.named(architecture));
    Path made = folder.resolve("made.m");
    SynthModel.write(made, exact, 5, (bytes, total) -> {});
    Path converted = folder.resolve("converted.m");
    Path hf = folder.resolve("hf");
    try (ModelFile file = ModelFiles.open(made, ModelFile.Hints.NONE)) {
      ModelSource.Weights source = (ModelSource.Weights) file.source();
      HfFolders.write(hf, source, DType.F32, 2, Map.of());
      ModelSpec rounded = Specs.small(type, Architecture.named(architecture));
      DllamaWriter.output(
              DllamaKeys.of(rounded),
              rounded,
              (tensor, index, first, count, rows) -> {
                Matrix of = source.weights().get(tensor.name());
                byte[] bytes = new byte[(int) (count * tensor.dtype().byteSize(of.cols()))];
                of.round(
                    tensor.dtype(),
                    first,
                    first + count,
                    0,
                    of.cols(),
                    MemorySegment.ofArray(bytes));
                rows.put(bytes);
              })
          .write(converted, (bytes, total) -> {});
    }
    try (ModelFile expected = ModelFiles.open(converted, ModelFile.Hints.NONE);
        ModelFile ours = ModelFiles.open(hf, hints(type))) {
      assertEquals(expected.spec(), ours.spec());
      float[][] logits = logits(expected.source(), 1);
      for (int nodes : List.of(1, 2, 4)) {
        assertArrayEquals(logits, logits(ours.source(), nodes), architecture + " on " + nodes);
      }
    }
  }

  /// The rows of transformers, rotated as transformers does it.
  @Test
  void shouldRotateAsTransformersDoes() throws IOException {
    ModelSpec spec = Specs.small(DType.F32, Architecture.LLAMA);
    Path made = folder.resolve("made.m");
    SynthModel.write(made, spec, 6, (bytes, total) -> {});
    Path hf = folder.resolve("hf");
    try (ModelFile file = ModelFiles.open(made, ModelFile.Hints.NONE)) {
      HfFolders.write(hf, (ModelSource.Weights) file.source(), DType.F32, 1, Map.of());
    }
    Architecture halves =
        new Architecture("halves", Architecture.RopeStyle.HALF_SPLIT, Set.of(), Scales.NONE);
    try (ModelFile ours = ModelFiles.open(hf, hints(DType.F32))) {
      Map<TensorRole.Name, Matrix> asStored = new HashMap<>();
      ours.weights()
          .tensors()
          .forEach(
              (name, matrix) ->
                  asStored.put(
                      name,
                      new Matrix(matrix.data(), matrix.dtype(), matrix.rows(), matrix.cols())));
      ModelSource rotated =
          new ModelSource.Weights(Specs.small(DType.F32, halves), new ModelWeights(asStored));
      float[][] expected = logits(rotated, 1);
      float[][] got = logits(ours.source(), 1);
      for (int row = 0; row < got.length; row++) {
        assertArrayEquals(expected[row], got[row], 2e-5f);
      }
      assertEquals(RowOrder.PLAIN, asStored.get(new TensorRole.Name(TensorRole.WQ)).order());
    }
  }

  /// Values that the type has no room for are found before anything is computed.
  @Test
  void shouldRefuseWeightsThatAreTooLarge() throws IOException {
    ModelSpec spec = Specs.small(DType.F32, Architecture.LLAMA);
    Path made = folder.resolve("made.m");
    SynthModel.write(made, spec, 7, (bytes, total) -> {});
    Path hf = folder.resolve("hf");
    try (ModelFile file = ModelFiles.open(made, ModelFile.Hints.NONE)) {
      TensorRole.Name name = new TensorRole.Name(TensorRole.W2, 1);
      Map<TensorRole.Name, Matrix> changed = new HashMap<>(file.weights().tensors());
      Matrix whole = changed.get(name).rounded(DType.F32, 0, spec.dim(), 0, spec.ffnDim());
      whole.data().set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4000, 1e6f);
      changed.put(name, whole);
      HfFolders.write(
          hf, new ModelSource.Weights(spec, new ModelWeights(changed)), DType.F32, 1, Map.of());
    }
    try (ModelFile exact = ModelFiles.open(hf, hints(DType.F32));
        ModelFile usual = ModelFiles.open(hf, ModelFile.Hints.NONE)) {
      NotFinite.check((ModelSource.Weights) exact.source());
      ModelSource.Weights source = (ModelSource.Weights) usual.source();
      UserException told = assertThrows(UserException.class, () -> NotFinite.check(source));
      assertEquals(
          "a value of w2 of layer 2 is too large for Q4_0; take another --weights-float-type",
          told.getMessage());
    }
  }
}
