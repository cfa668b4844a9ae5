package dllama.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The tokens that stand for single bytes in a SentencePiece vocabulary: named `<0x00>` to
/// `<0xFF>`, from id 3 on, after `<unk>`, BOS and EOS.
final class ByteTokens {
  private static final int FIRST = 3;
  private static final int COUNT = 256;

  private ByteTokens() {}

  /// Whether a vocabulary has all of them.
  static boolean in(byte[][] pieces) {
    if (pieces.length < FIRST + COUNT) {
      return false;
    }
    for (int value = 0; value < COUNT; value++) {
      byte[] name = "<0x%02X>".formatted(value).getBytes(StandardCharsets.US_ASCII);
      if (!Arrays.equals(pieces[FIRST + value], name)) {
        return false;
      }
    }
    return true;
  }

  static int of(byte value) {
    return FIRST + (value & 0xFF);
  }

  static boolean contains(int id) {
    return id >= FIRST && id < FIRST + COUNT;
  }

  /// Whether a token stands before them: none of text does.
  static boolean before(int id) {
    return id < FIRST;
  }

  static byte value(int id) {
    return (byte) (id - FIRST);
  }
}
