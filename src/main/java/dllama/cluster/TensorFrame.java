package dllama.cluster;

import dllama.model.LogitsWanted;
import dllama.shard.LogitsPart;

/// Tensor data on its way between nodes. Every frame carries the epoch of the world it belongs to,
/// which only the nodes of that world know: a late frame of an earlier world does no harm, nor does
/// one of somebody else. A receiver checks epoch, number, rank and length before it uses one.
/// docs/PROTOCOL.md has the bytes.
sealed interface TensorFrame {
  long epoch();

  /// The input of one step, from the root to every rank.
  ///
  /// @param step number of the step in this epoch, from 0
  /// @param position slot of the first token
  /// @param tokens rows in `rows`
  /// @param scatters whether all-reduces are done by reduce-scatter
  /// @param wanted what the ranks tell of the logits
  /// @param rows `[tokens, dim]`, F32 little-endian
  record Input(
      long epoch,
      long step,
      int position,
      int tokens,
      boolean scatters,
      LogitsWanted wanted,
      FrameBuffer rows)
      implements TensorFrame, LayerShard.Command {}

  /// What one rank sends to another in one round of an all-reduce.
  ///
  /// @param round number in this epoch, from 0, of the rounds of all all-reduces
  /// @param values those of `[tokens, dim]` that the [collective][dllama.shard.Collective] sends:
  ///     the rank's addend in the exchange type, or sums
  record Partial(long epoch, long round, int rank, FrameBuffer values)
      implements TensorFrame, LayerShard.Command {}

  /// What one rank tells of its logits, to the root; instead of [RootCoordinator.Stepped].
  record Logits(long epoch, long step, int rank, LogitsPart part)
      implements TensorFrame, RootCoordinator.Command {}

  /// A piece of a rank's packed weights, from the root to the rank.
  ///
  /// @param offset first byte inside the slice
  record WeightChunk(long epoch, long offset, FrameBuffer bytes)
      implements TensorFrame, LayerShard.Command {}
}
