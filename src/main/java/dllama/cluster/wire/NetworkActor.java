package dllama.cluster.wire;

import akka.actor.typed.Behavior;
import akka.actor.typed.ExtensibleBehavior;
import akka.actor.typed.Signal;
import akka.actor.typed.TypedActorContext;
import akka.actor.typed.javadsl.ActorContext;
import dllama.cluster.port.Refusals;

/// An actor that can be reached over the network, where messages have no types: what is not a
/// command is refused before the actor has it.
///
/// @param <T> what it can be told
public abstract class NetworkActor<T> extends ExtensibleBehavior<T> {
  private final ActorContext<T> context;
  private final Class<T> commands;

  /// Lets through what is one of `commands`.
  public NetworkActor(ActorContext<T> context, Class<T> commands) {
    this.context = context;
    this.commands = commands;
  }

  /// The next behavior, mostly this.
  protected abstract Behavior<T> onMessage(T command);

  /// An actor that this one watches has ended, or this one does.
  protected Behavior<T> onSignal(Signal signal) {
    return this;
  }

  protected final ActorContext<T> getContext() {
    return context;
  }

  @Override
  public final Behavior<T> receive(TypedActorContext<T> typed, T message) {
    if (commands.isInstance(message)) {
      return onMessage(message);
    }
    // Not `message` as T any more: it may be anything.
    refuse(((Object) message).getClass(), context.getSelf().path().name());
    return this;
  }

  private static void refuse(Class<?> type, String actor) {
    Refusals.ofProcess()
        .refused("somebody", "sent %s what it is not told (%s)".formatted(actor, type.getName()));
  }

  @Override
  public final Behavior<T> receiveSignal(TypedActorContext<T> typed, Signal signal) {
    return onSignal(signal);
  }
}
