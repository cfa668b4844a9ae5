package dllama.format.gguf;

import dllama.error.UserException;
import dllama.tokenizer.BytePairs;
import dllama.tokenizer.ScoredVocabulary;
import dllama.tokenizer.TextForm.SpaceInFront;

/// A tokenizer of Hugging Face's as GGUF files hold it: a byte-level one with its merges and the
/// name of the rule that splits texts; one by characters as the SentencePiece vocabulary that it
/// was made of.
final class GgufBytePairsWriter {
  private final BytePairs pairs;
  private final String splitting;

  /// @throws UserException if a GGUF file can not tell it
  GgufBytePairsWriter(BytePairs pairs) {
    this.pairs = pairs;
    if (!pairs.byteLevel() && !pairs.isByOrder()) {
      throw refused("merges that do not follow the order of the tokens");
    }
    splitting =
        pairs.byteLevel()
            ? pairs
                .splitting()
                .name()
                .orElseThrow(() -> refused("how this one splits texts before it merges"))
            : "default";
  }

  private static UserException refused(String what) {
    return new UserException("a GGUF file can not tell %s".formatted(what));
  }

  /// Writes all keys of the tokenizer.
  void describe(GgufHeaderWriter header, int size) {
    GgufTokenList list = new GgufTokenList();
    for (int id = 0; id < pairs.tokens().size(); id++) {
      list.add(pairs.name(id), pairs.tokens().kinds()[id]);
    }
    list.write(header, pairs.byteLevel() ? "gpt2" : "llama", size);
    header.put("tokenizer.ggml.pre", splitting);
    if (pairs.byteLevel()) {
      header.putStrings("tokenizer.ggml.merges", pairs.merges());
    } else {
      header
          .putFloats("tokenizer.ggml.scores", ScoredVocabulary.byOrder(size))
          .put("tokenizer.ggml.add_space_prefix", pairs.form().spaces() != SpaceInFront.NEVER);
    }
    GgufTokenList.write(header, pairs.frame());
  }
}
