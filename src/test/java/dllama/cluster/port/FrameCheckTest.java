package dllama.cluster.port;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameCheckTest {
  private static final int MOST = 1000;

  private final FrameCheck check = new FrameCheck(MOST);

  @Test
  void shouldCountFramesHoweverTheyAreCut() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(greeting(2));
    for (int i = 0; i < 100; i++) {
      bytes.writeBytes(frame(28 + i * 9, Serializers.TENSOR_FRAME));
    }
    byte[] all = bytes.toByteArray();
    Random random = new Random(1);
    for (int run = 0; run < 200; run++) {
      FrameCheck cut = new FrameCheck(MOST);
      for (int at = 0; at < all.length; ) {
        int count = Math.min(1 + random.nextInt(run + 1), all.length - at);
        byte[] before = all.clone();
        assertTrue(cut.read(ByteBuffer.wrap(all), at, at + count), cut::objection);
        at += count;
        assertEquals(0, java.util.Arrays.compare(before, all));
      }
      assertEquals(100, cut.frames());
      assertEquals(0, cut.unfinishedBytes());
    }
  }

  @Test
  void shouldKnowHowMuchOfAFrameIsHere() {
    read(greeting(1));
    byte[] frame = frame(500, Serializers.ARTERY);
    for (int have = 1; have < frame.length; have++) {
      assertTrue(check.read(ByteBuffer.wrap(frame), have - 1, have));
      assertEquals(have, check.unfinishedBytes());
    }
    assertEquals(0, check.frames());
    assertTrue(check.read(ByteBuffer.wrap(frame), frame.length - 1, frame.length));
    assertEquals(0, check.unfinishedBytes());
    assertEquals(1, check.frames());
  }

  @ParameterizedTest
  @ValueSource(
      ints = {0x7fffffff, 0x70000000, 0x80000000, 0xffffffff, -28, 0, 1, 27, MOST + 1, 1 << 20})
  void shouldRefuseALengthThatNoFrameHas(int length) {
    assertTrue(read(greeting(2)));
    assertFalse(read(int32(length)));
    assertEquals(
        "announces a frame of %d bytes (28 to 1000 are allowed)"
            .formatted(Integer.toUnsignedLong(length)),
        check.objection());
  }

  @ParameterizedTest
  @ValueSource(ints = {28, 29, MOST})
  void shouldTakeALengthThatAFrameMayHave(int length) {
    assertTrue(read(greeting(2)));
    assertTrue(read(frame(length, Serializers.CONTROL)));
    assertEquals(1, check.frames());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 16, 20, 22, 23, 0, -1, 77_002})
  void shouldRefuseSerializersThatNoNodeUses(int serializer) {
    read(greeting(2));
    assertFalse(read(frame(100, serializer)));
    assertEquals(
        "sends what no node sends (serializer %d)".formatted(serializer), check.objection());
  }

  @Test
  void shouldRefuseAnotherVersionAndOtherStreams() {
    read(greeting(2));
    byte[] frame = frame(100, Serializers.ARTERY);
    frame[4] = 1;
    assertFalse(read(frame));
    for (int stream : new int[] {0, 3, -1}) {
      assertFalse(new FrameCheck(MOST).read(ByteBuffer.wrap(greeting(stream)), 0, 5));
    }
  }

  @Test
  void shouldTellForeignProtocols() {
    assertForeign("speaks HTTP: this is the port between nodes", "GET / HTTP/1.1\r\n");
    assertForeign("speaks HTTP: this is the port between nodes", "PRI * HTTP/2.0\r\n");
    assertForeign("speaks another protocol", "SSH-2.0-OpenSSH_9.2");
    assertForeign("speaks another protocol", "AKKB\1");
    assertForeign(
        "speaks TLS: it has a cluster key, and this node has none (--insecure here?)",
        "\26\3\1\2\0\1");
  }

  private static void assertForeign(String why, String text) {
    FrameCheck check = new FrameCheck(MOST);
    byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    assertFalse(check.read(ByteBuffer.wrap(bytes), 0, bytes.length), text);
    assertEquals(why, check.objection(), text);
    assertEquals(0, check.frames());
  }

  @Test
  void shouldKnowAkkasNumbers() {
    Config config = ConfigFactory.load();
    Config numbers = config.getConfig("akka.actor.serialization-identifiers");
    assertEquals(Serializers.CONTROL, numbers.getInt("jackson-cbor"));
    assertEquals(Serializers.ARTERY, number(numbers, "remote.serialization.ArteryMessage"));
    assertEquals(Serializers.SELECTION, number(numbers, "remote.serialization.MessageContainer"));
    assertEquals(Serializers.CLUSTER, number(numbers, "cluster.protobuf.ClusterMessage"));
  }

  private static int number(Config numbers, String name) {
    return numbers.getInt("\"akka.%sSerializer\"".formatted(name));
  }

  private boolean read(byte[] bytes) {
    return check.read(ByteBuffer.wrap(bytes), 0, bytes.length);
  }

  static byte[] greeting(int stream) {
    return new byte[] {'A', 'K', 'K', 'A', (byte) stream};
  }

  static byte[] int32(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }

  static byte[] frame(int length, int serializer) {
    return ByteBuffer.allocate(4 + length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(length)
        .putInt(4 + 12, serializer)
        .array();
  }
}
