package dllama.cluster;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import com.typesafe.config.ConfigFactory;
import dllama.cluster.loop.ExchangeDispatcher;
import dllama.settings.Settings;

/// Makes actor systems like those of nodes, in which some actors are as they are and others probes.
public final class ProbeKit {
  private ProbeKit() {}

  /// At any free port; probes are patient, as where Maven sets that for systems without settings.
  public static ActorTestKit of(ExchangeDispatcher exchange, Settings settings) {
    return ActorTestKit.create(
        ConfigFactory.parseString(
                """
                akka.remote.artery.canonical { hostname = 127.0.0.1, port = 0 }
                akka.actor.testkit.typed { single-expect-default = 30s, default-timeout = 30s }
                """)
            .withFallback(exchange.config())
            .withFallback(settings.akka()));
  }
}
