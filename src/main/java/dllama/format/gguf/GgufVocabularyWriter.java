package dllama.format.gguf;

import dllama.tokenizer.ByteAlphabet;
import dllama.tokenizer.TokenKind;
import dllama.tokenizer.TokenTable.Frame;
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
  private final Vocabulary vocabulary;
  private final int firstSpecial;

  GgufVocabularyWriter(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    this.firstSpecial = vocabulary.bosId() < 0 ? vocabulary.size() : vocabulary.bosId();
  }

  /// Writes all keys of the tokenizer.
  void describe(GgufHeaderWriter header, int size) {
    GgufTokenList list = new GgufTokenList();
    for (int id = 0; id < vocabulary.size(); id++) {
      if (id < firstSpecial) {
        list.add(ByteAlphabet.visible(vocabulary.pieces()[id]), TokenKind.NORMAL);
      } else {
        list.add(vocabulary.text(id), TokenKind.CONTROL);
      }
    }
    list.write(header, "gpt2", size);
    header.put("tokenizer.ggml.pre", splitting()).putStrings("tokenizer.ggml.merges", merges());
    GgufTokenList.write(header, frame(vocabulary));
  }

  static Frame frame(Vocabulary of) {
    return new Frame(of.bosId(), of.eosIds(), of.addBos(), false, of.chatTemplate());
  }

  /// How text is split does not stand in a `.t` file, but it shows: a rule that takes digits one by
  /// one leaves no pieces of several, and one that takes three at most leaves none of more. The
  /// first special token of Llama 3 says what it is.
  private String splitting() {
    if (firstSpecial < vocabulary.size()
        && vocabulary.text(firstSpecial).equals("<|begin_of_text|>")) {
      return "llama-bpe";
    }
    int most =
        IntStream.range(0, firstSpecial)
            .mapToObj(vocabulary::text)
            .filter(piece -> piece.matches("[0-9]+"))
            .mapToInt(String::length)
            .max()
            .orElse(1);
    return most <= 1 ? "qwen2" : most <= 3 ? "smaug-bpe" : "gpt-2";
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
