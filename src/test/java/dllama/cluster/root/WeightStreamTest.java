package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import dllama.Conformance;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RankMessage.SendTo;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.StreamMessage;
import dllama.cluster.wire.StreamMessage.Received;
import dllama.cluster.wire.TensorFrame.WeightChunk;
import dllama.format.dllama.DllamaFile;
import dllama.model.ModelSource;
import dllama.settings.ClusterSettings.Cache;
import dllama.settings.ClusterSettings.Weights;
import dllama.slice.ShardPlan;
import dllama.slice.SliceLayout;
import dllama.slice.SliceReader;
import dllama.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WeightStreamTest {
  private static final int EPOCH = 4;
  private static final int CHUNK = 3_000;
  private static final int WINDOW = 5;
  private static final Cache NO_CACHE =
      new Cache(false, OptionalLong.empty(), Optional.empty(), Optional.empty());

  private static ActorTestKit testKit;
  private static ManualTime time;
  private static DllamaFile file;
  private static SliceLayout layout;

  private TestProbe<RankMessage> shard;
  private TestProbe<RootMessage> root;
  private ActorRef<StreamMessage> stream;

  @BeforeAll
  static void start() {
    testKit = ActorTestKit.create(ManualTime.config());
    time = ManualTime.get(testKit.system());
    file = DllamaFile.open(Conformance.file("llama_gqa_q40", "model.m"));
    layout = new SliceLayout(new ShardPlan(file.spec(), DType.Q8_0, 2), 1);
  }

  @AfterAll
  static void stop() {
    testKit.shutdownTestKit();
    file.close();
  }

  @BeforeEach
  void startStream() {
    shard = testKit.createTestProbe(RankMessage.class);
    root = testKit.createTestProbe(RootMessage.class);
    stream =
        testKit.spawn(
            WeightStream.create(
                reader(),
                layout,
                EPOCH,
                new Weights(CHUNK, WINDOW, 1L << 40, NO_CACHE, false, 0),
                WeightStream.Pace.FREE,
                shard.getRef(),
                root.getRef()));
  }

  @AfterEach
  void stopStream() {
    testKit.stop(stream);
  }

  private static SliceReader reader() {
    return new SliceReader(layout, new ModelSource.Weights(file.spec(), file.weights()));
  }

  @Test
  void shouldSendTheSliceByteForByteAndNeverMoreThanTheWindow() {
    assertEquals(4, shard.expectMessageClass(SendTo.class).acknowledgeEvery());
    long total = layout.totalBytes();
    assertTrue(total > 3L * WINDOW * CHUNK, "total=" + total);
    byte[] got = new byte[Math.toIntExact(total)];
    long arrived = 0;
    while (arrived < total) {
      for (int chunk = 0; chunk < WINDOW && arrived < total; chunk++) {
        WeightChunk next = shard.expectMessageClass(WeightChunk.class);
        assertEquals(arrived, next.offset());
        System.arraycopy(
            next.bytes().bytes(), 0, got, Math.toIntExact(arrived), next.bytes().length());
        arrived += next.bytes().length();
      }
      shard.expectNoMessage();
      stream.tell(new Received(EPOCH, arrived));
      var loading = root.expectMessageClass(RootMessage.Loading.class);
      assertEquals(new RootMessage.Loading(EPOCH, 1, arrived, total), loading);
    }
    root.expectTerminated(stream);
    MemorySegment expected = MemorySegment.ofArray(new byte[Math.toIntExact(total)]);
    reader().read(0, expected);
    assertEquals(-1, expected.mismatch(MemorySegment.ofArray(got)));
  }

  @Test
  void shouldWaitAsItsPaceSaysAndNotTakeThatForAStall() {
    AtomicLong wait = new AtomicLong(Duration.ofMillis(100).toNanos());
    TestProbe<RankMessage> to = testKit.createTestProbe(RankMessage.class);
    TestProbe<RootMessage> from = testKit.createTestProbe(RootMessage.class);
    ActorRef<StreamMessage> paced =
        testKit.spawn(
            WeightStream.create(
                reader(),
                layout,
                EPOCH,
                new Weights(CHUNK, WINDOW, 1L << 40, NO_CACHE, false, 0),
                _ -> wait.get(),
                to.getRef(),
                from.getRef()));
    to.expectMessageClass(SendTo.class);
    time.timePasses(Duration.ofMinutes(5));
    to.expectNoMessage();
    from.expectNoMessage();
    wait.set(0);
    time.timePasses(Duration.ofMillis(100));
    for (int chunk = 0; chunk < WINDOW; chunk++) {
      assertEquals((long) chunk * CHUNK, to.expectMessageClass(WeightChunk.class).offset());
    }
    wait.set(Duration.ofMillis(100).toNanos());
    time.timePasses(Duration.ofSeconds(29));
    paced.tell(new Received(EPOCH, (long) WINDOW * CHUNK));
    from.expectMessageClass(RootMessage.Loading.class);
    time.timePasses(Duration.ofMinutes(5));
    to.expectNoMessage();
    wait.set(0);
    time.timePasses(Duration.ofMillis(100));
    to.expectMessageClass(WeightChunk.class);
    time.timePasses(Duration.ofSeconds(31));
    from.expectMessageClass(RootMessage.ShardFailed.class);
    from.expectTerminated(paced);
  }

  @Test
  void shouldGiveUpOnAWorkerThatAcknowledgesNothing() {
    time.timePasses(Duration.ofSeconds(29));
    stream.tell(new Received(EPOCH, CHUNK));
    root.expectMessageClass(RootMessage.Loading.class);
    time.timePasses(Duration.ofSeconds(29));
    root.expectNoMessage();
    time.timePasses(Duration.ofSeconds(1));
    assertEquals(
        new RootMessage.ShardFailed(EPOCH, 1, "took no weights for 30 s"),
        root.expectMessageClass(RootMessage.ShardFailed.class));
    root.expectTerminated(stream);
  }

  @Test
  void shouldIgnoreAcknowledgementsThatCanNotBe() {
    stream.tell(new Received(EPOCH - 1, CHUNK));
    stream.tell(new Received(EPOCH, -1));
    stream.tell(new Received(EPOCH, Long.MAX_VALUE));
    root.expectNoMessage();
  }
}
