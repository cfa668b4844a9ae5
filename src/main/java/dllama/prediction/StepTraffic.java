package dllama.prediction;

import dllama.engine.Collective;
import dllama.engine.Halves;
import dllama.slice.Embedding;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;

/// Bytes that the nodes of a world send each other in one step, with the headers of frames: the one
/// place that knows what is exchanged between whom. Without retries, heartbeats and what TCP adds.
///
/// In each of two exchanges per layer every rank sends its partial to every other one, or in two
/// rounds parts of it and sums where that is less, and in two halves where the step is long; the
/// root also sends the input rows, as bfloat16 like those of most published models, and gets from
/// every rank what it needs of the logits. See docs/PROTOCOL.md.
///
/// @param tokens of the step
/// @param logits whether those of the last token are wanted
public record StepTraffic(ShardPlan plan, int tokens, boolean logits) {
  /// Header of a frame and Artery's envelope, from what nodes count (`cluster.TrafficInstrument`):
  /// a little more or less with the lengths of addresses that Artery has not compressed yet.
  static final int FRAME_BYTES = 54;

  /// What a rank tells of its logits: their maximum, or the likely ones.
  static final int LOGITS_BYTES = 1024;

  /// Exchanges of every step.
  public int exchanges() {
    return 2 * plan.spec().layers();
  }

  private int peers() {
    return plan.worldSize() - 1;
  }

  /// Rounds of one exchange, in each of which every rank sends a frame to every other one.
  int rounds() {
    return isScattered() ? 2 : 1;
  }

  /// Whether the step is done in two halves, each with exchanges of its own.
  boolean isHalved() {
    return Halves.areWorthIt(plan, tokens);
  }

  private boolean isScattered() {
    return Collective.isScatteringWorthIt(plan, isHalved() ? Halves.first(tokens) : tokens);
  }

  /// Frames that a rank sends to each other one in an exchange.
  private int frames() {
    return rounds() * (isHalved() ? 2 : 1);
  }

  /// Bytes that one rank sends, and receives, in one exchange: the mean of both of a layer.
  public long exchangeBytes() {
    return (exchangeBytes(1) + exchangeBytes(plan.spec().feedForwardSums())) / 2;
  }

  private long exchangeBytes(int sums) {
    int values = sums * values();
    long bytes =
        isScattered()
            ? Collective.scatteredBytes(plan, values, DType.F32)
            : Collective.directBytes(plan, values);
    return bytes + (long) peers() * frames() * FRAME_BYTES;
  }

  private int values() {
    return tokens * plan.spec().dim();
  }

  /// Bytes of the input rows to all workers, with what layers are given.
  long inputBytes() {
    long row = (long) plan.spec().dim() * Short.BYTES + Embedding.inputBytes(plan.spec());
    return peers() * (tokens * row + FRAME_BYTES);
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
