package dllama.engine;

import dllama.tensor.Activations;
import dllama.tensor.DType;

/// Inputs of matrix products that stand in slots of [Routing], with a view for every slot that an
/// expert's rows can begin with.
final class SlotRows {
  private final Activations all;
  private final Activations[] views;

  /// @param slots a multiple of [Activations#BUNDLE]; 0 if none are ever used
  SlotRows(int slots, DType weightType, int cols) {
    all = new Activations(weightType, Math.max(1, slots), cols);
    views = new Activations[slots / Activations.BUNDLE];
    for (int i = 0; i < views.length; i++) {
      views[i] = all.from(i * Activations.BUNDLE);
    }
  }

  /// Row = slot.
  Activations all() {
    return all;
  }

  /// The rows from `slot` on, the first slot of an expert.
  Activations from(int slot) {
    return views[slot / Activations.BUNDLE];
  }
}
