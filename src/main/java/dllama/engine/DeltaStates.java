package dllama.engine;

import dllama.model.DeltaNet;
import dllama.slice.DeltaCuts;
import dllama.step.RunState;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// States of one rank's delta networks in all layers, in places that sequences share a pool of. A
/// state is what a sequence needs of its past beside keys and values: in each such layer the latest
/// inputs of the convolution, `[kernel − 1, channels]`, and then of each value head a matrix, in
/// blocks of [#COLS] columns, `[headDim, COLS]` each, F32. Memory outside the heap; a place that
/// was never written costs nothing.
final class DeltaStates {
  /// Columns of a block: those that are computed together.
  static final int COLS = 32;

  private static final long ALIGNMENT = 64;

  private final MemorySegment pool;
  private final long stateBytes;
  private final long layerBytes;
  private final int rows;
  private final int channels;
  private final int headDim;

  /// By layer, how many delta networks come before.
  private final int[] before;

  /// @param pool of whole states, 64-byte aligned
  DeltaStates(MemorySegment pool, DeltaNet net, DeltaCuts cuts) {
    this.pool = pool;
    headDim = net.headDim();
    rows = net.kernel() - 1;
    channels = channels(net, cuts);
    layerBytes = layerBytes(net, cuts);
    stateBytes = stateBytes(net, cuts);
    before = new int[net.layers().size()];
    for (int layer = 1; layer < before.length; layer++) {
      before[layer] = before[layer - 1] + (net.at(layer - 1) ? 1 : 0);
    }
  }

  /// Bytes of one state of all layers; 0 where there are no delta networks.
  static long stateBytes(DeltaNet net, DeltaCuts cuts) {
    long bytes = net.count() * layerBytes(net, cuts);
    return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
  }

  private static long layerBytes(DeltaNet net, DeltaCuts cuts) {
    long values = (long) (net.kernel() - 1) * channels(net, cuts);
    values += (long) cuts.rowOrder().size() * net.headDim() * net.headDim();
    return values * Float.BYTES;
  }

  private static int channels(DeltaNet net, DeltaCuts cuts) {
    return (2 * cuts.keyHeadCount() + cuts.rowOrder().size()) * net.headDim();
  }

  /// The latest inputs of `size` channels, to `[kernel − 1, size]`.
  ///
  /// @param state [RunState#NONE] for the beginning of a text
  void loadInputs(int state, int layer, int channel, int size, float[] to) {
    if (state == RunState.NONE) {
      Arrays.fill(to, 0, rows * size, 0);
      return;
    }
    for (int row = 0; row < rows; row++) {
      copy(inputsAt(state, layer, row, channel), size, to, row * size);
    }
  }

  void storeInputs(int state, int layer, int channel, int size, float[] from) {
    for (int row = 0; row < rows; row++) {
      MemorySegment.copy(
          from,
          row * size,
          pool,
          ValueLayout.JAVA_FLOAT,
          inputsAt(state, layer, row, channel),
          size);
    }
  }

  private void copy(long at, int size, float[] to, int toAt) {
    MemorySegment.copy(pool, ValueLayout.JAVA_FLOAT, at, to, toAt, size);
  }

  private long inputsAt(int state, int layer, int row, int channel) {
    return at(state, layer) + (long) Float.BYTES * ((long) row * channels + channel);
  }

  /// The columns from `col` on of a head's matrix, `[headDim, cols]`.
  ///
  /// @param state as for [#loadInputs]
  void loadColumns(int state, int layer, int head, int col, int cols, float[] to) {
    int size = headDim * cols;
    if (state == RunState.NONE) {
      Arrays.fill(to, 0, size, 0);
    } else {
      copy(columnsAt(state, layer, head, col), size, to, 0);
    }
  }

  void storeColumns(int state, int layer, int head, int col, int cols, float[] from) {
    long at = columnsAt(state, layer, head, col);
    MemorySegment.copy(from, 0, pool, ValueLayout.JAVA_FLOAT, at, headDim * cols);
  }

  private long columnsAt(int state, int layer, int head, int col) {
    long inputs = (long) rows * channels;
    long values = ((long) head * headDim + col) * headDim;
    return at(state, layer) + Float.BYTES * (inputs + values);
  }

  private long at(int state, int layer) {
    return state * stateBytes + before[layer] * layerBytes;
  }
}
