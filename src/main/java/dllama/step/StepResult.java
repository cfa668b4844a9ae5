package dllama.step;

import dllama.logits.RunLogits;
import java.util.List;

/// What one step gave; the logits are valid until the next one.
///
/// @param logits by run, in the order of the step
/// @param syncNanos time in which this node waited for partials and logits of others
/// @param sentBytes bytes of frames this node sent, with Artery's headers
/// @param receivedBytes bytes of frames this node received, with Artery's headers
public record StepResult(
    List<RunLogits> logits, long syncNanos, long sentBytes, long receivedBytes) {
  public StepResult {
    logits = List.copyOf(logits);
  }
}
