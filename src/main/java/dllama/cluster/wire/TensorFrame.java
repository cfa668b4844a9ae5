package dllama.cluster.wire;

import dllama.logits.Adjustments;
import dllama.logits.LogitsPart;
import dllama.logits.LogitsQuestion;
import dllama.logits.LogitsWanted;
import dllama.step.PageCopy;
import dllama.step.RunState;
import java.util.List;

/// Tensor data on its way between nodes. Every frame carries the epoch of the world it belongs to,
/// which only the nodes of that world know: a late frame of an earlier world does no harm, nor does
/// one of somebody else. A receiver checks epoch, number, rank and length before it uses one.
/// docs/PROTOCOL.md has the bytes.
public sealed interface TensorFrame {
  long epoch();

  /// The input of one step, from the root to every rank.
  ///
  /// @param step number of the step in this epoch, from 0
  /// @param scatters whether all-reduces are done by reduce-scatter
  /// @param copies of pages, made before anything else
  /// @param runs what the rows are, in their order
  /// @param rows `[rows of all runs, dim]`, F32 or bfloat16, little-endian, see [InputRows]
  record Input(
      long epoch,
      long step,
      boolean scatters,
      List<PageCopy> copies,
      List<RunRows> runs,
      FrameBuffer rows)
      implements TensorFrame, RankMessage {
    public Input {
      copies = List.copyOf(copies);
      runs = List.copyOf(runs);
    }

    public int count() {
      return runs.stream().mapToInt(RunRows::count).sum();
    }

    /// Rows from the first one of which logits are computed to the last one; all of these have to
    /// be in the second half of a step.
    public int rowsFromFirstWanted() {
      int behind = 0;
      int rows = 0;
      for (RunRows run : runs.reversed()) {
        behind = run.wanted().rows() > 0 ? rows + run.wanted().rows() : behind;
        rows += run.count();
      }
      return behind;
    }
  }

  /// Rows of a [run][dllama.step.Run], as a rank sees them.
  ///
  /// @param pages of the sequence, in order
  /// @param windows of the last of them
  /// @param position slot of the first row
  /// @param count rows
  /// @param state of models that have one: where it is before these rows and after them
  /// @param wanted of the logits of the last rows
  /// @param adjustments of these logits, at most [Adjustments#MAX_OF_RUN]
  record RunRows(
      int[] pages,
      int[] windows,
      int position,
      int count,
      RunState state,
      LogitsWanted wanted,
      Adjustments adjustments) {
    /// Without adjustments, of a sequence that has as many windows as pages, and the first place
    /// for states to itself.
    public RunRows(int[] pages, int position, int count, LogitsWanted wanted) {
      this(pages, pages, position, count, RunState.alone(position), wanted, Adjustments.NONE);
    }
  }

  /// What one rank sends to another in one round of an all-reduce.
  ///
  /// @param round number in this epoch, from 0, of the rounds of all all-reduces
  /// @param values those of `[tokens, dim]` that the [collective][dllama.engine.Collective] sends:
  ///     the rank's addend in the exchange type, or sums
  record Partial(long epoch, long round, int rank, FrameBuffer values)
      implements TensorFrame, RankMessage {}

  /// What one rank tells of its logits, to the root; instead of [RootMessage.Stepped], or in
  /// answer to a question.
  ///
  /// @param run whose logits these are, by its place in the step
  record Logits(long epoch, long step, int rank, int run, LogitsPart part)
      implements TensorFrame, RootMessage {}

  /// A question of the root about a rank's logits of a run of step `step`, the latest one.
  record Question(long epoch, long step, int run, LogitsQuestion question)
      implements TensorFrame, RankMessage {}

  /// A piece of a rank's packed weights, from the root to the rank.
  ///
  /// @param offset first byte inside the slice
  record WeightChunk(long epoch, long offset, FrameBuffer bytes)
      implements TensorFrame, RankMessage {}
}
