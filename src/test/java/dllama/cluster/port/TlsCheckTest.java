package dllama.cluster.port;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class TlsCheckTest {
  /// A handshake record of 38 bytes, the shortest that greets.
  private static final String GREETING = "16 03 01 00 26" + " aa".repeat(38);

  private final TlsCheck check = new TlsCheck();

  @Test
  void shouldCountRecordsHoweverTheyArrive() {
    byte[] bytes = hex(GREETING + " 14 03 03 00 01 01 17 03 03 00 02 05 06");
    for (int at = 0; at < bytes.length; at++) {
      assertTrue(check.read(ByteBuffer.wrap(bytes), at, at + 1));
    }
    assertEquals(3, check.frames());
    assertEquals(0, check.unfinishedBytes());
    assertNull(check.objection());
    var together = new TlsCheck();
    assertTrue(together.read(ByteBuffer.wrap(bytes), 0, bytes.length));
    assertEquals(3, together.frames());
  }

  @Test
  void shouldKnowWhatIsUnfinished() {
    byte[] bytes = hex(GREETING);
    assertTrue(check.read(ByteBuffer.wrap(bytes), 0, 4));
    assertEquals(4, check.unfinishedBytes());
    assertTrue(check.read(ByteBuffer.wrap(bytes), 4, 42));
    assertEquals(42, check.unfinishedBytes());
    assertEquals(0, check.frames());
    assertNull(check.greeting());
    assertTrue(check.read(ByteBuffer.wrap(bytes), 42, 43));
    assertArrayEquals(bytes, check.greeting());
  }

  @Test
  void shouldTakeAnEmptyRecord() {
    byte[] bytes = hex(GREETING + " 17 03 03 00 00 17 03 03 00 01 bb");
    assertTrue(check.read(ByteBuffer.wrap(bytes), 0, bytes.length));
    assertEquals(3, check.frames());
  }

  @Test
  void shouldRefuseWhatIsNoTls() {
    assertRefused("speaks HTTP: this is the port between nodes", "47 45 54 20 2f"); // GET /
    assertRefused("speaks another protocol", "17 03 03 00 02"); // data before a handshake
    assertRefused("speaks another protocol", "00 00 00 00 00");
    String wrong = "does not speak TLS as nodes do";
    assertRefused(wrong, "16 03 01 00 25"); // too short to greet
    assertRefused(wrong, "16 02 01 00 02");
    assertRefused(wrong, "16 03 01 ff ff");
    assertRefused(wrong, GREETING + " 19 03 03 00 01");
  }

  @Test
  void shouldTellANodeWithoutTheKeyFromOthers() {
    assertRefused("speaks without the cluster key (--insecure there?)", "41 4b 4b 41 01");
  }

  private static void assertRefused(String why, String text) {
    var check = new TlsCheck();
    byte[] bytes = hex(text);
    assertFalse(check.read(ByteBuffer.wrap(bytes), 0, bytes.length), text);
    assertEquals(why, check.objection(), text);
  }

  private static byte[] hex(String bytes) {
    return HexFormat.ofDelimiter(" ").parseHex(bytes);
  }
}
