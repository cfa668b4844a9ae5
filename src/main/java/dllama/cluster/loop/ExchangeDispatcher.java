package dllama.cluster.loop;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.DispatcherSelector;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import dllama.cluster.port.PortGuard;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Chooses how partials are exchanged, in one place: the settings of the node's actor system and
/// the [ComputeWait] of its compute thread belong together.
///
/// ```java
/// var exchange = ExchangeDispatcher.choose(settings.eventLoop(), settings.spin());
/// var system = ActorSystem.create(guardian, "dllama", exchange.config().withFallback(config));
/// var computeWait = exchange.computeWait(system);
/// ```
///
/// The actor that takes part in the exchange is spawned with
/// `DispatcherSelector.fromConfig(ExchangeDispatcher.ID)`; actors that block or compute never are.
/// Each actor system gets its own loop, which ends with the system.
public final class ExchangeDispatcher {
  /// Configuration path of the dispatcher.
  public static final String ID = "exchange-dispatcher";

  private static final Logger log = LoggerFactory.getLogger(ExchangeDispatcher.class);
  private static final Duration LOOKUP_DEADLINE = Duration.ofSeconds(60);

  private final boolean eventLoop;
  private final Duration spin;

  private ExchangeDispatcher(boolean eventLoop, Duration spin) {
    this.eventLoop = eventLoop;
    this.spin = spin;
  }

  /// Chooses for this JVM. Call it before the JVM uses the network for the first time: the event
  /// loop needs a selector provider of its own (`-Djava.nio.channels.spi.SelectorProvider` at the
  /// start of the JVM has the same effect) and the package `sun.nio.ch` exported.
  ///
  /// @param eventLoop whether the event loop is wanted; where it can not be had, the fallback is
  ///     used. The [guard][dllama.cluster.port.PortGuard] at the port is there with both
  /// @param spin how long a waiting thread spins before it blocks: at most some 50 µs where there
  ///     are more cores than busy threads, else zero
  public static ExchangeDispatcher choose(boolean eventLoop, Duration spin) {
    Optional<String> obstacle = LoopSelectorProvider.install(); // guards the port, too
    obstacle.ifPresent(why -> log.warn("no event loop, and no guard at the port: {}", why));
    return new ExchangeDispatcher(eventLoop && obstacle.isEmpty(), spin);
  }

  /// Whether compute threads run the event loop while they wait, or park.
  public boolean isEventLoop() {
    return eventLoop;
  }

  /// The settings of dispatcher, remoting and sockets: put them over all others.
  public Config config() {
    if (!eventLoop) {
      return ConfigFactory.parseResources(ExchangeDispatcher.class, "single-thread.conf");
    }
    return ConfigFactory.parseResources(ExchangeDispatcher.class, "event-loop.conf")
        .withValue(ID + ".spin", ConfigValueFactory.fromAnyRef(spin));
  }

  /// Ends the connections that `system` has to other nodes, once it has nothing to say any more.
  /// Any thread; does nothing where the system has ended.
  public static void hangUp(ActorSystem<?> system) {
    Executor dispatcher = system.dispatchers().lookup(DispatcherSelector.fromConfig(ID));
    dispatcher.execute(() -> PortGuard.hangUp(LoopSelectorProvider.owner()));
  }

  /// The wait of the compute thread of `system`, which was made with [#config]. Waits for a task of
  /// the dispatcher, so it is not called on it.
  ///
  /// @throws IllegalStateException if the system was made with other settings
  public ComputeWait computeWait(ActorSystem<?> system) {
    if (!eventLoop) {
      return new ParkingWait(spin);
    }
    Executor dispatcher = system.dispatchers().lookup(DispatcherSelector.fromConfig(ID));
    var found = new CompletableFuture<@Nullable LoopWait>();
    dispatcher.execute(() -> found.complete(LoopWait.current()));
    LoopWait loopWait =
        found.completeOnTimeout(null, LOOKUP_DEADLINE.toMillis(), TimeUnit.MILLISECONDS).join();
    if (loopWait == null) {
      throw new IllegalStateException(ID + " of " + system.name() + " is no running event loop");
    }
    return loopWait;
  }
}
