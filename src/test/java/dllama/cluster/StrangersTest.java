package dllama.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.ActorSelection;
import akka.actor.Address;
import akka.actor.InternalActorRef;
import akka.actor.Kill;
import akka.actor.PoisonPill;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.ClusterEvent.MemberEvent;
import akka.cluster.ClusterEvent.MemberJoined;
import akka.cluster.ClusterEvent.MemberRemoved;
import akka.cluster.ClusterUserAction;
import akka.cluster.typed.Subscribe;
import akka.dispatch.sysmsg.Suspend;
import akka.dispatch.sysmsg.Terminate;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import dllama.Conformance;
import dllama.cluster.membership.NodeNames;
import dllama.cluster.wire.FrameBuffer;
import dllama.cluster.wire.MembersMessage;
import dllama.cluster.wire.NodeFigures;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RankWaits;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.StreamMessage;
import dllama.cluster.wire.TensorFrame;
import dllama.cluster.wire.TensorFrame.Input;
import dllama.cluster.wire.TensorFrame.Logits;
import dllama.cluster.wire.TensorFrame.Partial;
import dllama.cluster.wire.TensorFrame.Question;
import dllama.cluster.wire.TensorFrame.WeightChunk;
import dllama.cluster.wire.WorkerMessage;
import dllama.logits.LogitsPart.Rows;
import dllama.logits.LogitsQuestion;
import dllama.logits.LogitsWanted;
import dllama.tensor.DType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What a stranger who speaks the protocol can do to nodes that answer a question: nothing. Each
/// test ends with the right answer, from the same world as the others.
@Tag("slow")
class StrangersTest {
  private static final String CASE = "llama31_rope_f32";
  private static final List<String> ACTORS =
      List.of("user", "user/root", "user/root/members", "user/shard", "user/worker");
  private static final long GUESS = 1;

  private static TestCluster cluster;

  @BeforeAll
  static void start() {
    cluster = new TestCluster(CASE, DType.F32, 2, new Properties());
    cluster.await("ready: 2", 1);
    cluster.root().release();
  }

  /// Whatever strangers did: a worker that ends is noticed, and another one taken in.
  @AfterAll
  static void shouldFormAgainAfterwards() {
    cluster.workers.getFirst().close();
    cluster.await("lost: the worker at 127.0.0.1:", 1);
    cluster.startWorker();
    cluster.await("ready: 2", 2);
    assertTrue(cluster.count("stranger: refused: ") >= 1, cluster.events::toString);
    cluster.close();
  }

  @Test
  void shouldNotBeEndedByWhatIsNotForActors() {
    shouldAnswerDespite(
        stranger -> {
          for (String address : nodes()) {
            for (String actor : ACTORS) {
              stranger.tell(address, actor, PoisonPill.getInstance());
              stranger.tell(address, actor, Kill.getInstance());
              stranger.select(address, actor).tell(Kill.getInstance(), null);
              stranger.tell(address, actor, "text");
              stranger.tell(address, actor, new byte[10]);
              stranger.tell(
                  address, actor, new Question(GUESS, 0, 0, new LogitsQuestion.Everything()));
              stranger.tell(address, actor, new StreamMessage.Received(GUESS, 1));
            }
          }
        });
  }

  /// Sent one by one: the connection of who sends them ends.
  @Test
  void shouldNotTakeOrdersThatStopActors() {
    shouldAnswerDespite(
        stranger -> {
          for (String address : nodes()) {
            for (String actor : ACTORS) {
              var ref = (InternalActorRef) Adapter.toClassic(stranger.at(address, actor));
              ref.sendSystemMessage(new Suspend());
              ref.sendSystemMessage(new Terminate());
            }
          }
        });
  }

  @Test
  void shouldNotTakeOrdersForTheCluster() {
    shouldAnswerDespite(
        stranger -> {
          for (String address : nodes()) {
            ActorSelection daemon = stranger.select(address, "system/cluster/core/daemon");
            for (String other : nodes()) {
              daemon.tell(new ClusterUserAction.Down(akka(other)), null);
              daemon.tell(new ClusterUserAction.Leave(akka(other)), null);
            }
          }
        });
  }

  @Test
  void shouldNotBelieveWhatIsSaidInTheNameOfOthers() {
    shouldAnswerDespite(
        stranger -> {
          ActorRef<Object> members = stranger.at(root(), "user/root/members");
          ActorRef<WorkerMessage> worker = stranger.at(worker(), "user/worker").unsafeUpcast();
          ActorRef<RankMessage> wrong = stranger.at(worker(), "user/nobody").unsafeUpcast();
          members.tell(new MembersMessage.Goodbye(worker(), GUESS));
          members.tell(
              new MembersMessage.Hello(
                  worker(), GUESS, GUESS, worker, wrong, List.of(), List.of(), 1));
          members.tell(
              new MembersMessage.Alive(
                  worker(), GUESS, worker, NodeFigures.NONE, new RankWaits(GUESS, 9, List.of(9L))));
          members.tell(new MembersMessage.Pong(worker(), GUESS, 1));
          worker.unsafeUpcast().tell(new WorkerMessage.Key(GUESS, GUESS));
          worker.unsafeUpcast().tell(new WorkerMessage.Stranger(GUESS));
          worker.unsafeUpcast().tell(new WorkerMessage.RootEnded(GUESS));
          ActorRef<Object> root = stranger.at(root(), "user/root");
          root.tell(new RootMessage.ShardFailed(GUESS, 1, "a stranger says so"));
          root.tell(new RootMessage.ShardRefused(GUESS, 1, "a stranger says so"));
          for (String address : nodes()) {
            stranger.tell(address, "user/shard", new RankMessage.Dissolve(GUESS, "so it is"));
          }
        });
  }

  @Test
  void shouldNotUseFramesOfStrangers() {
    shouldAnswerDespite(
        stranger -> {
          FrameBuffer bytes = new FrameBuffer(256).withLength(256);
          var run = new TensorFrame.RunRows(new int[1], 0, 1, new LogitsWanted.All());
          for (int number = 0; number < 40; number++) {
            for (int rank = 0; rank < 2; rank++) {
              for (String address : nodes()) {
                ActorRef<Object> shard = stranger.at(address, "user/shard");
                shard.tell(new Partial(GUESS, number, rank, bytes));
                shard.tell(new Input(GUESS, number, false, List.of(), List.of(run), bytes));
                shard.tell(new WeightChunk(GUESS, 0, bytes));
              }
              float[] logits = new float[256];
              logits[7] = 1e9f;
              stranger.tell(
                  root(), "user/root", new Logits(GUESS, number, rank, 0, new Rows(logits)));
            }
          }
        });
  }

  @Test
  void shouldNotBeTakenIn() throws Exception {
    shouldAnswerDespite(stranger -> assigned(stranger, nodes()));
  }

  private static void assigned(Stranger stranger, List<String> addresses) {
    ObjectNode assign = CBOR.createObjectNode().put("key", 0);
    for (String address : addresses) {
      stranger.tell(address, "user/shard", raw(RankMessage.Assign.class, assign));
    }
  }

  /// What can not be made by this program's own classes.
  @Test
  void shouldRefuseMessagesThatMakeNoSense() {
    shouldAnswerDespite(
        stranger -> {
          ObjectNode hello = CBOR.createObjectNode().put("address", worker());
          String members = "user/root/members";
          stranger.tell(root(), members, raw(MembersMessage.Hello.class, hello));
          hello.put("nonce", 1).put("key", 1).putNull("worker").putNull("shard");
          hello.putArray("held");
          hello.putArray("cached").addNull();
          stranger.tell(root(), members, raw(MembersMessage.Hello.class, hello));
          ObjectNode alive = CBOR.createObjectNode().putNull("address").put("key", 1);
          stranger.tell(root(), members, raw(MembersMessage.Alive.class, alive));
          alive.put("address", worker()).putNull("worker");
          alive.putObject("waits").put("epoch", 1).put("stepNanos", -1).putArray("nanos");
          alive.putObject("figures").put("memoryTotal", 1L << 60).put("load", Double.NaN);
          stranger.tell(root(), members, raw(MembersMessage.Alive.class, alive));
          alive.putNull("address");
          stranger.tell(root(), members, raw(MembersMessage.Goodbye.class, alive));
          ObjectNode failed = CBOR.createObjectNode().put("epoch", 1).put("rank", 1).putNull("why");
          stranger.tell(root(), "user/root", raw(RootMessage.ShardFailed.class, failed));
          stranger.tell(root(), "user/root", new Stranger.Raw("java.lang.Runtime", new byte[9]));
          stranger.tell(
              root(), "user/root", new Stranger.Raw(RootMessage.Stepped.class.getName(), bomb()));
          assertEquals(0, cluster.count("lost"));
        });
  }

  private static final CBORMapper CBOR = new CBORMapper();

  private static Stranger.Raw raw(Class<?> type, JsonNode fields) {
    try {
      return new Stranger.Raw(type.getName(), CBOR.writeValueAsBytes(fields));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /// A gigabyte, packed.
  private static byte[] bomb() {
    var bytes = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(bytes)) {
      for (int i = 0; i < 1024; i++) {
        out.write(new byte[1 << 20]);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return bytes.toByteArray();
  }

  /// A member of the cluster that says it is the root gets no worker, and is taken out again.
  @Test
  void shouldNotFollowAnotherRoot() {
    Queue<MemberEvent> events = new ConcurrentLinkedQueue<>();
    watchMembers(events);
    try (Stranger other = new Stranger(root(), NodeNames.ROOT)) {
      shouldAnswerDespite(_ -> {});
      cluster.await(Duration.ofSeconds(30), () -> has(events, MemberJoined.class, other));
      cluster.await(Duration.ofSeconds(30), () -> has(events, MemberRemoved.class, other));
    }
    shouldAnswerDespite(_ -> {});
  }

  /// As the root's own cluster sees them: who is taken out at once may never hear of it.
  private static void watchMembers(Queue<MemberEvent> events) {
    Behavior<MemberEvent> keeper =
        Behaviors.receiveMessage(
            event -> {
              events.add(event);
              return Behaviors.same();
            });
    ActorSystem<?> system = cluster.root().system();
    ActorRef<MemberEvent> watcher = system.systemActorOf(keeper, "watcher", Props.empty());
    akka.cluster.typed.Cluster.get(system)
        .subscriptions()
        .tell(Subscribe.create(watcher, MemberEvent.class));
  }

  private static boolean has(
      Queue<MemberEvent> events, Class<? extends MemberEvent> kind, Stranger of) {
    return events.stream()
        .filter(kind::isInstance)
        .anyMatch(event -> NodeNames.address(event.member().address()).equals(of.address()));
  }

  @Test
  void shouldEndConnectionsWithFramesThatNobodySends() throws IOException {
    for (int length : new int[] {0x7fffffff, 0x70000000, -1, 0, (2 << 20) + 1}) {
      for (String address : nodes()) {
        String[] parts = address.split(":");
        try (Socket socket = new Socket(parts[0], Integer.parseInt(parts[1]))) {
          socket.setSoTimeout(20_000);
          byte[] bytes = new byte[1009];
          ByteBuffer.wrap(bytes)
              .order(ByteOrder.LITTLE_ENDIAN)
              .put("AKKA\2".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
              .putInt(length);
          socket.getOutputStream().write(bytes);
          assertEquals(-1, end(socket), address);
        }
      }
    }
    shouldAnswerDespite(_ -> {});
  }

  private static int end(Socket socket) {
    try {
      return socket.getInputStream().read();
    } catch (java.net.SocketTimeoutException e) {
      return 0;
    } catch (IOException e) {
      return -1; // reset: as good as closed
    }
  }

  private interface Deed {
    void on(Stranger stranger);
  }

  /// The answer, while a stranger does something over and over.
  private static void shouldAnswerDespite(Deed deed) {
    JsonNode prompt = Conformance.golden(CASE).get("prompts").get(0);
    int[] expected = Conformance.ints(prompt.get("generated"));
    var done = new AtomicBoolean();
    try (Stranger stranger = new Stranger(root(), "")) {
      deed.on(stranger);
      pause(300); // they have met by then
      var deeds =
          CompletableFuture.runAsync(
              () -> {
                while (!done.get()) {
                  deed.on(stranger);
                  pause(20);
                }
              });
      for (int i = 0; i < 3; i++) {
        int[] actual =
            TestCluster.greedy(
                cluster.forwardPass(),
                Conformance.ints(prompt.get("prompt_tokens")),
                expected.length,
                3);
        assertArrayEquals(expected, actual);
      }
      done.set(true);
      deeds.orTimeout(20, TimeUnit.SECONDS).join();
    }
    assertEquals(0, cluster.count("lost"), cluster.events::toString);
    assertEquals(0, cluster.count("ended"), cluster.events::toString);
    assertEquals(1, cluster.count("forming"), cluster.events::toString);
  }

  private static void pause(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> nodes() {
    return List.of(root(), worker());
  }

  private static String root() {
    return cluster.root().address();
  }

  private static String worker() {
    String event = cluster.events.stream().filter(e -> e.startsWith("joined: ")).findFirst().get();
    return event.substring("joined: ".length());
  }

  private static Address akka(String address) {
    String[] parts = address.split(":");
    return new Address("akka", "dllama", parts[0], Integer.parseInt(parts[1]));
  }
}
