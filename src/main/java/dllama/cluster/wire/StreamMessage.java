package dllama.cluster.wire;

/// What the stream of a rank's weights is told. What comes over the network is a [ControlMessage].
public sealed interface StreamMessage permits StreamMessage.Received, StreamMessage.Internal {
  /// All bytes before `bytes` have arrived.
  record Received(long epoch, long bytes) implements StreamMessage, ControlMessage {}

  /// What the room of its receiver says to itself; its kinds are known there alone.
  non-sealed interface Internal extends StreamMessage {}
}
