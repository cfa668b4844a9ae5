package dllama.cluster;

import akka.actor.setup.ActorSystemSetup;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dllama.cluster.loop.ExchangeDispatcher;
import dllama.cluster.membership.LoneMembership;
import dllama.cluster.membership.RootListener;
import dllama.cluster.wire.FramePool;
import dllama.cluster.wire.MembersMessage;
import dllama.cluster.wire.RootMessage;
import dllama.settings.ClusterSettings;

/// A root that nobody is to join: it has no port, no cluster and no serializers, whose classes take
/// a second of a start.
record LoneRoot(Config akka) implements RootSystem {
  private static final String ADDRESS = "this machine";
  private static final int FRAMES = 64;

  private static final Config LOCAL =
      ConfigFactory.parseResources(LoneRoot.class, "lone-root.conf");

  private static final Config NO_SERIALIZERS =
      ConfigFactory.parseString("akka.actor { serializers {}, serialization-bindings {} }");

  @Override
  public <T> ActorSystem<T> start(Behavior<T> guardian, ExchangeDispatcher exchange) {
    return ActorSystem.create(
        guardian,
        NodeSystem.NAME,
        ActorSystemSetup.create(
            CompleteConfig.setup(LOCAL.withFallback(exchange.config()).withFallback(local(akka)))));
  }

  /// Akka's configuration without what only messages between nodes need.
  static Config local(Config akka) {
    return NO_SERIALIZERS.withFallback(
        akka.withoutPath("akka.actor.serializers")
            .withoutPath("akka.actor.serialization-bindings"));
  }

  @Override
  public void open(ActorSystem<?> system) {
    // nobody comes
  }

  @Override
  public String address(ActorSystem<?> system) {
    return ADDRESS;
  }

  @Override
  public FramePool frames(ActorSystem<?> system) {
    return new FramePool(FRAMES); // no frame ever arrives here from elsewhere
  }

  @Override
  public Behavior<MembersMessage> members(
      ActorRef<RootMessage> coordinator, RootListener listener, ClusterSettings settings) {
    return LoneMembership.create();
  }
}
