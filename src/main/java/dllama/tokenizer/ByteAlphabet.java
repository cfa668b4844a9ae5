package dllama.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The visible characters by which byte-level vocabularies are written: those of Latin-1 stand for
/// themselves, the other bytes are given the characters from U+0100 on, in order (OpenAI, gpt-2,
/// `bytes_to_unicode`).
public final class ByteAlphabet {
  private static final char[] CHARACTERS = new char[256];
  private static final int[] BYTES = new int[0x100 + 68];

  static {
    char next = 0x100;
    Arrays.fill(BYTES, -1);
    for (char value = 0; value < CHARACTERS.length; value++) {
      boolean visible = (value >= '!' && value <= '~') || (value >= 0xA1 && value != 0xAD);
      CHARACTERS[value] = visible ? value : next++;
      BYTES[CHARACTERS[value]] = value;
    }
  }

  private ByteAlphabet() {}

  /// Bytes as they are written.
  public static String visible(byte[] bytes) {
    StringBuilder text = new StringBuilder(bytes.length);
    for (byte b : bytes) {
      text.append(CHARACTERS[b & 0xFF]);
    }
    return text.toString();
  }

  /// Whether all of a text is characters of the alphabet.
  public static boolean covers(byte[] utf8) {
    return new String(utf8, StandardCharsets.UTF_8).chars().allMatch(c -> value(c) >= 0);
  }

  /// The bytes that a text stands for; characters that are not of the alphabet stand for
  /// themselves.
  public static byte[] bytes(byte[] utf8) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(utf8.length);
    new String(utf8, StandardCharsets.UTF_8)
        .codePoints()
        .forEach(
            character -> {
              int value = value(character);
              if (value >= 0) {
                bytes.write(value);
              } else {
                bytes.writeBytes(Character.toString(character).getBytes(StandardCharsets.UTF_8));
              }
            });
    return bytes.toByteArray();
  }

  private static int value(int codePoint) {
    return codePoint < BYTES.length ? BYTES[codePoint] : -1;
  }
}
