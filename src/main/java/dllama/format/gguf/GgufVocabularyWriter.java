package dllama.format.gguf;

import dllama.tokenizer.ByteAlphabet;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/// A byte-level vocabulary as GGUF files hold it, in the manner of GPT-2: every byte of a piece is
/// a visible character, and the rule of merging is a list of pairs.
final class GgufVocabularyWriter {
  private static final int NORMAL = 1;
  private static final int CONTROL = 3;

  private final Vocabulary vocabulary;
  private final int firstSpecial;

  GgufVocabularyWriter(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    this.firstSpecial = vocabulary.bosId() < 0 ? vocabulary.size() : vocabulary.bosId();
  }

  /// Writes all keys of the tokenizer. Llama 3's pre-tokenizer is named, the one that goes with the
  /// synthetic vocabulary's special tokens.
  void describe(GgufHeaderWriter header) {
    header
        .put("tokenizer.ggml.model", "gpt2")
        .put("tokenizer.ggml.pre", "llama-bpe")
        .putStrings("tokenizer.ggml.tokens", tokens())
        .putInts(
            "tokenizer.ggml.token_type",
            IntStream.range(0, vocabulary.size())
                .mapToObj(id -> id < firstSpecial ? NORMAL : CONTROL)
                .toList())
        .putStrings("tokenizer.ggml.merges", merges());
    describeEnds(vocabulary, header);
  }

  /// Writes what goes around texts.
  static void describeEnds(Vocabulary vocabulary, GgufHeaderWriter header) {
    header.put("tokenizer.ggml.add_bos_token", vocabulary.addBos());
    if (vocabulary.bosId() >= 0) {
      header.put("tokenizer.ggml.bos_token_id", vocabulary.bosId());
    }
    if (!vocabulary.eosIds().isEmpty()) {
      header.put("tokenizer.ggml.eos_token_id", vocabulary.eosIds().getFirst());
    }
    String template = vocabulary.chatTemplate();
    if (template != null) {
      header.put("tokenizer.chat_template", template);
    }
  }

  private List<String> tokens() {
    return IntStream.range(0, vocabulary.size())
        .mapToObj(
            id ->
                id < firstSpecial
                    ? ByteAlphabet.visible(vocabulary.pieces()[id])
                    : vocabulary.text(id))
        .toList();
  }

  /// Every pair of pieces whose concatenation is a piece, those of the highest score first.
  private List<String> merges() {
    List<String> pieces =
        IntStream.range(0, firstSpecial)
            .boxed()
            .sorted(Comparator.comparingDouble(id -> -vocabulary.scores()[id]))
            .map(id -> ByteAlphabet.visible(vocabulary.pieces()[id]))
            .toList();
    Set<String> known = new HashSet<>(pieces);
    List<String> merges = new ArrayList<>();
    for (String piece : pieces) {
      for (int cut = 1; cut < piece.length(); cut++) {
        String left = piece.substring(0, cut);
        String right = piece.substring(cut);
        if (known.contains(left) && known.contains(right)) {
          merges.add(left + " " + right);
        }
      }
    }
    return merges;
  }
}
