package dllama.cli;

import dllama.error.UserException;
import dllama.format.SynthModel;
import dllama.format.SynthVocabulary;
import dllama.format.TokenizerWriter;
import dllama.model.ModelSpec;
import dllama.model.Shapes;
import dllama.settings.FloatType;
import dllama.settings.Settings;
import dllama.tensor.DType;
import java.nio.file.Path;
import java.util.Locale;

/// Writes a model of random weights, with a tokenizer that fits.
final class Synth {
  private Synth() {}

  static void run(Settings settings) {
    Settings.Synth wanted = settings.synth();
    DType weights = DType.valueOf(settings.model().weightsFloatType().orElse(FloatType.Q40).name());
    ModelSpec spec = Shapes.spec(wanted.shape(), weights, wanted.layers());
    Path out = wanted.out().orElseThrow(() -> new UserException("give --out FILE.m for the model"));
    Path tokenizer = LoadedModel.tokenizerPath(settings.model());
    TokenizerWriter.write(tokenizer, SynthVocabulary.of(spec.vocabSize()));
    SynthModel.write(out, spec, wanted.seed(), (_, _) -> {});
    System.err.printf(
        "%s: %s, %d layers, %s, %.1f MB%n",
        out,
        wanted.shape(),
        spec.layers(),
        weights.name().toLowerCase(Locale.ROOT),
        SynthModel.fileBytes(spec) / 1048576.0);
  }
}
