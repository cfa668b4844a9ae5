package dllama.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.UnaryOperator;

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

  /// @param rewrite what the receiver gets in place of a message
  public static <T> Behavior<T> to(
      ActorRef<T> receiver, Function<T, Fate> fates, UnaryOperator<T> rewrite) {
    return Behaviors.setup(
        context ->
            Behaviors.receiveMessage(
                message -> {
                  T told = rewrite.apply(message);
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
