package dllama.cluster.rank;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import dllama.Conformance;
import dllama.cluster.loop.ExchangeDispatcher;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.FrameBuffer;
import dllama.cluster.wire.FramePool;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.SliceSource;
import dllama.cluster.wire.StreamMessage;
import dllama.cluster.wire.TensorFrame.WeightChunk;
import dllama.cluster.wire.WorldSpec;
import dllama.engine.EngineSettings;
import dllama.format.dllama.DllamaFile;
import dllama.model.ModelSource;
import dllama.settings.CollectiveType;
import dllama.settings.Overlap;
import dllama.settings.Settings;
import dllama.settings.Settings.Option;
import dllama.slice.ShardPlan;
import dllama.slice.SliceCache;
import dllama.slice.SliceReader;
import dllama.tensor.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a worker does with slices that it is to fetch, whoever says so and whatever is sent.
class SliceFetchTest {
  private static final long KEY = 77;
  private static final SliceSource KEPT = SliceSource.file("f", true);

  @TempDir Path folder;

  private DllamaFile file;
  private ActorTestKit testKit;
  private TestProbe<RootMessage> root;
  private TestProbe<StreamMessage> stream;
  private NodeMachine machine;
  private ActorRef<RankMessage> shard;

  @BeforeEach
  void start() {
    file = DllamaFile.open(Conformance.file("llama_gqa_f32", "model.m"));
    start("1 GiB");
  }

  private void start(String memory) {
    Settings settings =
        Settings.load(
            Optional.empty(),
            new Properties(),
            List.of(
                new Option("-D", "vector-kernels", "off"),
                new Option("-D", "weights.warm-up", "off"),
                new Option("-D", "weights.memory-limit", memory)));
    var exchange = ExchangeDispatcher.choose(false, Duration.ZERO);
    testKit = ActorTestKit.create();
    SliceCache cache = SliceCache.open(folder, OptionalLong.of(1 << 20), _ -> {});
    machine = new NodeMachine(settings.cluster(), cache, WorkerListener.silent());
    root = testKit.createTestProbe(RootMessage.class);
    stream = testKit.createTestProbe(StreamMessage.class);
    shard =
        testKit.spawn(
            LayerShard.create(
                machine.host(), exchange.computeWait(testKit.system()), new FramePool(8), null));
    shard.tell(new RankMessage.Serve(KEY));
  }

  @AfterEach
  void stop() {
    testKit.shutdownTestKit();
    machine.close();
    file.close();
  }

  private Assignment part(long epoch, SliceSource source) {
    var world =
        new WorldSpec(
            new ShardPlan(file.spec(), DType.F32, 2),
            new EngineSettings(DType.F32, 64, 8),
            CollectiveType.AUTO,
            Overlap.AUTO);
    return new Assignment(epoch, 1, world, source);
  }

  private void fetch(Assignment part) {
    shard.tell(new RankMessage.Fetch(KEY, part, root.getRef()));
  }

  private byte[] slice(Assignment part) {
    byte[] bytes = new byte[Math.toIntExact(part.layout().totalBytes())];
    new SliceReader(part.layout(), new ModelSource.Weights(file.spec(), file.weights()))
        .read(0, MemorySegment.ofArray(bytes));
    return bytes;
  }

  private void send(long epoch, int offset, byte[] bytes, int length) {
    FrameBuffer buffer = new FrameBuffer(length).withLength(length);
    MemorySegment.copy(MemorySegment.ofArray(bytes), 0, buffer.segment(), 0, length);
    shard.tell(new WeightChunk(epoch, offset, buffer));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(path -> path.getFileName().toString()).toList();
    }
  }

  private void expectFetched(long epoch, boolean kept) {
    assertEquals(
        new RootMessage.Fetched(epoch, 1, kept),
        root.expectMessageClass(RootMessage.Fetched.class, Duration.ofMinutes(1)));
  }

  private void expectWanted(long epoch) {
    assertEquals(
        new RootMessage.SliceWanted(epoch, 1),
        root.expectMessageClass(RootMessage.SliceWanted.class, Duration.ofMinutes(1)));
  }

  @Test
  void shouldKeepWhatArrivesAndAcknowledgeIt() throws IOException {
    Assignment part = part(5, KEPT);
    byte[] slice = slice(part);
    fetch(part);
    expectWanted(5);
    shard.tell(new RankMessage.SendTo(5, stream.getRef(), 4));
    int half = slice.length / 2;
    send(5, 0, slice, half);
    assertEquals(
        new StreamMessage.Received(5, half),
        stream.expectMessageClass(StreamMessage.Received.class, Duration.ofMinutes(1)));
    send(6, half, slice, 1); // of another order
    byte[] rest = java.util.Arrays.copyOfRange(slice, half, slice.length);
    send(5, half, rest, rest.length);
    expectFetched(5, true);
    assertEquals(List.of(part.sliceKey() + ".slice"), names());
    try (Arena arena = Arena.ofShared();
        SliceCache cache = SliceCache.open(folder, OptionalLong.empty(), _ -> {})) {
      MemorySegment got = arena.allocate(slice.length, 64);
      assertTrue(cache.read(part.sliceKey(), got, machine.host().pool(), _ -> {}));
      assertEquals(-1, got.mismatch(MemorySegment.ofArray(slice)));
    }
    fetch(part(7, KEPT)); // the same slice
    expectFetched(7, true);
  }

  @Test
  void shouldLeaveNothingOfWhatCanNotBe() throws IOException {
    Assignment part = part(5, KEPT);
    byte[] slice = slice(part);
    fetch(part);
    expectWanted(5);
    send(5, 0, slice, 100);
    send(5, 101, slice, 100); // out of turn
    expectFetched(5, false);

    fetch(part(6, KEPT));
    expectWanted(6);
    byte[] more = java.util.Arrays.copyOf(slice, slice.length + 1);
    send(6, 0, more, more.length);
    expectFetched(6, false);

    fetch(part(8, KEPT));
    expectWanted(8);
    send(8, 0, slice, 100);
    fetch(part(9, KEPT)); // another order takes its place
    expectWanted(9);
    testKit.stop(shard);
    machine.host().store().arrival("0".repeat(64), 1 << 30, new Ended(root.getRef()));
    expectFetched(0, false); // what was to be deleted is by now
    assertEquals(List.of(), names());
  }

  /// Tells when the cache's thread comes to it.
  private record Ended(ActorRef<RootMessage> root) implements dllama.slice.SliceArrival.Listener {
    @Override
    public void wanted() {}

    @Override
    public void written(long bytes) {}

    @Override
    public void ended(boolean kept) {
      root.tell(new RootMessage.Fetched(0, 1, kept));
    }
  }

  @Test
  void shouldFetchOnlyForItsRootWhatItCouldLoadAndMayKeep() throws IOException {
    shard.tell(new RankMessage.Fetch(KEY + 1, part(4, KEPT), root.getRef()));
    root.expectNoMessage();
    fetch(part(5, SliceSource.file("f", false)));
    expectFetched(5, false);
    fetch(part(6, SliceSource.random("f", 1)));
    expectFetched(6, false);
    fetch(part(-7, KEPT)); // a rehearsal
    expectFetched(-7, false);
    stop();
    file = DllamaFile.open(Conformance.file("llama_gqa_f32", "model.m"));
    start("1 KiB");
    fetch(part(8, KEPT));
    expectFetched(8, false);
    assertEquals(List.of(), names());
  }
}
