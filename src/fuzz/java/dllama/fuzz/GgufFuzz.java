package dllama.fuzz;

import dllama.error.UserException;
import dllama.format.ModelFiles;
import dllama.format.file.ModelFile;
import java.nio.file.Path;

/// GGUF files, with the tokenizer in them. An input is the head of a file; zeros follow in place
/// of the weights, or nothing if its last byte is odd.
public final class GgufFuzz {
  private static final int WEIGHTS = 400_000;

  private GgufFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    boolean cut = data.length > 0 && (data[data.length - 1] & 1) == 1;
    Path file = Scratch.with("model.gguf", data);
    if (!cut) {
      Scratch.extend(file, WEIGHTS);
    }
    try (ModelFile model = ModelFiles.open(file, ModelFile.Hints.NONE)) {
      ModelUse.of(model);
    } catch (UserException e) {
      Refusal.check(e);
    }
  }
}
