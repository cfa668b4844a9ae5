package dllama.cluster.membership;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import dllama.cluster.wire.MembersMessage;
import dllama.cluster.wire.MembersMessage.Ending;

/// Takes the place of [RootMembership] on a root that nobody can join.
public final class LoneMembership {
  private LoneMembership() {}

  /// The members of a cluster of one.
  public static Behavior<MembersMessage> create() {
    return Behaviors.receiveMessage(
        message -> {
          if (message instanceof Ending(var done)) {
            done.complete(true); // there is nobody to be told
          }
          return Behaviors.same();
        });
  }
}
