package dllama.model;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Cosines and sines of the rotary embedding for every position and pair of a head that turns,
/// `[contextLength, pairs]`.
///
/// Pair i turns by `position · frequency`, see [Rope]. Computed in double, because a float angle is
/// off by a visible amount at high positions, and with [StrictMath], so that unlike processors
/// hold the same bits. Immutable, shared by threads.
public final class RopeTable {
  private final boolean adjacent;
  private final int pairs;
  private final float[] cos;
  private final float[] sin;

  /// @param ofLayers the model's, or that of the layers that slide
  /// @param headDim width of the heads that are rotated
  /// @param contextLength positions to prepare
  public RopeTable(Architecture.RopeStyle style, Rope ofLayers, int headDim, int contextLength) {
    Rope rope = ofLayers.in(contextLength);
    adjacent = style == Architecture.RopeStyle.ADJACENT;
    pairs = rope.turned(headDim) / 2;
    cos = new float[Math.multiplyExact(contextLength, pairs)];
    sin = new float[cos.length];
    double magnitude = rope.magnitude();
    for (int pair = 0; pair < pairs; pair++) {
      double frequency = rope.frequency(pair, headDim);
      for (int position = 0; position < contextLength; position++) {
        cos[position * pairs + pair] = (float) (magnitude * StrictMath.cos(position * frequency));
        sin[position * pairs + pair] = (float) (magnitude * StrictMath.sin(position * frequency));
      }
    }
  }

  /// The tables of a model's layers, which share one where they turn alike.
  public static List<RopeTable> ofLayers(ModelSpec spec, int contextLength) {
    record Kind(Rope rope, int headDim) {}
    Map<Kind, RopeTable> tables = new HashMap<>();
    return IntStream.range(0, spec.layers())
        .mapToObj(spec::attention)
        .map(layer -> new Kind(layer.rope(), layer.headDim()))
        .map(
            kind ->
                tables.computeIfAbsent(kind, of -> table(spec, of.rope, of.headDim, contextLength)))
        .toList();
  }

  private static RopeTable table(ModelSpec spec, Rope rope, int headDim, int contextLength) {
    return new RopeTable(spec.architecture().rope(), rope, headDim, contextLength);
  }

  /// Rotates one head, which begins at `at`, in place for `position`; what does not turn, behind
  /// all pairs, stays as it is.
  public void rotate(float[] head, int at, int position) {
    if (adjacent) {
      rotateAdjacent(head, at, position * pairs);
    } else {
      rotateHalfSplit(head, at, position * pairs);
    }
  }

  /// Pairs (2i, 2i + 1).
  private void rotateAdjacent(float[] head, int at, int row) {
    for (int pair = 0; pair < pairs; pair++) {
      rotatePair(head, at + 2 * pair, at + 2 * pair + 1, row + pair);
    }
  }

  /// Pairs (i, i + pairs).
  private void rotateHalfSplit(float[] head, int at, int row) {
    for (int pair = 0; pair < pairs; pair++) {
      rotatePair(head, at + pair, at + pair + pairs, row + pair);
    }
  }

  private void rotatePair(float[] head, int first, int second, int angle) {
    float x = head[first];
    float y = head[second];
    head[first] = x * cos[angle] - y * sin[angle];
    head[second] = x * sin[angle] + y * cos[angle];
  }
}
