package dllama.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dllama.settings.Processor;
import dllama.tensor.KernelReport;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What was measured for one prompt length.
///
/// @param layers of the model that the figures are for
/// @param measuredLayers of the model that was run; fewer than `layers` where the figures are
///     extrapolated
/// @param replay how tokens were guessed ahead; null where none were
/// @param loadMs until all nodes had the weights of the measured layers
/// @param nodeBytes weights and key/value cache of the rank with the most
record BenchRow(
    String model,
    String weights,
    int layers,
    int measuredLayers,
    int nodes,
    int threads,
    long loadMs,
    long nodeBytes,
    Timing.Prefill prefill,
    Timing.Decode decode,
    Timing.Sync sync,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Replay replay,
    @JsonUnwrapped Machine machine) {
  /// What the root computes with, on which the figures depend.
  ///
  /// @param processor as the system calls it
  /// @param vectorBits 0 with plain loops
  record Machine(String processor, int vectorBits, List<String> kernels) {
    static Machine of(KernelReport report) {
      return new Machine(Processor.name(), report.vectorBits(), report.forms());
    }

    /// A line above a table.
    String text() {
      return processor + ", " + new KernelReport(vectorBits, kernels).text();
    }
  }

  /// Guessed tokens of all runs.
  ///
  /// @param acceptance percentage of the guesses that hold
  record Replay(int acceptance, int proposed, int accepted) {}

  @JsonProperty
  boolean extrapolated() {
    return measuredLayers != layers;
  }

  /// For a table.
  String replayText() {
    return replay == null
        ? "–"
        : "%d %%, %d of %d".formatted(replay.acceptance, replay.accepted, replay.proposed);
  }

  /// For a table.
  String layersText() {
    return extrapolated()
        ? "%d of %d, extrapolated".formatted(measuredLayers, layers)
        : String.valueOf(layers);
  }
}
