package dllama.cli;

import dllama.error.UserException;
import dllama.files.OutputFile;
import dllama.session.LoadedModel;
import dllama.session.Root;
import dllama.settings.Settings;
import dllama.step.ForwardPass;
import dllama.step.OneSequence;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;

/// Writes the logits after each of some tokens: little-endian float32 rows `[tokens, vocabSize]`.
final class Logits {
  private final List<Integer> tokens;
  private final Path out;

  /// @throws UserException for tokens that the model does not have, or no tokens, or no file
  Logits(Settings.Logits settings, LoadedModel model) {
    tokens = settings.tokens();
    out = settings.out().orElseThrow(() -> new UserException("give --out FILE for the logits"));
    if (tokens.isEmpty()) {
      throw new UserException("give --tokens 1,2,3: the ids to feed");
    }
    OutputFile.check(out); // said before the model is loaded, not after
    int vocabSize = model.spec().vocabSize();
    for (int token : tokens) {
      if (token >= vocabSize) {
        throw new UserException(
            "--tokens: %d is not one of the model's %d tokens".formatted(token, vocabSize));
      }
    }
    if (tokens.size() > model.contextLength()) {
      throw new UserException(
          "--tokens: %d tokens do not fit the context of %d"
              .formatted(tokens.size(), model.contextLength()));
    }
  }

  void run(Root root) throws InterruptedException {
    root.awaitReady();
    ForwardPass forwardPass = root.forwardPass();
    OneSequence sequence = new OneSequence(forwardPass);
    ByteBuffer row =
        ByteBuffer.allocate(forwardPass.spec().vocabSize() * Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    long bytes = (long) tokens.size() * row.capacity();
    try (OutputFile file = OutputFile.create(out, bytes)) {
      for (int position = 0; position < tokens.size(); position++) {
        int[] token = {tokens.get(position)};
        row.clear().asFloatBuffer().put(sequence.logits(token, position));
        file.write(row);
      }
      file.finish();
    }
  }
}
