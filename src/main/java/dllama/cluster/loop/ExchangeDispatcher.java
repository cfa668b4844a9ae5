package dllama.cluster.loop;

import akka.actor.typed.ActorSystem;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;

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
public final class ExchangeDispatcher {
  /// Configuration path of the dispatcher.
  public static final String ID = "exchange-dispatcher";

  private final Duration spin;

  private ExchangeDispatcher(Duration spin) {
    this.spin = spin;
  }

  /// Chooses for this JVM; call before the actor system is made.
  ///
  /// @param eventLoop whether the event loop is wanted; where it can not be had, the fallback is
  ///     used
  /// @param spin how long a waiting thread spins before it blocks: at most some 50 µs where there
  ///     are more cores than busy threads, else zero
  public static ExchangeDispatcher choose(boolean eventLoop, Duration spin) {
    return new ExchangeDispatcher(spin);
  }

  /// The settings of dispatcher, remoting and sockets: put them over all others.
  public Config config() {
    return ConfigFactory.parseResources(ExchangeDispatcher.class, "single-thread.conf");
  }

  /// The wait of the compute thread of `system`, which was made with [#config].
  public ComputeWait computeWait(ActorSystem<?> system) {
    return new ParkingWait(spin);
  }
}
