package dllama.prediction;

import dllama.shard.ShardPlan;
import dllama.tensor.DType;

/// Bytes that the nodes of a world send each other in one step, with the headers of frames: the one
/// place that knows what is exchanged between whom. Without retries, heartbeats and what TCP adds.
///
/// In each of two exchanges per layer every rank sends its partial to every other one; the root
/// also sends the input rows, and gets from every rank what it needs of the logits. See
/// docs/PROTOCOL.md.
///
/// @param tokens of the step
/// @param logits whether those of the last token are wanted
public record StepTraffic(ShardPlan plan, int tokens, boolean logits) {
  /// Header of a frame and Artery's envelope, from what nodes count (`cluster.TrafficInstrument`):
  /// a little more or less with the lengths of addresses that Artery has not compressed yet.
  static final int FRAME_BYTES = 50;

  /// What a rank tells of its logits: their maximum, or the likely ones.
  static final int LOGITS_BYTES = 1024;

  /// Exchanges of every step.
  public int exchanges() {
    return 2 * plan.spec().layers();
  }

  private int peers() {
    return plan.worldSize() - 1;
  }

  /// Bytes that one rank sends, and receives, in one exchange.
  public long exchangeBytes() {
    long values = (long) tokens * plan.spec().dim();
    return peers() * (plan.partialType().byteSize(values) + FRAME_BYTES);
  }

  /// Bytes of the input rows to all workers.
  long inputBytes() {
    return peers() * (DType.F32.byteSize((long) tokens * plan.spec().dim()) + FRAME_BYTES);
  }

  /// Bytes of the logits of all workers.
  long logitsBytes() {
    return logits ? peers() * (long) (LOGITS_BYTES + FRAME_BYTES) : 0;
  }

  public long sentByRoot() {
    return exchanges() * exchangeBytes() + inputBytes();
  }

  public long receivedByRoot() {
    return exchanges() * exchangeBytes() + logitsBytes();
  }

  /// What all nodes send, which is what all of them receive.
  public long sentByAll() {
    return exchangeBytes() * exchanges() * plan.worldSize() + inputBytes() + logitsBytes();
  }
}
