package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.Behaviors;
import dllama.Conformance;
import dllama.cluster.LossyChannel;
import dllama.cluster.LossyChannel.Fate;
import dllama.cluster.loop.ExchangeDispatcher;
import dllama.cluster.rank.LayerShard;
import dllama.cluster.rank.NodeMachine;
import dllama.cluster.rank.WorkerListener;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.FramePool;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RankMessage.Assign;
import dllama.cluster.wire.RankMessage.SendTo;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.RootMessage.ShardFailed;
import dllama.cluster.wire.RootMessage.ShardReady;
import dllama.cluster.wire.RootMessage.SliceWanted;
import dllama.cluster.wire.SliceSource;
import dllama.cluster.wire.StreamMessage;
import dllama.cluster.wire.StreamMessage.Received;
import dllama.cluster.wire.TensorFrame.WeightChunk;
import dllama.cluster.wire.WorldSpec;
import dllama.engine.EngineSettings;
import dllama.format.dllama.DllamaFile;
import dllama.model.ModelSource;
import dllama.settings.ClusterSettings.Cache;
import dllama.settings.ClusterSettings.Weights;
import dllama.settings.CollectiveType;
import dllama.settings.Overlap;
import dllama.settings.Settings;
import dllama.settings.Settings.Option;
import dllama.slice.ShardPlan;
import dllama.slice.SliceCache;
import dllama.slice.SliceReader;
import dllama.tensor.DType;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// How a rank gets its slice, shard and stream as they are, over a way that loses, doubles, delays
/// and reorders what they say: it is ready in the end, or has failed for a reason and in time.
class SliceProtocolTest {
  private static final long EPOCH = 4;
  private static final long KEY = 6;
  private static final int CHUNK = 3_000;
  private static final Duration REPEAT = Duration.ofSeconds(5);

  /// In which the slowest deadline fires, 30 s without an acknowledgement, after what is late.
  private static final int REPEATS = 14;

  private static final Weights WEIGHTS =
      new Weights(
          CHUNK,
          5,
          1L << 40,
          new Cache(false, OptionalLong.empty(), Optional.empty(), Optional.empty()),
          false,
          1L << 40);

  private static ActorTestKit testKit;
  private static ManualTime time;
  private static DllamaFile file;
  private static NodeMachine machine;
  private static WorldSpec world;
  private static int runs;

  /// Of another model each time, or the slice would be there.
  private final Assignment assignment =
      new Assignment(EPOCH, 1, world, SliceSource.file("run " + runs++, false));

  private final BlockingQueue<RootMessage> results = new LinkedBlockingQueue<>();
  private boolean sending;

  @BeforeAll
  static void start() {
    testKit = ActorTestKit.create(ManualTime.config());
    time = ManualTime.get(testKit.system());
    file = DllamaFile.open(Conformance.file("llama_gqa_q40", "model.m"));
    List<Option> options =
        List.of(
            new Option("-D", "vector-kernels", "off"), new Option("-D", "weights.warm-up", "off"));
    Settings settings = Settings.load(Optional.empty(), new Properties(), options);
    machine = new NodeMachine(settings.cluster(), SliceCache.off(), WorkerListener.silent());
    world =
        new WorldSpec(
            new ShardPlan(file.spec(), DType.Q8_0, 2),
            new EngineSettings(DType.F32, 64, 8),
            CollectiveType.AUTO,
            Overlap.AUTO);
  }

  @AfterAll
  static void stop() {
    testKit.shutdownTestKit();
    machine.close();
    file.close();
  }

  static Stream<Object[]> cases() {
    String late = "took no weights for 30 s";
    String turn = "got weights out of turn, at byte ";
    return Stream.of(
        new Object[] {Assign.class, 0, Fate.LOST, ""},
        new Object[] {Assign.class, 0, Fate.TWICE, ""},
        new Object[] {Assign.class, 0, Fate.LATE, ""},
        new Object[] {Assign.class, 0, Fate.BEHIND, ""},
        new Object[] {SliceWanted.class, 0, Fate.LOST, ""},
        new Object[] {SliceWanted.class, 0, Fate.TWICE, ""},
        new Object[] {SliceWanted.class, 0, Fate.LATE, ""},
        new Object[] {SliceWanted.class, 0, Fate.BEHIND, ""},
        new Object[] {SendTo.class, 0, Fate.LOST, late},
        new Object[] {SendTo.class, 0, Fate.TWICE, ""},
        new Object[] {SendTo.class, 0, Fate.LATE, ""},
        new Object[] {SendTo.class, 0, Fate.BEHIND, ""},
        new Object[] {WeightChunk.class, 0, Fate.LOST, turn + CHUNK},
        new Object[] {WeightChunk.class, 0, Fate.TWICE, turn + 0},
        new Object[] {WeightChunk.class, 0, Fate.LATE, turn + CHUNK},
        new Object[] {WeightChunk.class, 0, Fate.BEHIND, turn + CHUNK},
        new Object[] {WeightChunk.class, 7, Fate.LOST, turn + 8 * CHUNK},
        new Object[] {WeightChunk.class, 7, Fate.TWICE, turn + 7 * CHUNK},
        new Object[] {Received.class, 0, Fate.LOST, late},
        new Object[] {Received.class, 0, Fate.TWICE, ""},
        new Object[] {Received.class, 0, Fate.LATE, ""},
        new Object[] {Received.class, 0, Fate.BEHIND, ""},
        new Object[] {Received.class, 2, Fate.TWICE, ""},
        new Object[] {ShardReady.class, 0, Fate.LOST, ""},
        new Object[] {ShardReady.class, 0, Fate.TWICE, ""},
        new Object[] {ShardReady.class, 0, Fate.LATE, ""},
        new Object[] {ShardReady.class, 0, Fate.BEHIND, ""});
  }

  /// @param why the rank fails; empty if it is ready
  @ParameterizedTest
  @MethodSource("cases")
  void shouldLoadOrFailInTime(Class<?> kind, int number, Fate fate, String why) throws Exception {
    int[] count = new int[1];
    load(message -> kind.isInstance(message) && count[0]++ == number ? fate : Fate.ARRIVES, why);
  }

  private void load(Function<Object, Fate> fates, String why) throws Exception {
    var wait = ExchangeDispatcher.choose(false, Duration.ZERO).computeWait(testKit.system());
    ActorRef<RankMessage> shard =
        testKit.spawn(LayerShard.create(machine.host(), wait, new FramePool(8), null));
    shard.tell(new RankMessage.Serve(KEY));
    ActorRef<RankMessage> down =
        testKit.spawn(
            LossyChannel.to(
                shard,
                fates::apply,
                message ->
                    message instanceof SendTo(long epoch, var stream, int every)
                        ? new SendTo(epoch, acknowledged(stream, fates), every)
                        : message));
    ActorRef<RootMessage> root =
        testKit.spawn(Behaviors.setup(context -> root(context.getSelf(), down)));
    ActorRef<RootMessage> up =
        testKit.spawn(LossyChannel.to(root, fates::apply, message -> message));
    TestProbe<RankMessage> other = testKit.createTestProbe(RankMessage.class);
    Assign assign = new Assign(KEY, assignment, List.of(other.getRef(), shard), up);
    down.tell(assign);
    RootMessage result = results.poll(1, TimeUnit.SECONDS);
    for (int i = 0; i < REPEATS && result == null; i++) {
      time.timePasses(REPEAT);
      down.tell(assign);
      result = results.poll(300, TimeUnit.MILLISECONDS);
    }
    switch (result) {
      case ShardReady ready -> assertEquals("", why, ready::toString);
      case ShardFailed failed -> assertEquals(why, failed.why());
      case null, default -> throw new AssertionError("neither ready nor failed: " + result);
    }
    if (why.isEmpty()) {
      assertLoaded();
    }
    testKit.stop(shard);
    testKit.stop(root);
  }

  private static ActorRef<StreamMessage> acknowledged(
      ActorRef<StreamMessage> stream, Function<Object, Fate> fates) {
    return testKit.spawn(LossyChannel.to(stream, fates::apply, message -> message));
  }

  /// What a coordinator does about a rank that loads.
  private akka.actor.typed.Behavior<RootMessage> root(
      ActorRef<RootMessage> self, ActorRef<RankMessage> shard) {
    return Behaviors.receiveMessage(
        message -> {
          switch (message) {
            case SliceWanted _ when !sending -> {
              sending = true;
              SliceReader reader =
                  new SliceReader(
                      assignment.layout(), new ModelSource.Weights(file.spec(), file.weights()));
              testKit.spawn(
                  WeightStream.create(
                      reader,
                      assignment.layout(),
                      EPOCH,
                      WEIGHTS,
                      WeightStream.Pace.FREE,
                      shard,
                      self));
            }
            case ShardReady ready -> results.add(ready);
            case ShardFailed failed -> results.add(failed);
            default -> {}
          }
          return Behaviors.same();
        });
  }

  private void assertLoaded() {
    assertTrue(machine.host().store().held().contains(assignment.sliceKey()));
  }
}
