package dllama.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ByteAlphabetTest {
  @Test
  void shouldWriteEveryByteAndReadItAgain() {
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    String visible = ByteAlphabet.visible(all);
    assertEquals(256, visible.length());
    assertArrayEquals(all, ByteAlphabet.bytes(visible.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void shouldLeaveOtherCharacters() {
    byte[] text = "日本 Ġ😀".getBytes(StandardCharsets.UTF_8);
    assertArrayEquals(
        "日本  😀".getBytes(StandardCharsets.UTF_8), ByteAlphabet.bytes(text), "Ġ is a space");
  }

  /// As a damaged file may have it; each such byte becomes three.
  @Test
  void shouldTakeWhatIsNoUtf8() {
    assertArrayEquals(
        "\uFFFD\uFFFD".getBytes(StandardCharsets.UTF_8),
        ByteAlphabet.bytes(new byte[] {(byte) 0xFF, (byte) 0xFE}));
  }
}
