package dllama.tokenizer;

import java.util.Arrays;
import java.util.stream.IntStream;

/// SentencePiece as GGUF files have it (`llama`): spaces are written as `▁`, one stands in front of
/// a text, and neighbours whose concatenation is the token of the highest score are merged.
/// Characters without a token become the tokens of their bytes. Immutable.
public final class SentencePieceTokenizer extends CuttingTokenizer {
  /// U+2581, which stands for a space.
  private static final byte[] SPACE = {(byte) 0xE2, (byte) 0x96, (byte) 0x81};

  private static final int NO_TOKEN = -2;

  private final PieceTable tokens;
  private final int[] ranks;
  private final int[] byteTokens;
  private final boolean spaceInFront;

  /// @param names of tokens as the file has them
  /// @param spaceInFront whether texts begin with a space
  /// @param byteTokens by byte; −1 where there is none
  public SentencePieceTokenizer(
      Vocabulary vocabulary,
      byte[][] names,
      TokenKind[] kinds,
      int[] byteTokens,
      boolean spaceInFront,
      boolean addEos) {
    super(vocabulary, new SpecialTokens(names, kinds), addEos);
    this.tokens = new PieceTable(names, id -> kinds[id].ofText());
    this.ranks = ranks(vocabulary.scores());
    this.byteTokens = byteTokens;
    this.spaceInFront = spaceInFront;
  }

  /// Places in line by score: equal for equal scores, 0 for the highest.
  private static int[] ranks(float[] scores) {
    float[] sorted = scores.clone();
    Arrays.sort(sorted);
    int size = scores.length;
    return IntStream.range(0, size).map(id -> size - 1 - firstAbove(sorted, scores[id])).toArray();
  }

  /// Index of the last of the values that are not above `score`.
  private static int firstAbove(float[] sorted, float score) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Float.compare(sorted[middle], score) <= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }

  @Override
  void encode(byte[] text, int from, int to, Place place, IntList ids) {
    byte[] escaped = escaped(text, from, to, spaceInFront && place != Place.WITHIN);
    Merger merger = new Merger();
    for (int at = 0; at < escaped.length; ) {
      int end = Math.min(escaped.length, at + length(escaped[at]));
      int id = tokens.find(escaped, at, end);
      merger.add(id < 0 ? NO_TOKEN : id, at, end);
      at = end;
    }
    merger.merge(
        (left, right, start, end) -> {
          int id = tokens.find(escaped, start, end);
          return id < 0 ? Merger.NONE : (long) ranks[id] << 32 | id;
        });
    for (int i = merger.first(); i < merger.end(); i = merger.after(i)) {
      if (merger.symbol(i) != NO_TOKEN) {
        ids.add(merger.symbol(i));
        continue;
      }
      for (int at = merger.start(i); at < merger.endOf(i); at++) {
        int id = byteTokens[escaped[at] & 0xFF];
        if (id >= 0) {
          ids.add(id);
        }
      }
    }
  }

  /// A text with `▁` for spaces, and one in front if that is wanted.
  static byte[] escaped(byte[] text, int from, int to, boolean spaceInFront) {
    int spaces = spaceInFront ? 1 : 0;
    for (int i = from; i < to; i++) {
      spaces += text[i] == ' ' ? 1 : 0;
    }
    int length = to - from + (spaceInFront ? 1 : 0);
    byte[] escaped = new byte[Math.addExact(length, 2 * spaces)];
    int end = spaceInFront ? put(escaped, 0) : 0;
    for (int i = from; i < to; i++) {
      if (text[i] == ' ') {
        end = put(escaped, end);
      } else {
        escaped[end++] = text[i];
      }
    }
    return escaped;
  }

  /// Whether a text begins with a space, written as such or `▁`.
  static boolean beginsWithSpace(byte[] text) {
    boolean marked =
        text.length >= SPACE.length && Arrays.equals(text, 0, SPACE.length, SPACE, 0, SPACE.length);
    return marked || (text.length > 0 && text[0] == ' ');
  }

  private static int put(byte[] escaped, int at) {
    System.arraycopy(SPACE, 0, escaped, at, SPACE.length);
    return at + SPACE.length;
  }

  /// Bytes of a character by its first one; whatever follows is taken.
  private static int length(byte first) {
    int value = first & 0xFF;
    return value < 0xC0 ? 1 : value < 0xE0 ? 2 : value < 0xF0 ? 3 : 4;
  }
}
