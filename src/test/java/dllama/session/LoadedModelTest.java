package dllama.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.format.SynthModel;
import dllama.model.ModelSpec;
import dllama.model.Shapes;
import dllama.settings.ModelSettings;
import dllama.settings.Settings;
import dllama.slice.SliceCache;
import dllama.tensor.DType;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoadedModelTest {
  @TempDir Path folder;

  @Test
  void shouldTakeTheBuiltInModelWhereNoneIsNamed() {
    ModelSettings settings = settings();
    try (LoadedModel model = LoadedModel.open(settings)) {
      assertEquals("built-in model", model.name());
      assertTrue(model.description().contains("--model FILE.m"), model.description());
      assertEquals(1, model.description().lines().count());
      assertEquals(model.spec().vocabSize(), model.vocabulary(settings).size());
      assertEquals(fingerprint(model), fingerprint(LoadedModel.open(settings)));
    }
  }

  @Test
  void shouldNotMixATokenizerWithTheBuiltInModel() {
    ModelSettings settings = settings(option("tokenizer", "other.t"));
    UserException e = assertThrows(UserException.class, () -> LoadedModel.open(settings));
    assertTrue(e.getMessage().startsWith("no model: give --model FILE.m"), e.getMessage());
  }

  @Test
  void shouldAskForTheTokenizerOfAModelFile() {
    Path file = folder.resolve("tiny.m");
    SynthModel.write(file, Shapes.spec("tiny", DType.Q4_0), 1, (bytes, total) -> {});
    ModelSettings settings = settings(option("model", file.toString()));
    try (LoadedModel model = LoadedModel.open(settings)) {
      UserException e = assertThrows(UserException.class, () -> model.vocabulary(settings));
      assertEquals("no tokenizer: give --tokenizer FILE.t", e.getMessage());
    }
  }

  /// Each expert shall have some tokens of a batch.
  @ParameterizedTest
  @CsvSource({
    "llama3.2-1b, 32",
    "mixtral-8x7b, 32",
    "gpt-oss-20b, 64",
    "qwen3-30b-a3b, 128",
    "qwen3.5-35b-a3b, 128"
  })
  void shouldReadPromptsOfManyExpertsInLargerBatches(String shape, int tokens) {
    ModelSpec spec = Shapes.spec(shape, DType.Q4_0);
    assertEquals(tokens, LoadedModel.random(shape, spec, 1, settings()).prefillBatch());
    ModelSettings given = settings(option("prefill-batch", "16"));
    assertEquals(16, LoadedModel.random(shape, spec, 1, given).prefillBatch());
  }

  private static Fingerprint fingerprint(LoadedModel model) {
    return Fingerprint.of(model, SliceCache.off(), (_, _) -> {});
  }

  private static ModelSettings settings(Settings.Option... options) {
    return Settings.load(Optional.empty(), new Properties(), List.of(options)).model();
  }

  private static Settings.Option option(String key, String value) {
    return new Settings.Option("--" + key, key, value);
  }
}
