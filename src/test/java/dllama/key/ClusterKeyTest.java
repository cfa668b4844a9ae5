package dllama.key;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Random;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

class ClusterKeyTest {
  private static final byte[] BYTES = HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f");

  @Test
  void shouldReadWhatItWrites() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 1000; i++) {
      byte[] bytes = new byte[16];
      random.nextBytes(bytes);
      String code = new ClusterKey(bytes).code();
      assertTrue(code.matches("([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}"), code);
      assertArrayEquals(bytes, KeyCode.read(code), "seed " + seed);
    }
    for (int fill : new int[] {0, -1, 127}) {
      byte[] bytes = new byte[16];
      java.util.Arrays.fill(bytes, (byte) fill);
      assertArrayEquals(bytes, KeyCode.read(KeyCode.write(bytes)));
    }
  }

  @Test
  void shouldReadCodesAsPeopleTypeThem() {
    ClusterKey key = new ClusterKey(BYTES);
    String code = key.code();
    assertEquals(key, ClusterKey.parse(" " + code.toLowerCase(Locale.ROOT) + "\n"));
    assertEquals(key, ClusterKey.parse(code.replace("-", "")));
    assertEquals(key, ClusterKey.parse(code.replace('-', ' ')));
    assertEquals(key, ClusterKey.parse(code.replace('0', 'o').replace('1', 'l')));
  }

  @Test
  void shouldFindEverySlipOfOneLetterAndSayNothingOfTheKey() {
    String code = new ClusterKey(BYTES).code();
    int missed = 0;
    for (int i = 0; i < code.length(); i++) {
      if (code.charAt(i) != '-') {
        char other = code.charAt(i) == 'X' ? 'Y' : 'X';
        String wrong = code.substring(0, i) + other + code.substring(i + 1);
        try {
          assertNotEquals(new ClusterKey(BYTES), ClusterKey.parse(wrong));
          missed++;
        } catch (UserException e) {
          assertFalse(String.valueOf(e.getMessage()).contains(wrong.substring(0, 4)));
        }
      }
    }
    assertEquals(0, missed);
    for (String wrong : new String[] {"", "A", code + "A", code.substring(1), "ÄÖ".repeat(14)}) {
      assertThrows(UserException.class, () -> ClusterKey.parse(wrong), wrong);
    }
  }

  /// HKDF of RFC 5869, written out.
  @Test
  void shouldDeriveAsTheStandardSays() throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(new byte[32], "HmacSHA256"));
    byte[] extracted = mac.doFinal(BYTES);
    mac.init(new SecretKeySpec(extracted, "HmacSHA256"));
    mac.update("dllama-akka cluster key 1: a purpose".getBytes(US_ASCII));
    byte[] expected = mac.doFinal(new byte[] {1});
    assertArrayEquals(expected, new ClusterKey(BYTES).derive("a purpose", 32));
    assertFalse(
        java.util.Arrays.equals(expected, new ClusterKey(BYTES).derive("another purpose", 32)));
  }

  @Test
  void shouldNotShowItselfInText() {
    ClusterKey key = ClusterKey.random();
    assertEquals("a cluster key", key.toString());
    assertNotEquals(key, ClusterKey.random());
    assertEquals(key, ClusterKey.parse(key.code()));
    assertEquals(key.hashCode(), ClusterKey.parse(key.code()).hashCode());
  }
}
