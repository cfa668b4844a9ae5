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
/// @param parallel several sequences at once; null for one
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
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Parallel parallel,
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

  /// Several sequences with a prompt of their own each.
  ///
  /// @param prefillTokensPerSecond of all, until the last one has its first token
  /// @param decodeTokensPerSecond of all, while all of them decode
  /// @param eachTokensPerSecond the same of one
  /// @param firstToken null where it was not measured
  record Parallel(
      int sequences,
      double prefillTokensPerSecond,
      double decodeTokensPerSecond,
      double eachTokensPerSecond,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable FirstToken firstToken) {
    /// For a table.
    String firstTokenText() {
      return firstToken == null
          ? "–"
          : "%.0f, %.0f; alone %.0f"
              .formatted(firstToken.p50Ms, firstToken.p99Ms, firstToken.aloneMs);
    }
  }

  /// How long a short prompt waits for its first token, alone, and while a long one is read.
  ///
  /// @param longPrompt tokens of the long one
  record FirstToken(double aloneMs, double p50Ms, double p99Ms, int longPrompt) {}

  /// The same without several sequences, or with them.
  BenchRow with(@Nullable Parallel several) {
    return new BenchRow(
        model,
        weights,
        layers,
        measuredLayers,
        nodes,
        threads,
        loadMs,
        nodeBytes,
        prefill,
        decode,
        sync,
        replay,
        several,
        machine);
  }

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
