package dllama.cluster.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.javadsl.Adapter;
import dllama.cluster.wire.TensorFrame.Input;
import dllama.cluster.wire.TensorFrame.Logits;
import dllama.cluster.wire.TensorFrame.Partial;
import dllama.cluster.wire.TensorFrame.RunRows;
import dllama.cluster.wire.TensorFrame.WeightChunk;
import dllama.logits.LogitsPart.Best;
import dllama.logits.LogitsPart.Candidates;
import dllama.logits.LogitsPart.Rows;
import dllama.logits.LogitsPart.Walked;
import dllama.logits.LogitsWanted;
import dllama.logits.TokenWeights;
import dllama.step.PageCopy;
import java.io.NotSerializableException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TensorFrameSerializerTest {
  private static ActorTestKit testKit;
  private static TensorFrameSerializer serializer;

  @BeforeAll
  static void start() {
    testKit = ActorTestKit.create();
    serializer =
        new TensorFrameSerializer(
            (akka.actor.ExtendedActorSystem) Adapter.toClassic(testKit.system()));
  }

  @AfterAll
  static void stop() {
    testKit.shutdownTestKit();
  }

  @Test
  void shouldCarryAnInput() throws Exception {
    for (LogitsWanted wanted :
        List.of(
            new LogitsWanted.Nothing(),
            new LogitsWanted.All(),
            new LogitsWanted.Best(5),
            new LogitsWanted.Draw(0.7f),
            new LogitsWanted.DrawAny(1e-9f))) {
      var sent =
          new Input(
              5,
              1L << 40,
              wanted.rows() > 0,
              List.of(new PageCopy(3, 1), new PageCopy(1 << 20, 0)),
              List.of(
                  new RunRows(new int[] {7, 0, 1 << 20}, 4095, 2, wanted),
                  new RunRows(new int[0], 0, 1, new LogitsWanted.Nothing())),
              bytes(1, 2, 3, 4, 5, 6, 7, 8));
      var got = (Input) throughTheWire(sent);
      assertEquals(sent.epoch(), got.epoch());
      assertEquals(sent.step(), got.step());
      assertEquals(sent.scatters(), got.scatters());
      assertEquals(sent.copies(), got.copies());
      assertEquals(2, got.runs().size());
      for (int run = 0; run < 2; run++) {
        RunRows was = sent.runs().get(run);
        RunRows is = got.runs().get(run);
        assertArrayEquals(was.pages(), is.pages());
        assertEquals(was.position(), is.position());
        assertEquals(was.count(), is.count());
        assertEquals(was.wanted(), is.wanted());
      }
      assertSameBytes(sent.rows(), got.rows());
    }
  }

  @Test
  void shouldCarryAPartial() throws Exception {
    var sent = new Partial(-1, Long.MAX_VALUE, 7, bytes(9, 8, 7));
    var got = (Partial) throughTheWire(sent);
    assertEquals(sent.epoch(), got.epoch());
    assertEquals(sent.round(), got.round());
    assertEquals(sent.rank(), got.rank());
    assertSameBytes(sent.values(), got.values());
  }

  @Test
  void shouldCarryAPartOfABuffer() throws Exception {
    FrameBuffer whole = bytes(1, 2, 3, 4, 5);
    var got = (Partial) throughTheWire(new Partial(1, 2, 3, whole.part(2, 2)));
    assertSameBytes(bytes(3, 4), got.values());
    var none = (Partial) throughTheWire(new Partial(1, 2, 3, whole.part(5, 0)));
    assertEquals(0, none.values().length());
    assertThrows(IllegalArgumentException.class, () -> whole.part(6, 5));
  }

  @Test
  void shouldCarryLogitsBitForBit() throws Exception {
    float[] values = {1f, -0f, Float.NaN, Float.NEGATIVE_INFINITY, Float.MIN_VALUE};
    var got = (Logits) throughTheWire(new Logits(2, 3, 1, 4, new Rows(values)));
    assertEquals(2, got.epoch());
    assertEquals(3, got.step());
    assertEquals(1, got.rank());
    assertEquals(4, got.run());
    assertArrayEquals(values, ((Rows) got.part()).values());
  }

  @Test
  void shouldCarryTheBestOfEveryRow() throws Exception {
    int[] tokens = {128_255, 0, 7, -1};
    float[] logits = {1.5f, -0f, Float.NEGATIVE_INFINITY, 9};
    var got = (Logits) throughTheWire(new Logits(2, 3, 1, 4, new Best(3, tokens, logits)));
    Best best = (Best) got.part();
    assertEquals(3, best.rows());
    assertArrayEquals(new int[] {128_255, 0, 7}, best.tokens());
    assertArrayEquals(new float[] {1.5f, -0f, Float.NEGATIVE_INFINITY}, best.logits());
  }

  @Test
  void shouldCarryCandidates() throws Exception {
    long[] sums = new long[TokenWeights.BINS];
    sums[0] = Long.MAX_VALUE;
    sums[TokenWeights.BINS - 1] = 3;
    int[] tokens = {9, 8, 0};
    float[] logits = {2, 1, 0};
    var sent = new Logits(2, 3, 1, 4, new Candidates(2, tokens, logits, -77, sums));
    Candidates got = (Candidates) ((Logits) throughTheWire(sent)).part();
    assertEquals(2, got.size());
    assertArrayEquals(new int[] {9, 8}, got.tokens());
    assertArrayEquals(new float[] {2, 1}, got.logits());
    assertEquals(-77, got.exponent());
    assertArrayEquals(sums, got.sums());
  }

  @Test
  void shouldCarryAStepAlongTheVocabulary() throws Exception {
    Walked sent = new Walked(0.75f, 128_255);
    assertEquals(sent, ((Logits) throughTheWire(new Logits(2, 3, 1, 4, sent))).part());
  }

  /// An unknown kind of logits, rows that nobody has room for, a temperature without meaning.
  @Test
  void shouldRefuseLogitsThatMakeNoSense() {
    for (byte[] wanted :
        new byte[][] {{9, 0, 0, 0, 0}, {2, 17, 0, 0, 0}, {2, 0, 0, 0, 0}, {3, 0, 0, 0, 0}}) {
      ByteBuffer input = ByteBuffer.allocate(48).order(ByteOrder.LITTLE_ENDIAN);
      input.putInt(21, 1).put(37, wanted); // one run, without pages
      assertThrows(NotSerializableException.class, () -> serializer.fromBinary(input, "I"));
    }
    ByteBuffer logits = ByteBuffer.allocate(34).put(24, (byte) 77);
    assertThrows(NotSerializableException.class, () -> serializer.fromBinary(logits, "L"));
  }

  /// Counts of copies, runs and pages that the frame has no room for.
  @Test
  void shouldRefuseRunsThatAreNotThere() {
    for (int at : new int[] {17, 21, 25}) {
      for (int count : new int[] {-1, 100, Integer.MAX_VALUE}) {
        ByteBuffer input = ByteBuffer.allocate(60).order(ByteOrder.LITTLE_ENDIAN);
        input.putInt(21, 1).putInt(at, count);
        assertThrows(NotSerializableException.class, () -> serializer.fromBinary(input, "I"));
      }
    }
  }

  @Test
  void shouldCarryAChunkOfWeights() throws Exception {
    var sent = new WeightChunk(2, 5_000_000_000L, bytes(1));
    var got = (WeightChunk) throughTheWire(sent);
    assertEquals(sent.offset(), got.offset());
    assertSameBytes(sent.bytes(), got.bytes());
  }

  @Test
  void shouldRefuseWhatItDoesNotKnow() {
    assertThrows(
        NotSerializableException.class, () -> serializer.fromBinary(ByteBuffer.allocate(99), "?"));
    assertThrows(
        BufferUnderflowException.class, () -> serializer.fromBinary(ByteBuffer.allocate(3), "P"));
  }

  /// Encodes both ways that Akka knows, checks that they agree, and decodes.
  private static Object throughTheWire(TensorFrame frame) throws NotSerializableException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(1024);
    serializer.toBinary(frame, buffer);
    byte[] array = serializer.toBinary((Object) frame);
    byte[] direct = new byte[buffer.flip().remaining()];
    buffer.get(0, direct);
    assertArrayEquals(array, direct);
    return serializer.fromBinary(buffer, serializer.manifest(frame));
  }

  private static FrameBuffer bytes(int... values) {
    FrameBuffer buffer = new FrameBuffer(values.length + 5).withLength(values.length);
    for (int i = 0; i < values.length; i++) {
      buffer.bytes()[i] = (byte) values[i];
    }
    return buffer;
  }

  private static void assertSameBytes(FrameBuffer expected, FrameBuffer actual) {
    assertEquals(expected.length(), actual.length());
    for (int i = 0; i < expected.length(); i++) {
      assertEquals(expected.bytes()[i], actual.bytes()[i]);
    }
  }
}
