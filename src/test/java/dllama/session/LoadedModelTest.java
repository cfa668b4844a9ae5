package dllama.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.format.SynthModel;
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
