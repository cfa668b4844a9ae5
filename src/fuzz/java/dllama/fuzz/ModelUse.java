package dllama.fuzz;

import dllama.format.file.ModelFile;
import dllama.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;

/// What a start does with a model's file, as far as it is the file's business: the vocabulary is
/// used.
final class ModelUse {
  private static final byte[] TEXT =
      "Hello, wörld! 12345 <|im_start|>\n\n\tdon't\u00a0".getBytes(StandardCharsets.UTF_8);

  private ModelUse() {}

  static void of(ModelFile model) {
    model.vocabulary().ifPresent(vocabulary -> Tokenizer.of(vocabulary).encode(TEXT, true, true));
  }
}
