package dllama.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import java.time.Duration;
import java.util.function.BiFunction;
import java.util.function.Function;

/// A way between two actors on which messages fare as a test has it. Time is the scheduler's.
public final class LossyChannel {
  /// What happens to a message.
  public enum Fate {
    ARRIVES,
    LOST,
    TWICE,
    /// Later than any deadline.
    LATE,
    /// Behind the next one.
    BEHIND
  }

  /// Of what is [Fate#LATE].
  public static final Duration LATE = Duration.ofSeconds(20);

  /// Longer than between two signs of life.
  private static final Duration SHORTLY = Duration.ofMillis(300);

  private LossyChannel() {}

  /// To a receiver that gets what was sent.
  public static <T> Behavior<T> to(ActorRef<T> receiver, Function<T, Fate> fates) {
    return to(receiver, fates, (_, message) -> message);
  }

  /// @param rewrite what the receiver gets in place of a message; a channel for what it answers may
  ///     be a child of this one
  public static <T> Behavior<T> to(
      ActorRef<T> receiver, Function<T, Fate> fates, BiFunction<ActorContext<T>, T, T> rewrite) {
    return Behaviors.setup(
        context ->
            Behaviors.receiveMessage(
                message -> {
                  T told = rewrite.apply(context, message);
                  switch (fates.apply(message)) {
                    case ARRIVES -> receiver.tell(told);
                    case LOST -> {}
                    case TWICE -> {
                      receiver.tell(told);
                      receiver.tell(told);
                    }
                    case LATE -> context.scheduleOnce(LATE, receiver, told);
                    case BEHIND -> context.scheduleOnce(SHORTLY, receiver, told);
                  }
                  return Behaviors.same();
                }));
  }
}
