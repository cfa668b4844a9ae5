package dllama.cluster.loop;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.Behaviors;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dllama.cluster.port.PortGuard;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;

/// One node of an all-gather over Artery: an actor system, its exchange actor and the wait of its
/// compute thread.
final class GatherNode implements AutoCloseable {
  private static final Config REMOTING =
      ConfigFactory.parseString(
          """
          akka {
            loglevel = ERROR
            stdout-loglevel = ERROR
            actor.provider = remote
            actor.serializers.frame = "dllama.cluster.loop.Frame$Serializer"
            actor.serialization-bindings { "dllama.cluster.loop.Frame" = frame }
            remote.artery.transport = tcp
            remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
            remote.warn-about-direct-use = off
            coordinated-shutdown.exit-jvm = off
          }
          """);

  private static final int MOST_FRAME_BYTES = 64 << 20;

  final int rank;
  final ComputeWait computeWait;
  final ActorSystem<Void> system;
  private final int worldSize;
  // Two steps: a peer may be one step ahead, never two.
  private final AtomicReferenceArray<Frame> inbox;
  private final List<ActorRef<Frame>> peers = new ArrayList<>();

  /// A node on the exchange dispatcher.
  GatherNode(int rank, int worldSize, ExchangeDispatcher exchange, int port) {
    this(rank, worldSize, exchange.config(), ExchangeDispatcher.ID, port, exchange);
  }

  /// A node on Akka's default dispatchers, for comparison.
  static GatherNode onDefaultDispatchers(int rank, int worldSize, int port) {
    return new GatherNode(
        rank,
        worldSize,
        ConfigFactory.empty(),
        "akka.actor.default-dispatcher",
        port,
        ExchangeDispatcher.choose(false, Duration.ZERO));
  }

  private GatherNode(
      int rank,
      int worldSize,
      Config dispatching,
      String dispatcher,
      int port,
      ExchangeDispatcher exchange) {
    this.rank = rank;
    this.worldSize = worldSize;
    inbox = new AtomicReferenceArray<>(2 * worldSize);
    Config config =
        ConfigFactory.parseString("akka.remote.artery.canonical.port = " + port)
            .withFallback(dispatching)
            .withFallback(REMOTING)
            .withFallback(ConfigFactory.load());
    PortGuard.expect(MOST_FRAME_BYTES, false); // whatever nodes of other tests expected
    system = ActorSystem.create(Behaviors.empty(), name(rank), config);
    computeWait = exchange.computeWait(system);
    system.systemActorOf(receiver(), "exchange", DispatcherSelector.fromConfig(dispatcher));
  }

  private static String name(int rank) {
    return "gather" + rank;
  }

  private Behavior<Frame> receiver() {
    return Behaviors.receiveMessage(
        frame -> {
          receive(frame);
          return Behaviors.same();
        });
  }

  private void receive(Frame frame) {
    // Wakes nobody on the event loop; without it the last of them must.
    inbox.set(slot(frame.step(), frame.rank()), frame);
    computeWait.signal();
  }

  private int slot(int step, int frameRank) {
    return (step & 1) * worldSize + frameRank;
  }

  int port() {
    return system.address().getPort().orElseThrow();
  }

  /// @param ports of all ranks
  void connect(List<Integer> ports) {
    var resolver = ActorRefResolver.get(system);
    for (int peer = 0; peer < worldSize; peer++) {
      if (peer != rank) {
        peers.add(
            resolver.resolveActorRef(
                "akka://%s@127.0.0.1:%d/system/exchange".formatted(name(peer), ports.get(peer))));
      }
    }
  }

  /// Tells `data` to all peers and waits for theirs; between attach and detach.
  ///
  /// @return whether all arrived by the deadline
  boolean gather(int step, byte[] data, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    tell(new Frame(step, rank, data));
    return computeWait.await(() -> hasAll(step), deadline);
  }

  /// What `peer` told in the step that was gathered last.
  byte[] gathered(int step, int peer) {
    return inbox.get(slot(step, peer)).data();
  }

  private boolean hasAll(int step) {
    for (int peer = 0; peer < worldSize; peer++) {
      Frame frame = inbox.get(slot(step, peer));
      if (peer != rank && (frame == null || frame.step() != step)) {
        return false;
      }
    }
    return true;
  }

  /// Speaks to all peers until all have spoken: what is told before there is a connection is lost.
  void meet() {
    computeWait.attach();
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    do {
      tell(new Frame(0, rank, new byte[0]));
      if (System.nanoTime() - end > 0) {
        throw new IllegalStateException("rank %d did not meet its peers".formatted(rank));
      }
    } while (!computeWait.await(this::hasMetAll, System.nanoTime() + 200_000_000));
    computeWait.detach();
  }

  private boolean hasMetAll() {
    for (int peer = 0; peer < worldSize; peer++) {
      if (peer != rank && inbox.get(slot(0, peer)) == null && inbox.get(slot(1, peer)) == null) {
        return false;
      }
    }
    return true;
  }

  private void tell(Frame frame) {
    for (ActorRef<Frame> peer : peers) {
      peer.tell(frame);
    }
  }

  @Override
  public void close() {
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }
}
