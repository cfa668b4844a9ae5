package dllama.format;

import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// A byte-level vocabulary for synthetic models, of any size from 512 up: all bytes, beginnings of
/// common English words, invented words up to the size, and the special tokens of Llama 3 with its
/// chat template. What a random model says looks like words then.
public final class SynthVocabulary {
  private static final int SMALLEST = 512;
  private static final int BYTES = 256;

  private static final List<String> WORDS =
      List.of(
          " the", " of", " and", " to", " in", " a", " is", " that", " it", " was", " for", " on",
          " are", " as", " with", " his", " they", " at", " be", " this", " have", " from", " or",
          " one", " had", " by", " not", " what", " all", " were", " we", " when", " your", " can",
          " said", " there", " use", " an", " each", " which", " she", " do", " how", " their");

  private static final String CONSONANTS = "bcdfglmnprstvz";
  private static final String VOWELS = "aeiou";

  private static final String CHAT_TEMPLATE =
      "{% for m in messages %}{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\n\n' "
          + "+ m['content'] + '<|eot_id|>' }}{% endfor %}";

  /// Places among the special tokens as in Llama 3.
  private static final int BEGIN_OF_TEXT = 0;

  private static final int END_OF_TEXT = 1;
  private static final int START_HEADER = 6;
  private static final int END_HEADER = 7;
  private static final int END_OF_TURN = 9;

  private SynthVocabulary() {}

  /// A vocabulary of exactly `size` tokens; pieces are unique.
  public static Vocabulary of(int size) {
    if (size < SMALLEST) {
      throw new IllegalArgumentException("size=%d is less than %d".formatted(size, SMALLEST));
    }
    // Llama 3 has 256 special tokens.
    int bosId = size - (size >= 100_000 ? 256 : 16);
    List<byte[]> pieces = new ArrayList<>(size);
    for (int value = 0; value < BYTES; value++) {
      pieces.add(new byte[] {(byte) value});
    }
    for (String word : words(bosId - BYTES)) {
      pieces.add(word.getBytes(StandardCharsets.UTF_8));
    }
    for (int i = 0; i < size - bosId; i++) {
      pieces.add(special(i).getBytes(StandardCharsets.UTF_8));
    }
    float[] scores = new float[size];
    for (int id = 0; id < size; id++) {
      scores[id] = -id;
    }
    return new Vocabulary(
        pieces.toArray(byte[][]::new),
        scores,
        bosId,
        List.of(bosId + END_OF_TURN, bosId + END_OF_TEXT),
        true,
        CHAT_TEMPLATE);
  }

  /// Every beginning of a common word is a piece, so that it can be merged letter by letter.
  private static Set<String> words(int count) {
    Set<String> words = new LinkedHashSet<>();
    for (String word : WORDS) {
      for (int length = 2; length <= word.length() && words.size() < count; length++) {
        words.add(word.substring(0, length));
      }
    }
    for (int number = 0; words.size() < count; number++) {
      words.add(" " + invented(number));
    }
    return words;
  }

  /// The number in syllables, at least two of them.
  private static String invented(int number) {
    StringBuilder word = new StringBuilder();
    int rest = number;
    while (rest > 0 || word.length() < 4) {
      word.append(CONSONANTS.charAt(rest % CONSONANTS.length()));
      rest /= CONSONANTS.length();
      word.append(VOWELS.charAt(rest % VOWELS.length()));
      rest /= VOWELS.length();
    }
    return word.toString();
  }

  private static String special(int place) {
    return switch (place) {
      case BEGIN_OF_TEXT -> "<|begin_of_text|>";
      case END_OF_TEXT -> "<|end_of_text|>";
      case START_HEADER -> "<|start_header_id|>";
      case END_HEADER -> "<|end_header_id|>";
      case END_OF_TURN -> "<|eot_id|>";
      default -> "<|reserved_special_token_%d|>".formatted(place);
    };
  }
}
