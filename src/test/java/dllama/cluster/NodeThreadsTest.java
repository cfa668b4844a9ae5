package dllama.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.ActorCell;
import akka.actor.ActorRef;
import akka.actor.ActorRefWithCell;
import akka.actor.typed.ActorSystem;
import akka.io.Dns;
import akka.io.dns.DnsProtocol;
import akka.pattern.Patterns;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import akka.stream.javadsl.Tcp;
import akka.util.ByteString;
import dllama.cluster.loop.ExchangeDispatcher;
import dllama.settings.Settings;
import dllama.settings.Settings.Option;
import dllama.tensor.DType;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What runs on the threads of the exchange, which compute threads lend theirs to: Artery alone.
@Tag("slow")
class NodeThreadsTest {
  private static TestCluster cluster;
  private static ActorSystem<?> system;

  @BeforeAll
  static void start() {
    cluster = new TestCluster("llama31_rope_f32", DType.F32, 2, ThreadSpy.properties());
    cluster.await("ready: 2", 1);
    system = cluster.root().system();
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @Test
  void shouldRunArteryOnTheExchange() {
    TestCluster.greedy(cluster.forwardPass(), new int[] {1, 2, 3}, 4, 3);
    Set<String> threads = ThreadSpy.threads();
    assertTrue(threads.stream().anyMatch(NodeThreadsTest::isExchange), threads::toString);
    assertTrue(
        threads.stream().allMatch(name -> isExchange(name) || name.equals("compute-0")),
        threads::toString); // a compute thread runs the exchange while it waits
  }

  @Test
  void shouldRunOtherStreamsElsewhere() throws Exception {
    String thread =
        await(
            Source.single(1)
                .map(_ -> Thread.currentThread().getName())
                .runWith(Sink.head(), system));
    assertFalse(isExchange(thread) || thread.startsWith("compute"), thread);
  }

  @Test
  void shouldResolveNamesElsewhere() throws Exception {
    ActorRef dns = Dns.get(system.classicSystem()).manager();
    await(Patterns.ask(dns, DnsProtocol.resolve("127.0.0.1"), Duration.ofSeconds(10)));
    var cell = (ActorCell) ((ActorRefWithCell) dns).underlying();
    String dispatcher = cell.dispatcher().id();
    assertFalse(dispatcher.equals(ExchangeDispatcher.ID), dispatcher);
  }

  @Test
  void shouldServeUsersFromASystemOfItsOwn() throws Exception {
    Settings settings =
        Settings.load(
            Optional.empty(), new Properties(), List.of(new Option("--role", "role", "root")));
    ActorSystem<Void> service = ServiceSystem.start("service", settings.akka());
    try {
      Set<String> threads = ConcurrentHashMap.newKeySet();
      InetSocketAddress address =
          await(
                  Tcp.get(service)
                      .bind("127.0.0.1", 0)
                      .to(
                          Sink.foreach(
                              connection ->
                                  connection.handleWith(
                                      Flow.of(ByteString.class)
                                          .map(
                                              bytes -> {
                                                threads.add(Thread.currentThread().getName());
                                                return bytes;
                                              }),
                                      service)))
                      .run(service))
              .localAddress();
      // Neither is this a frame, nor is the port a node's.
      byte[] request = "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
      assertArrayEquals(request, echo(address, request));
      assertTrue(threads.stream().allMatch(name -> name.startsWith("service-")), threads::toString);
      assertFalse(threads.stream().anyMatch(NodeThreadsTest::isExchange), threads::toString);
    } finally {
      NodeSystem.stop(service);
    }
  }

  private static byte[] echo(InetSocketAddress address, byte[] request) throws IOException {
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(request);
      return socket.getInputStream().readNBytes(request.length);
    }
  }

  private static boolean isExchange(String thread) {
    return thread.contains(ExchangeDispatcher.ID);
  }

  private static <T> T await(CompletionStage<T> answer) throws Exception {
    return answer.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }
}
