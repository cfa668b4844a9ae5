package dllama.cluster;

import akka.actor.setup.ActorSystemSetup;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;

/// An actor system for what serves users beside a node: HTTP, streams, DNS. A node's own system is
/// no place for them, because the sockets of an actor system share one dispatcher (`akka.io.TcpExt`
/// reads `akka.io.tcp` once), and a node's is the exchange's, which compute threads run.
///
/// Nothing in it can be reached by other nodes, nor is its port guarded as a node's is.
public final class ServiceSystem {
  private static final Config OWN =
      ConfigFactory.parseResources(ServiceSystem.class, "service-system.conf");

  private ServiceSystem() {}

  /// Starts one; whoever does ends it, too.
  ///
  /// @param akka Akka's configuration, as a node gets it
  public static ActorSystem<Void> start(String name, Config akka) {
    return ActorSystem.create(
        Behaviors.<Void>empty(),
        name,
        ActorSystemSetup.create(CompleteConfig.setup(OWN.withFallback(LoneRoot.local(akka)))));
  }
}
