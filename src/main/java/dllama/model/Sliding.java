package dllama.model;

import dllama.error.UserException;
import java.util.List;
import java.util.stream.IntStream;

/// Which layers see the latest positions only (sliding window attention; Beltagy et al.,
/// Longformer, arXiv:2004.05150).
///
/// @param window positions that such a layer sees, a token's own included; 0 where there are none
/// @param layers of each layer, whether it slides; empty where none does
/// @param rope of those that slide; the others have the model's
public record Sliding(int window, List<Boolean> layers, Rope rope) {
  /// All layers see everything.
  public static final Sliding NONE = new Sliding(0, List.of(), Rope.unscaled(10_000));

  private static final int MOST_POSITIONS = 1 << 28;

  public Sliding {
    layers = List.copyOf(layers);
    boolean any = layers.contains(true);
    if (any ? window < 1 || window > MOST_POSITIONS : window != 0 || !layers.isEmpty()) {
      throw new UserException(
          "model header: a window of %d positions does not go with %s layers"
              .formatted(window, any ? "sliding" : "no sliding"));
    }
  }

  /// Layers in groups of `period`, of which the last one sees everything.
  public static Sliding inPeriods(int window, int period, int layers, Rope rope) {
    List<Boolean> slide =
        IntStream.range(0, layers).mapToObj(layer -> layer % period < period - 1).toList();
    return of(window, slide, rope);
  }

  /// That of a model in which any or no layers slide.
  ///
  /// @param slide of each layer, whether it does
  public static Sliding of(int window, List<Boolean> slide, Rope rope) {
    return slide.contains(true) ? new Sliding(window, slide, rope) : NONE;
  }

  /// The size of the groups in which layers stand, as for [#inPeriods]; 0 if they stand otherwise.
  public int period() {
    return IntStream.rangeClosed(2, layers.size() + 1)
        .filter(size -> layers.equals(inPeriods(window, size, layers.size(), rope).layers))
        .findFirst()
        .orElse(0);
  }

  /// Whether a layer slides.
  public boolean at(int layer) {
    return !layers.isEmpty() && layers.get(layer);
  }

  /// The first position that a token at `position` sees in a layer.
  public int from(int layer, int position) {
    return at(layer) ? Math.max(0, position + 1 - window) : 0;
  }

  /// Those of a model with another number of layers, of which the first ones are as here and all
  /// others as the last.
  public Sliding resized(int count) {
    if (layers.isEmpty()) {
      return this;
    }
    List<Boolean> slide =
        IntStream.range(0, count)
            .mapToObj(layer -> layers.get(Math.min(layer, layers.size() - 1)))
            .toList();
    return of(window, slide, rope);
  }

  /// Whether a model of this many layers of such heads can have it.
  boolean fits(int count, int headDim) {
    return layers.isEmpty() || (layers.size() == count && rope.fits(headDim));
  }
}
