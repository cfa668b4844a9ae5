package dllama.cluster.wire;

import akka.actor.typed.ActorRef;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/// What the root's side of membership is told: by workers that they are there, by the coordinator
/// what it needs them for. What comes over the network is a [ControlMessage].
public sealed interface MembersMessage
    permits MembersMessage.Hello,
        MembersMessage.Alive,
        MembersMessage.Pong,
        MembersMessage.Heard,
        MembersMessage.Goodbye,
        MembersMessage.Computing,
        MembersMessage.Expel,
        MembersMessage.Ending,
        MembersMessage.Internal {
  /// A worker asks to be taken in; repeated until it is answered. Anybody can say this in the name
  /// of another node, so the answer goes to the address that is claimed, and only who has had it
  /// there knows the key.
  ///
  /// @param address `host:port` of the worker's actor system
  /// @param nonce a [Secret] of the worker, which tells it that the answer is the root's
  /// @param key of the root's answer; [Secret#NONE] before
  /// @param held keys of slices that it has in memory
  /// @param cached keys of slices that it has in its cache folder
  /// @param memory bytes that its weights, keys and values may take
  record Hello(
      String address,
      long nonce,
      long key,
      ActorRef<WorkerMessage> worker,
      ActorRef<RankMessage> shard,
      List<String> held,
      List<String> cached,
      long memory)
      implements MembersMessage, ControlMessage {
    /// Keys of slices that are worth telling.
    public static final int MOST_KEYS = 256;

    public Hello {
      address = Checks.name("address", address);
      Checks.present(worker, "worker");
      Checks.present(shard, "shard");
      held = Checks.names("held", held, MOST_KEYS);
      cached = Checks.names("cached", cached, MOST_KEYS);
      Checks.range("memory", memory, 0, Long.MAX_VALUE);
    }
  }

  /// A worker's sign of life.
  ///
  /// @param figures of its machine
  /// @param waits for the other ranks of its world
  record Alive(
      String address,
      long key,
      ActorRef<WorkerMessage> worker,
      NodeFigures figures,
      RankWaits waits)
      implements MembersMessage, ControlMessage {
    public Alive {
      address = Checks.name("address", address);
      Checks.present(worker, "worker");
      Checks.present(figures, "figures");
      Checks.present(waits, "waits");
    }
  }

  /// A worker's answer, at once, to the root's sign of life of this number.
  record Pong(String address, long key, long ping) implements MembersMessage, ControlMessage {
    public Pong {
      address = Checks.name("address", address);
    }
  }

  /// From the coordinator: frames of this worker arrive.
  record Heard(String address) implements MembersMessage {}

  /// A worker ends.
  record Goodbye(String address, long key) implements MembersMessage, ControlMessage {
    public Goodbye {
      address = Checks.name("address", address);
    }
  }

  /// From the coordinator: these workers compute now, so nobody should wait for a dead one of them.
  ///
  /// @param nodes of the world that computes, the root included; 0 if there is none
  record Computing(int nodes, Set<String> addresses) implements MembersMessage {}

  /// From the coordinator, which knows the reason already: take this worker out.
  record Expel(String address) implements MembersMessage {}

  /// From the coordinator: this root ends; workers are told.
  record Ending(CompletableFuture<Boolean> done) implements MembersMessage {}

  /// What the room of its receiver says to itself; its kinds are known there alone.
  non-sealed interface Internal extends MembersMessage {}
}
