package dllama.format;

import dllama.format.dllama.DllamaFile;
import dllama.format.dllama.TokenizerFile;
import dllama.format.file.ModelFile;
import dllama.model.ModelSpec;
import dllama.model.ModelWeights;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The small chat model in the jar, so that there is something to talk to at once. It is read into
/// memory, because a resource of a jar can not be mapped; it has few megabytes.
///
/// `scripts/train-demo-model` makes it, docs/MODELS.md says what it knows.
public final class BuiltInModel {
  /// What it is called for the user.
  public static final String NAME = "built-in model";

  private static final String FOLDER = "/dllama/demo/";

  private BuiltInModel() {}

  /// The model, with its tokenizer; it need not be closed.
  ///
  /// @throws dllama.error.UserException if it is not what `hints` says
  public static ModelFile model(ModelFile.Hints hints) {
    return new InTheJar(DllamaFile.of(resource("demo.m"), NAME, hints), vocabulary());
  }

  private record InTheJar(ModelFile model, Vocabulary tokenizer) implements ModelFile {
    @Override
    public List<Path> paths() {
      return List.of();
    }

    @Override
    public ModelSpec spec() {
      return model.spec();
    }

    @Override
    public ModelWeights weights() {
      return model.weights();
    }

    @Override
    public Optional<Vocabulary> vocabulary() {
      return Optional.of(tokenizer);
    }

    @Override
    public void close() {
      model.close();
    }
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
