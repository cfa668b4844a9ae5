package dllama.cluster.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.javadsl.Adapter;
import dllama.cluster.wire.TensorFrame.Input;
import dllama.cluster.wire.TensorFrame.Logits;
import dllama.cluster.wire.TensorFrame.Partial;
import dllama.cluster.wire.TensorFrame.Question;
import dllama.cluster.wire.TensorFrame.RunRows;
import dllama.cluster.wire.TensorFrame.WeightChunk;
import dllama.logits.Adjustments;
import dllama.logits.LogitsPart;
import dllama.logits.LogitsPart.Best;
import dllama.logits.LogitsPart.Candidates;
import dllama.logits.LogitsPart.Rows;
import dllama.logits.LogitsPart.Unadjusted;
import dllama.logits.LogitsPart.Walked;
import dllama.logits.LogitsQuestion;
import dllama.logits.LogitsQuestion.Adjusted;
import dllama.logits.LogitsWanted;
import dllama.logits.TokenWeights;
import dllama.step.PageCopy;
import dllama.step.RunState;
import java.io.NotSerializableException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
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
              List.of(new PageCopy(3, 1), new PageCopy(1 << 20, 0, 7, 1 << 20)),
              List.of(
                  new RunRows(
                      new int[] {7, 0, 1 << 20},
                      new int[] {1 << 20, 5},
                      4095,
                      2,
                      new RunState(1 << 20, 3),
                      wanted,
                      adjustments()),
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
        assertArrayEquals(was.windows(), is.windows());
        assertEquals(was.position(), is.position());
        assertEquals(was.count(), is.count());
        assertEquals(was.state(), is.state());
        assertEquals(was.wanted(), is.wanted());
        assertSame(was.adjustments(), is.adjustments());
      }
      assertSameBytes(sent.rows(), got.rows());
    }
  }

  @Test
  void shouldCarryGivenTokens() throws Exception {
    var wanted = new LogitsWanted.Given(new int[] {0, 128_255});
    var run =
        new RunRows(
            new int[] {7, 9}, new int[1], 300, 2, RunState.alone(300), wanted, adjustments());
    var next = new RunRows(new int[] {3}, 0, 1, new LogitsWanted.Best(1));
    var got =
        (Input) throughTheWire(new Input(5, 6, false, List.of(), List.of(run, next), bytes(1, 2)));
    RunRows is = got.runs().getFirst();
    assertArrayEquals(wanted.tokens(), ((LogitsWanted.Given) is.wanted()).tokens());
    assertArrayEquals(run.pages(), is.pages());
    assertSame(run.adjustments(), is.adjustments());
    assertEquals(next.wanted(), got.runs().get(1).wanted());
    assertSameBytes(bytes(1, 2), got.rows());
  }

  @Test
  void shouldCarryTheLogitsOfGivenTokens() throws Exception {
    long[] sums = new long[3 * TokenWeights.BINS];
    sums[0] = Long.MAX_VALUE;
    sums[TokenWeights.BINS + 1] = 7;
    float[] logits = {1.5f, -0f, 9};
    float[] largest = {2, Float.MIN_VALUE, 9};
    var sent = new LogitsPart.Given(2, logits, largest, sums, 77);
    var got = (LogitsPart.Given) ((Logits) throughTheWire(new Logits(2, 3, 1, 4, sent))).part();
    assertEquals(2, got.rows());
    assertEquals(77, got.strayed());
    assertArrayEquals(new float[] {1.5f, -0f}, got.logits());
    assertArrayEquals(new float[] {2, Float.MIN_VALUE}, got.largest());
    assertArrayEquals(Arrays.copyOf(sums, 2 * TokenWeights.BINS), got.sums());
  }

  @Test
  void shouldCarryStates() throws Exception {
    var run = new RunRows(new int[] {7}, 0, 2, new LogitsWanted.States(2));
    var input = new Input(5, 6, false, List.of(), List.of(run), bytes(1, 2));
    RunRows is = ((Input) throughTheWire(input)).runs().getFirst();
    assertEquals(new LogitsWanted.States(2), is.wanted());
    float[] values = {1.5f, -0f, Float.MIN_VALUE, -9};
    var sent = new Logits(2, 3, 0, 4, new LogitsPart.States(2, values));
    var got = (LogitsPart.States) ((Logits) throughTheWire(sent)).part();
    assertEquals(2, got.count());
    assertArrayEquals(values, got.values());
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

  @Test
  void shouldCarryUnadjustedLogits() throws Exception {
    long[] sums = new long[TokenWeights.BINS];
    sums[7] = 5;
    var largest = new Candidates(2, new int[] {4, 2}, new float[] {3, 1}, 9, sums);
    var sent = new Logits(2, 3, 1, 4, new Unadjusted(-2.5f, largest));
    Unadjusted got = (Unadjusted) ((Logits) throughTheWire(sent)).part();
    assertEquals(-2.5f, got.logit());
    assertEquals(2, got.largest().size());
    assertArrayEquals(largest.tokens(), got.largest().tokens());
    assertArrayEquals(largest.logits(), got.largest().logits());
    assertArrayEquals(sums, got.largest().sums());
  }

  @Test
  void shouldCarryQuestions() throws Exception {
    for (LogitsQuestion sent :
        List.of(
            new LogitsQuestion.Everything(),
            new LogitsQuestion.Walk(3, 0.5f, 0.25f, -9, 1e300, 0.125f),
            new LogitsQuestion.Unadjusted(128_255, 20))) {
      assertEquals(sent, question(sent));
    }
    for (BitSet allowed :
        new BitSet[] {
          null, new BitSet(), BitSet.valueOf(new long[] {5, 0, -1}), BitSet.valueOf(new long[9])
        }) {
      for (Adjustments adjustments : List.of(Adjustments.NONE, adjustments())) {
        var sent = new Adjusted(new LogitsWanted.Draw(0.5f), adjustments, allowed);
        Adjusted got = (Adjusted) question(sent);
        assertEquals(sent.wanted(), got.wanted());
        assertSame(adjustments, got.adjustments());
        assertEquals(allowed, got.allowed());
      }
    }
  }

  private static LogitsQuestion question(LogitsQuestion asked) throws NotSerializableException {
    var got = (Question) throughTheWire(new Question(2, 3, 4, asked));
    assertEquals(2, got.epoch());
    assertEquals(3, got.step());
    assertEquals(4, got.run());
    return got.question();
  }

  private static Adjustments adjustments() {
    return new Adjustments(
        new int[] {0, 7, 128_255}, new float[] {1, 1.1f, 0.5f}, new float[] {-100, 0, 2});
  }

  private static void assertSame(Adjustments expected, Adjustments actual) {
    assertArrayEquals(expected.tokens(), actual.tokens());
    assertArrayEquals(expected.factors(), actual.factors());
    assertArrayEquals(expected.addends(), actual.addends());
  }

  /// Unknown kinds, counts that the frame has no room for, what is wanted of several tokens or of
  /// none, more of the largest than may be asked for.
  @Test
  void shouldRefuseQuestionsThatMakeNoSense() {
    for (int kind : new int[] {-1, 0, 5, 127}) {
      refused(frame().put(20, (byte) kind), "Q");
    }
    int counts = 26; // behind kind and what is wanted
    for (int count : new int[] {-1, 3, Adjustments.MAX + 1, Integer.MAX_VALUE}) {
      refused(adjusted().putInt(counts, count), "Q");
    }
    for (int words : new int[] {-2, 4, Integer.MAX_VALUE}) {
      refused(adjusted().putInt(counts + 4, words), "Q");
    }
    refused(adjusted().put(21, (byte) 0), "Q");
    refused(adjusted().put(21, (byte) 2).putInt(22, 2), "Q");
    refused(adjusted().put(21, (byte) 9), "Q");
    for (int[] unadjusted : new int[][] {{-1, 1}, {1, 0}, {1, 21}, {1, -1}}) {
      ByteBuffer frame = frame().put(20, (byte) 4);
      refused(frame.putInt(21, unadjusted[0]).putInt(25, unadjusted[1]), "Q");
    }
    refused(ByteBuffer.allocate(19), "Q", BufferUnderflowException.class);
    refused(frame().put(20, (byte) 2).limit(30), "Q", BufferUnderflowException.class);
  }

  /// Tokens out of order, factors and addends that are none; in a run more than it has room for.
  @Test
  void shouldRefuseAdjustmentsThatMakeNoSense() {
    int first = 30;
    for (float factor : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
      refused(adjusted().putInt(26, 1).putFloat(first + 4, factor), "Q");
    }
    for (float addend : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
      refused(adjusted().putInt(26, 1).putFloat(first + 4, 1).putFloat(first + 8, addend), "Q");
    }
    ByteBuffer twice = adjusted().putInt(26, 2).putFloat(first + 4, 1).putFloat(first + 16, 1);
    refused(twice, "Q");
    refused(adjusted().putInt(26, 1).putInt(first, -1).putFloat(first + 4, 1), "Q");
    int ofRun = 37; // in front of what is wanted of the only run
    for (int count : new int[] {-1, 6, Adjustments.MAX + 1, Integer.MAX_VALUE}) {
      ByteBuffer input = ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN);
      refused(input.putInt(21, 1).putInt(ofRun, count).put(41, (byte) 1), "I");
    }
  }

  private static ByteBuffer frame() {
    return ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
  }

  /// A question with adjustments and a mask, which has room for two of the one or three words.
  private static ByteBuffer adjusted() {
    return frame().put(20, (byte) 3).put(21, (byte) 2).putInt(22, 1).putInt(30, -1);
  }

  private static void refused(ByteBuffer frame, String manifest) {
    refused(frame, manifest, NotSerializableException.class);
  }

  private static void refused(
      ByteBuffer frame, String manifest, Class<? extends Exception> expected) {
    assertThrows(expected, () -> serializer.fromBinary(frame, manifest));
  }

  /// An unknown kind of logits, rows that nobody has room for, a temperature without meaning.
  @Test
  void shouldRefuseLogitsThatMakeNoSense() {
    for (byte[] wanted :
        new byte[][] {
          {9, 0, 0, 0, 0},
          {2, 17, 0, 0, 0},
          {2, 0, 0, 0, 0},
          {3, 0, 0, 0, 0},
          {6, 0, 0, 0, 0},
          {6, -1, -1, -1, -1},
          {6, 1, 0, 0, 0, 0, 0, 0, -128},
          {6, 20, 0, 0, 0}
        }) {
      ByteBuffer input = ByteBuffer.allocate(72).order(ByteOrder.LITTLE_ENDIAN);
      input.putInt(21, 1).put(53, wanted); // one run, without pages
      assertThrows(NotSerializableException.class, () -> serializer.fromBinary(input, "I"));
    }
    ByteBuffer logits = ByteBuffer.allocate(34).put(24, (byte) 77);
    assertThrows(NotSerializableException.class, () -> serializer.fromBinary(logits, "L"));
  }

  /// Counts of copies, runs, pages and windows that the frame has no room for.
  @Test
  void shouldRefuseRunsThatAreNotThere() {
    for (int at : new int[] {17, 21, 25, 29}) {
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
