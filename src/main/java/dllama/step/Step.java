package dllama.step;

import java.util.List;

/// The input of one step: runs of different sequences. What a sequence gets is the same, bit by
/// bit, whoever shares its steps.
///
/// @param epoch of the world whose pages the runs mean; another one does not hold what was fed
/// @param copies of pages, made in this order before anything else
/// @param runs at least one
public record Step(long epoch, List<PageCopy> copies, List<Run> runs) {
  public Step {
    copies = List.copyOf(copies);
    runs = List.copyOf(runs);
    if (runs.isEmpty()) {
      throw new IllegalArgumentException("no runs");
    }
  }

  /// A step without copies.
  public Step(long epoch, List<Run> runs) {
    this(epoch, List.of(), runs);
  }

  /// A step of one sequence.
  public Step(long epoch, Run run) {
    this(epoch, List.of(run));
  }

  /// Tokens of all runs.
  public int rows() {
    return runs.stream().mapToInt(run -> run.tokens().length).sum();
  }

  /// Tokens of which logits are computed.
  public int wantedRows() {
    return runs.stream().mapToInt(run -> run.wanted().rows()).sum();
  }
}
