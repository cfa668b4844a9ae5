package dllama.cluster;

import akka.actor.Address;
import akka.actor.AddressFromURIString;
import akka.actor.setup.ActorSystemSetup;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.cluster.typed.Cluster;
import akka.remote.RemoteTransportException;
import akka.remote.artery.tcp.SSLEngineProviderSetup;
import akka.serialization.SerializationExtension;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dllama.cluster.loop.ExchangeDispatcher;
import dllama.cluster.membership.NodeNames;
import dllama.cluster.port.PortGuard;
import dllama.cluster.tls.KeyedEngines;
import dllama.cluster.wire.FramePool;
import dllama.cluster.wire.TensorFrameSerializer;
import dllama.error.UserException;
import dllama.key.NodeKeys;
import dllama.settings.ClusterSettings;
import dllama.step.ForwardException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.slf4j.LoggerFactory;

/// Makes a node's actor system: the same name everywhere, the address, role and version of this
/// node.
public final class NodeSystem {
  static final String NAME = "dllama";
  private static final Duration STOP = Duration.ofSeconds(10);

  /// How often connections are looked at that keep their port waiting.
  private static final Duration SWEEP = Duration.ofSeconds(1);

  private static final String TRANSPORT = "akka.remote.artery.transport";
  private static final String PLAIN = "tcp";
  private static final String TLS = "tls-tcp";

  private NodeSystem() {}

  /// @param akka Akka's configuration, complete
  /// @param at address to bind and announce, without a name; port 0: any free one
  /// @param atWork whether this node computes, so that its connections are needed
  /// @throws UserException if the address can not be bound, or needs a cluster key
  /// @throws ForwardException if this machine is too busy to start it
  static <T> ActorSystem<T> start(
      Behavior<T> guardian,
      ClusterSettings settings,
      Config akka,
      NodeKeys keys,
      ExchangeDispatcher exchange,
      String role,
      InetSocketAddress at,
      BooleanSupplier atWork) {
    Optional<KeyedEngines> engines =
        keys.at(at.getAddress()).map(source -> new KeyedEngines(source, atWork));
    if (!akka.getString(TRANSPORT).equals(PLAIN)) {
      throw new UserException(
          "%s can not be set: the cluster key says whether nodes speak TLS".formatted(TRANSPORT));
    }
    Config own =
        ConfigFactory.parseMap(
            Map.of(
                TRANSPORT,
                engines.isPresent() ? TLS : PLAIN,
                "akka.remote.artery.canonical.hostname",
                text(at.getAddress()),
                "akka.remote.artery.canonical.port",
                at.getPort(),
                "akka.remote.artery.advanced.maximum-frame-size",
                settings.sync().maxFrameBytes() + "b",
                "akka.cluster.roles",
                List.of(role)));
    PortGuard.expect(settings.sync().maxFrameBytes(), engines.isPresent());
    try {
      ActorSystemSetup setup =
          ActorSystemSetup.create(
              CompleteConfig.setup(own.withFallback(exchange.config()).withFallback(akka)));
      if (engines.isPresent()) {
        setup = setup.withSetup(SSLEngineProviderSetup.create(_ -> engines.get()));
      }
      ActorSystem<T> system = ActorSystem.create(guardian, NAME, setup);
      Runnable sweep =
          () -> {
            PortGuard.sweep();
            engines.ifPresent(KeyedEngines::sweep);
          };
      system.scheduler().scheduleWithFixedDelay(SWEEP, SWEEP, sweep, system.executionContext());
      return system;
    } catch (RemoteTransportException e) {
      throw new UserException(
          "can not listen on %s port %d: is another node running there? Use --port or --host"
              .formatted(text(at.getAddress()), at.getPort()),
          e);
    } catch (Exception e) {
      // Scala does not declare what it throws.
      if (e instanceof TimeoutException) {
        throw new ForwardException("this machine is too busy: its network did not start in time");
      }
      throw e;
    }
  }

  /// The address of the node at `host:port`.
  static Address addressOf(String node) {
    return AddressFromURIString.parse("akka://%s@%s".formatted(NAME, node));
  }

  /// How compute threads wait: spinning for a moment, where a core is left for it.
  static ExchangeDispatcher exchange(ClusterSettings settings) {
    return ExchangeDispatcher.choose(settings.exchange().eventLoop(), settings.exchange().spin());
  }

  /// An address as it stands in Akka's addresses.
  static String text(InetAddress address) {
    String text = address.getHostAddress();
    int zone = text.indexOf('%');
    String bare = zone < 0 ? text : text.substring(0, zone);
    return address instanceof Inet6Address ? "[" + bare + "]" : bare;
  }

  /// `host:port` of a node.
  static String address(ActorSystem<?> system) {
    return NodeNames.address(Cluster.get(system).selfMember().address());
  }

  /// The buffers that its serializer of frames takes.
  static FramePool frames(ActorSystem<?> system) {
    var serializer =
        (TensorFrameSerializer)
            SerializationExtension.get(system.classicSystem())
                .serializerByIdentity()
                .apply(TensorFrameSerializer.IDENTIFIER);
    return serializer.pool();
  }

  /// Ends an actor system and waits for it for at most [#STOP].
  static void stop(ActorSystem<?> system) {
    system.terminate();
    awaitEnd(system);
  }

  /// Waits for an actor system that ends for at most [#STOP].
  static void awaitEnd(ActorSystem<?> system) {
    try {
      system.getWhenTerminated().toCompletableFuture().get(STOP.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LoggerFactory.getLogger(NodeSystem.class).warn("the actor system did not end in time", e);
    }
  }
}
