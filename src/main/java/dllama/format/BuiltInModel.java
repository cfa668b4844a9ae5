package dllama.format;

import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/// The small chat model in the jar, so that there is something to talk to at once. It is read into
/// memory, because a resource of a jar can not be mapped; it has few megabytes.
///
/// `scripts/train-demo-model` makes it, docs/MODELS.md says what it knows.
public final class BuiltInModel {
  /// What it is called for the user.
  public static final String NAME = "built-in model";

  private static final String FOLDER = "/dllama/demo/";

  private BuiltInModel() {}

  /// The model; it need not be closed.
  ///
  /// @throws dllama.error.UserException if it is not what `hints` says
  public static ModelFile model(DllamaFile.Hints hints) {
    return DllamaFile.of(resource("demo.m"), NAME, hints);
  }

  /// Its tokenizer.
  public static Vocabulary vocabulary() {
    return TokenizerFile.of(resource("demo.t"), NAME);
  }

  private static byte[] resource(String name) {
    try (InputStream in = BuiltInModel.class.getResourceAsStream(FOLDER + name)) {
      if (in == null) {
        throw new IllegalStateException("the jar lacks " + FOLDER + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
