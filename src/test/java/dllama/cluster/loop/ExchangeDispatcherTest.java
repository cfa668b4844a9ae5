package dllama.cluster.loop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Both ways of the exchange with real actor systems that talk over loopback.
@Timeout(180)
@Tag("slow")
class ExchangeDispatcherTest {
  private static final Duration STEP_TIMEOUT = Duration.ofSeconds(20);

  private static List<GatherNode> world(int worldSize, ExchangeDispatcher exchange) {
    List<GatherNode> nodes = new ArrayList<>();
    for (int rank = 0; rank < worldSize; rank++) {
      nodes.add(new GatherNode(rank, worldSize, exchange, 0));
    }
    List<Integer> ports = nodes.stream().map(GatherNode::port).toList();
    nodes.forEach(node -> node.connect(ports));
    return nodes;
  }

  private interface Work {
    void run(GatherNode node) throws Exception;
  }

  /// Runs `work` for each node on a thread of its own.
  private static void onAll(List<GatherNode> nodes, Work work) throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(nodes.size())) {
      List<Callable<Void>> calls = new ArrayList<>();
      for (GatherNode node : nodes) {
        calls.add(
            () -> {
              work.run(node);
              return null;
            });
      }
      for (Future<Void> call : threads.invokeAll(calls, 150, TimeUnit.SECONDS)) {
        call.get();
      }
    }
  }

  private static void closeAll(List<GatherNode> nodes) {
    for (GatherNode node : nodes) {
      node.close();
    }
  }

  private static byte[] data(int bytes, int step, int rank) {
    byte[] data = new byte[bytes];
    Arrays.fill(data, (byte) (31 * step + rank));
    return data;
  }

  @ParameterizedTest(name = "eventLoop={0}, {1} nodes, {2} bytes, {3} steps, spin {4}")
  @CsvSource({
    "true, 2, 4096, 3000, 0",
    "true, 2, 16384, 3000, 50",
    "true, 4, 4096, 1000, 0",
    "true, 4, 16384, 500, 50",
    "true, 2, 1500000, 30, 0",
    "false, 2, 4096, 2000, 0",
    "false, 2, 16384, 1000, 50",
    "false, 4, 4096, 500, 0"
  })
  void shouldGatherTheSameOnAllNodes(
      boolean eventLoop, int worldSize, int bytes, int steps, int spinMicros) throws Exception {
    var exchange = ExchangeDispatcher.choose(eventLoop, Duration.ofNanos(spinMicros * 1000L));
    assertEquals(eventLoop, exchange.isEventLoop());
    List<GatherNode> nodes = world(worldSize, exchange);
    onAll(
        nodes,
        node -> {
          node.meet();
          for (int step = 1; step <= steps; step++) {
            if (step % 10 == 1) {
              node.computeWait.attach();
            }
            assertTrue(
                node.gather(step, data(bytes, step, node.rank), STEP_TIMEOUT), "step " + step);
            for (int peer = 0; peer < worldSize; peer++) {
              if (peer != node.rank) {
                assertArrayEquals(data(bytes, step, peer), node.gathered(step, peer));
              }
            }
            if (step % 10 == 0) {
              node.computeWait.detach();
            }
          }
        });
    closeAll(nodes);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldEndWithItsSystemInTheMiddleOfAStep(boolean eventLoop) throws Exception {
    var exchange = ExchangeDispatcher.choose(eventLoop, Duration.ZERO);
    List<GatherNode> nodes = world(2, exchange);
    int port = nodes.get(1).port();
    var running = new CountDownLatch(1);
    var closer =
        CompletableFuture.runAsync(
            () -> {
              try {
                assertTrue(running.await(60, TimeUnit.SECONDS));
                nodes.get(1).close();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    onAll(
        nodes,
        node -> {
          node.meet();
          node.computeWait.attach();
          int step = 1;
          while (node.gather(step, data(4096, step, node.rank), Duration.ofSeconds(1))) {
            if (step++ == 100) {
              running.countDown();
            }
          }
          assertTrue(step > 100);
          node.computeWait.detach();
        });
    closer.get(60, TimeUnit.SECONDS);
    new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
    closeAll(nodes);
    assertNoThreadsOf("gather");
  }

  @Test
  void shouldLeaveNeitherThreadNorSelectorBehind() throws Exception {
    var exchange = ExchangeDispatcher.choose(true, Duration.ZERO);
    closeAll(world(1, exchange)); // what Akka and the JVM open once
    long before = openFiles();
    for (int i = 0; i < 5; i++) {
      List<GatherNode> nodes = world(2, exchange);
      onAll(nodes, GatherNode::meet);
      closeAll(nodes);
    }
    assertNoThreadsOf("gather");
    assertTrue(openFiles() <= before + 3, "open files: %d, then %d".formatted(before, openFiles()));
  }

  private static long openFiles() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.UnixOperatingSystemMXBean unix
        ? unix.getOpenFileDescriptorCount()
        : 0;
  }

  private static void assertNoThreadsOf(String system) throws InterruptedException {
    List<String> left = List.of();
    for (int tries = 0; tries < 100; tries++) {
      left =
          Thread.getAllStackTraces().keySet().stream()
              .map(Thread::getName)
              .filter(name -> name.startsWith(system))
              .toList();
      if (left.isEmpty()) {
        return;
      }
      Thread.sleep(50);
    }
    assertEquals(List.of(), left);
  }

  private static List<Thread> keepers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().contains(ExchangeDispatcher.ID))
        .toList();
  }

  @Test
  void shouldBeIdleWhenNobodyTalks() throws Exception {
    List<Thread> others = keepers(); // of tests before, which may take a while to end
    List<GatherNode> nodes = world(2, ExchangeDispatcher.choose(true, Duration.ofNanos(50_000)));
    onAll(nodes, GatherNode::meet);
    var threads = ManagementFactory.getThreadMXBean();
    List<Thread> keepers = new ArrayList<>(keepers());
    keepers.removeAll(others);
    assertEquals(2, keepers.size());
    long[] before =
        keepers.stream().mapToLong(k -> threads.getThreadCpuTime(k.threadId())).toArray();
    Thread.sleep(1000);
    for (int i = 0; i < before.length; i++) {
      long busy = threads.getThreadCpuTime(keepers.get(i).threadId()) - before[i];
      assertTrue(busy < 300_000_000, "busy for " + busy + " ns of a second");
    }
    closeAll(nodes);
  }

  @Test
  void shouldGiveTheSelectorsOfOthersBackToTheJdk() throws IOException {
    assertTrue(ExchangeDispatcher.choose(true, Duration.ZERO).isEventLoop());
    try (Selector selector = Selector.open()) {
      assertFalse(selector instanceof LoopSelector);
    }
  }

  @Test
  void shouldSayWhenASystemHasNoLoop() {
    var exchange = ExchangeDispatcher.choose(true, Duration.ZERO);
    var config =
        ConfigFactory.parseString(ExchangeDispatcher.ID + ".executor = fork-join-executor")
            .withFallback(ConfigFactory.load());
    ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "loopless", config);
    assertThrows(IllegalStateException.class, () -> exchange.computeWait(system));
    system.terminate();
  }
}
