package dllama.constraint;

import dllama.tokenizer.TokenStream;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A model without any sense: of the allowed tokens it takes any, and ends when it may and a coin
/// says so. An answer that has become long it brings to an end.
final class Writer {
  /// What ends what has been begun: first a string, which some patterns demand a digit in.
  private static final List<String> ENDINGS = List.of("\"", "0", "}", "]", ":", ",");

  private final Vocabulary vocabulary;
  private final TokenTrie trie;
  private final List<Integer> endings;

  Writer(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    trie = TokenTrie.of(vocabulary);
    endings =
        ENDINGS.stream()
            .flatMap(
                text ->
                    Stream.iterate(0, id -> id + 1)
                        .limit(vocabulary.size())
                        .filter(
                            id -> new String(trie.shown(id), StandardCharsets.UTF_8).equals(text))
                        .limit(1))
            .toList();
  }

  TokenTrie trie() {
    return trie;
  }

  /// A text of the grammar, as a user sees it; null if it has not ended after `most` tokens.
  @Nullable String write(Grammar grammar, Random random, int usual, int most) {
    int before = random.nextBoolean() ? vocabulary.bosId() : -1;
    GrammarMask mask = trie.mask(grammar, before);
    TokenStream stream = new TokenStream(vocabulary);
    stream.follow(before);
    StringBuilder text = new StringBuilder();
    for (int count = 0; count < most; count++) {
      BitSet allowed = mask.allowed();
      boolean end = mask.mayEnd() && (allowed.isEmpty() || count > usual || random.nextInt(8) == 0);
      if (end) {
        return text.toString();
      }
      int token = count > usual ? ending(text, allowed, random) : any(allowed, random);
      mask.accept(token);
      text.append(stream.next(token));
    }
    return null;
  }

  private int ending(CharSequence text, BitSet allowed, Random random) {
    // In a string all of the others are just characters.
    int from = isInString(text) ? 0 : 2;
    return endings.subList(from, endings.size()).stream()
        .filter(allowed::get)
        .findFirst()
        .orElseGet(() -> any(allowed, random));
  }

  private static boolean isInString(CharSequence text) {
    boolean in = false;
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == '"') {
        in = !in;
      } else if (text.charAt(i) == '\\') {
        i++;
      }
    }
    return in;
  }

  private static int any(BitSet allowed, Random random) {
    int place = random.nextInt(allowed.cardinality());
    return allowed.stream().skip(place).findFirst().orElseThrow();
  }
}
