package dllama.cli;

import dllama.error.UserException;
import dllama.files.ByteSize;
import dllama.files.OutputFile;
import dllama.format.SynthModel;
import dllama.format.SynthVocabulary;
import dllama.format.dllama.TokenizerWriter;
import dllama.format.file.Progress;
import dllama.model.ModelSpec;
import dllama.model.Shapes;
import dllama.session.LoadedModel;
import dllama.settings.Settings;
import dllama.tensor.DType;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Path;
import java.util.List;

/// Writes a model of random weights, with a tokenizer that fits.
final class Synth {
  private Synth() {}

  static void run(Settings settings) {
    Settings.Synth wanted = settings.synth();
    DType weights = LoadedModel.madeUpWeights(settings.model());
    ModelSpec spec = Shapes.spec(wanted.shape(), weights, wanted.layers());
    Path out = wanted.out().orElseThrow(() -> new UserException("give --out FILE.m or FILE.gguf"));
    Path tokenizer = LoadedModel.tokenizerPath(settings.model());
    OutputFile.check(out);
    Vocabulary vocabulary = SynthVocabulary.of(spec.vocabSize());
    TokenizerWriter.write(tokenizer, vocabulary);
    StatusLines lines = StatusLines.standard();
    Progress progress = progress(lines, out);
    if (out.toString().endsWith(".gguf")) {
      SynthModel.writeGguf(out, spec, vocabulary, wanted.seed(), progress);
    } else {
      SynthModel.write(out, spec, wanted.seed(), progress);
    }
    lines.say(
        "%s: %s, %d layers, %s, %s"
            .formatted(
                out, wanted.shape(), spec.layers(), weights, ByteSize.text(out.toFile().length())));
  }

  private static Progress progress(StatusLines lines, Path out) {
    Transfer transfer = new Transfer(out.toString());
    return (bytes, total) -> {
      transfer.progress(bytes, total);
      if (lines.due()) {
        lines.show(List.of(transfer.line("writing")));
      }
    };
  }
}
