package dllama.cluster.wire;

/// What a worker's side of membership is told by the root. What comes over the network is a
/// [ControlMessage].
public sealed interface WorkerMessage
    permits WorkerMessage.Key,
        WorkerMessage.Welcome,
        WorkerMessage.Stranger,
        WorkerMessage.RootEnded,
        WorkerMessage.RootAlive,
        WorkerMessage.Internal {
  /// The root's answer to a hello, sent to where this worker is: what it shares with the root from
  /// now on.
  ///
  /// @param nonce that of the hello
  record Key(long nonce, long key) implements WorkerMessage, ControlMessage {}

  /// The root has taken this worker in.
  record Welcome(long key) implements WorkerMessage, ControlMessage {}

  /// The root does not know this worker: it was expelled, or the root is another one by now.
  record Stranger(long key) implements WorkerMessage, ControlMessage {}

  /// The root ends.
  record RootEnded(long key) implements WorkerMessage, ControlMessage {}

  /// The root's sign of life, which is answered at once.
  ///
  /// @param nodes of the world that computes, the root included; 0 if there is none
  /// @param computes whether this worker is one of them
  /// @param ping its number, repeated in the answer
  record RootAlive(long key, int nodes, boolean computes, long ping)
      implements WorkerMessage, ControlMessage {
    public RootAlive {
      Checks.range("nodes", nodes, computes ? 1 : 0, WorldSpec.MOST_NODES);
    }
  }

  /// What the room of its receiver says to itself; its kinds are known there alone.
  non-sealed interface Internal extends WorkerMessage {}
}
