package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;

/// Files of a model whose answers are long: random weights seldom say an end token.
record TinyFiles(Path model, Path tokenizer) {
  /// Makes them in `folder`.
  static TinyFiles make(Path folder) {
    var files = new TinyFiles(folder.resolve("tiny.m"), folder.resolve("tiny.t"));
    String out = files.model.toString();
    String vocabulary = files.tokenizer.toString();
    assertEquals(
        0,
        Main.run(
            "synth", "--shape", "tiny", "--seed", "1", "--out", out, "--tokenizer", vocabulary));
    return files;
  }
}
