package dllama.cli;

import com.fasterxml.jackson.annotation.JsonProperty;

/// What was measured for one prompt length.
///
/// @param layers of the model that the figures are for
/// @param measuredLayers of the model that was run; fewer than `layers` where the figures are
///     extrapolated
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
    Timing.Sync sync) {

  @JsonProperty
  boolean extrapolated() {
    return measuredLayers != layers;
  }

  /// For a table.
  String layersText() {
    return extrapolated()
        ? "%d of %d, extrapolated".formatted(measuredLayers, layers)
        : String.valueOf(layers);
  }
}
