package dllama.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.cluster.wire.FrameBuffer;
import dllama.cluster.wire.MembersMessage;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.SliceOrigin;
import dllama.cluster.wire.TensorFrame;
import dllama.cluster.wire.TensorFrame.Input;
import dllama.cluster.wire.TensorFrame.Logits;
import dllama.cluster.wire.TensorFrame.Partial;
import dllama.cluster.wire.TensorFrame.Question;
import dllama.cluster.wire.TensorFrame.WeightChunk;
import dllama.key.NodeKeys;
import dllama.logits.LogitsPart.Best;
import dllama.logits.LogitsPart.Candidates;
import dllama.logits.LogitsPart.Rows;
import dllama.logits.LogitsQuestion;
import dllama.logits.LogitsWanted;
import dllama.logits.TokenWeights;
import dllama.settings.Settings;
import dllama.settings.Settings.Option;
import dllama.step.ForwardException;
import dllama.step.OneSequence;
import dllama.tensor.DType;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Messages, over the network, that no node of the world would send: late ones of another epoch,
/// those of ranks that do not exist, and those of the wrong length.
@Tag("slow")
class ForeignMessagesTest {
  private static final LogitsQuestion EVERYTHING = new LogitsQuestion.Everything();

  private static final String CASE = "llama31_rope_f32";
  private TestCluster cluster;
  private long epoch;
  private ActorSystem<Void> stranger;

  @BeforeEach
  void start() {
    cluster = new TestCluster(CASE, DType.F32, 2, EpochSpy.properties());
    cluster.await("ready: 2", 1);
    epoch = EpochSpy.epoch();
    Settings settings =
        Settings.load(
            Optional.empty(),
            new Properties(),
            List.of(
                new Option("--role", "role", "worker"),
                new Option("--seed-node", "seed-nodes", List.of(cluster.root().address()))));
    stranger =
        NodeSystem.start(
            Behaviors.<Void>empty(),
            settings.cluster(),
            settings.akka(),
            NodeKeys.none(),
            NodeSystem.exchange(settings.cluster()),
            "stranger",
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            () -> false);
  }

  @AfterEach
  void stop() {
    NodeSystem.stop(stranger);
    cluster.close();
  }

  @Test
  void shouldDropWhatDoesNotBelongToTheStep() {
    JsonNode prompt = Conformance.golden(CASE).get("prompts").get(0);
    int[] expected = Conformance.ints(prompt.get("generated"));
    var done = new AtomicBoolean();
    var messages =
        CompletableFuture.runAsync(
            () -> {
              for (long number = 0; !done.get(); number++) {
                tellShards(number % 300);
                tellRoot(number % expected.length);
                pause(2);
              }
            });
    int[] actual =
        TestCluster.greedy(
            cluster.forwardPass(),
            Conformance.ints(prompt.get("prompt_tokens")),
            expected.length,
            3);
    done.set(true);
    messages.join();
    assertArrayEquals(expected, actual);
    assertEquals(0, cluster.count("lost"), cluster.events::toString);
    assertEquals(1, cluster.count("forming"), cluster.events::toString);
  }

  private void tellShards(long sync) {
    for (String address : List.of(cluster.root().address(), workerAddress())) {
      ActorRef<RankMessage> shard = resolve(address, "shard");
      FrameBuffer bytes = new FrameBuffer(256).withLength(256);
      var run = new TensorFrame.RunRows(new int[1], 0, 1, new LogitsWanted.All());
      for (long other : new long[] {-1, 0, epoch + 1}) {
        shard.tell(new Partial(other, sync, 0, bytes));
        shard.tell(new Partial(other, sync, 1, bytes));
        shard.tell(new Input(other, sync, false, List.of(), List.of(run), bytes));
        shard.tell(new WeightChunk(other, 0, bytes));
        shard.tell(new Question(other, sync, 0, EVERYTHING));
        shard.tell(new RankMessage.Dissolve(other, "a stranger says so"));
      }
      for (int rank : new int[] {-1, 2, Integer.MAX_VALUE}) {
        shard.tell(new Partial(epoch, sync, rank, bytes));
      }
      shard.tell(new Question(epoch, sync + 1000, 0, EVERYTHING));
      shard.tell(new Question(epoch, sync, -1, EVERYTHING));
      shard.tell(new Question(epoch, sync, 1, EVERYTHING));
      shard.tell(new Partial(epoch, sync - 1000, 1, bytes));
      shard.tell(new Partial(epoch, sync + 1000, 1, bytes));
    }
  }

  private void tellRoot(long step) {
    ActorRef<RootMessage> root = resolve(cluster.root().address(), "root");
    for (long other : new long[] {-1, 0, epoch + 1}) {
      root.tell(new RootMessage.ShardFailed(other, 1, "a stranger says so"));
      root.tell(new RootMessage.ShardRefused(other, 1, "a stranger says so"));
      root.tell(new Logits(other, step, 1, 0, new Rows(new float[256])));
      root.tell(new RootMessage.Stepped(other, 0, step, 0));
    }
    for (int rank : new int[] {-1, 2, Integer.MAX_VALUE}) {
      root.tell(new RootMessage.ShardFailed(epoch, rank, "a stranger says so"));
      root.tell(new RootMessage.ShardReady(epoch, rank, SliceOrigin.MODEL));
      root.tell(new RootMessage.SliceWanted(epoch, rank));
      root.tell(new Logits(epoch, step, rank, 0, new Rows(new float[256])));
    }
    root.tell(new Logits(epoch, step, 1, 0, new Rows(new float[7])));
    int[] foreign = {Integer.MAX_VALUE};
    root.tell(new Logits(epoch, step, 1, 0, new Best(1, foreign, new float[1])));
    root.tell(
        new Logits(
            epoch,
            step,
            1,
            0,
            new Candidates(1, foreign, new float[1], 0, new long[TokenWeights.BINS])));
    root.tell(new Logits(epoch, step + 1000, 1, 0, new Rows(new float[256])));
    root.tell(new RootMessage.Stepped(epoch, 0, step + 1000, 0));
    root.tell(new RootMessage.ShardReady(epoch, 1, SliceOrigin.MODEL));
    root.tell(new RootMessage.SliceWanted(epoch, 1)); // it is loaded already
    ActorRef<MembersMessage> members = resolve(cluster.root().address(), "root/members");
    members.tell(
        new MembersMessage.Hello(
            "127.0.0.1:1",
            0,
            0,
            stranger.ignoreRef(),
            stranger.ignoreRef(),
            List.of(),
            List.of(),
            1));
  }

  @Test
  void shouldEndTheStepWithALineAboutAPartialOfTheWrongLength() {
    ActorRef<RankMessage> shard = resolve(cluster.root().address(), "shard");
    shard.tell(new Partial(epoch, 0, 1, new FrameBuffer(12).withLength(12)));
    pause(1000); // longer than the worker's own partial takes, which would be too late then
    var sequence = new OneSequence(cluster.forwardPass());
    int[] tokens = {1, 2, 3};
    var failure = assertThrows(ForwardException.class, () -> sequence.feed(tokens, 0));
    assertEquals(
        "the worker at %s sent a partial of 12 bytes in place of %d"
            .formatted(workerAddress(), 3 * 64 * Float.BYTES),
        failure.getMessage());
    cluster.await("joined: ", 2); // it was expelled
    cluster.root().release(); // the world grows between answers
    cluster.await("ready: 2", 2);
    sequence.feed(tokens, 0);
  }

  private static void pause(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private String workerAddress() {
    String event = cluster.events.stream().filter(e -> e.startsWith("joined: ")).findFirst().get();
    assertTrue(event.contains("127.0.0.1"), event);
    return event.substring("joined: ".length());
  }

  private <T> ActorRef<T> resolve(String address, String path) {
    return ActorRefResolver.get(stranger)
        .resolveActorRef("akka://dllama@%s/user/%s".formatted(address, path));
  }
}
