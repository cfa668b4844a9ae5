package dllama.tokenizer;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Arrays;

/// What is done to a text before it is split.
///
/// @param composed whether characters and their marks become one character where there is one (NFC)
/// @param marked whether spaces are written `▁`
/// @param spaces where one is put in front
public record TextForm(boolean composed, boolean marked, SpaceInFront spaces) {
  /// Where a space is put in front of a text.
  public enum SpaceInFront {
    NEVER,
    /// Of a whole text, unless it begins with one.
    AT_START,
    /// After every special token, too.
    EVERYWHERE,
    /// The same, even if there is one.
    EVERYWHERE_ONE_MORE
  }

  /// Nothing.
  public static final TextForm PLAIN = new TextForm(false, false, SpaceInFront.NEVER);

  /// Spaces are written `▁`.
  public static final TextForm MARKED = new TextForm(false, true, SpaceInFront.NEVER);

  /// More marks in a row than any script has: to sort them takes time that grows with the square.
  private static final int MOST_MARKS = 64;

  CodePoints of(byte[] text, int from, int to, Place place) {
    byte[] part = Arrays.copyOfRange(text, from, to);
    if (composed) {
      part = composed(part);
    }
    boolean space = hasSpaceInFront(part, place);
    if (marked) {
      part = SentencePieceTokenizer.escaped(part, 0, part.length, space);
    }
    return CodePoints.of(part, 0, part.length);
  }

  private boolean hasSpaceInFront(byte[] text, Place place) {
    boolean there = SentencePieceTokenizer.beginsWithSpace(text);
    return switch (spaces) {
      case NEVER -> false;
      case AT_START -> place == Place.START && !there;
      case EVERYWHERE -> place != Place.WITHIN && !there;
      case EVERYWHERE_ONE_MORE -> place != Place.WITHIN;
    };
  }

  private static byte[] composed(byte[] text) {
    String decoded;
    try {
      decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString();
    } catch (CharacterCodingException _) {
      return text;
    }
    return hasManyMarks(decoded) || Normalizer.isNormalized(decoded, Normalizer.Form.NFC)
        ? text
        : Normalizer.normalize(decoded, Normalizer.Form.NFC).getBytes(StandardCharsets.UTF_8);
  }

  private static boolean hasManyMarks(String text) {
    int marks = 0;
    for (int at = 0; at < text.length() && marks <= MOST_MARKS; ) {
      int character = text.codePointAt(at);
      boolean mark =
          (1 << Character.getType(character)
                  & (1 << Character.NON_SPACING_MARK
                      | 1 << Character.COMBINING_SPACING_MARK
                      | 1 << Character.ENCLOSING_MARK))
              != 0;
      marks = mark ? marks + 1 : 0;
      at += Character.charCount(character);
    }
    return marks > MOST_MARKS;
  }
}
