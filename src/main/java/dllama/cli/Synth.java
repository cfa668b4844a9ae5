package dllama.cli;

import static java.util.stream.Collectors.joining;

import dllama.error.UserException;
import dllama.files.ByteSize;
import dllama.files.OutputFile;
import dllama.format.SynthModel;
import dllama.format.SynthVocabulary;
import dllama.format.dllama.TokenizerWriter;
import dllama.format.file.Progress;
import dllama.model.ModelSpec;
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
    ModelSpec spec = LoadedModel.shape(wanted.shape(), wanted.layers(), settings.model());
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
                out,
                wanted.shape(),
                spec.layers(),
                spec.weightTypes().stream().map(DType::toString).collect(joining("+")),
                ByteSize.text(out.toFile().length())));
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
