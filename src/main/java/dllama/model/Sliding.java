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
/// @param headDim width of a head in those that slide; 0: the model's
/// @param kvHeads heads of keys and values in those that slide; 0: the model's
public record Sliding(int window, List<Boolean> layers, Rope rope, int headDim, int kvHeads) {
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
    if (headDim < 0 || kvHeads < 0 || (!any && (headDim > 0 || kvHeads > 0))) {
      throw new UserException(
          "model header: sliding layers with kvHeads=%d headDim=%d are not possible"
              .formatted(kvHeads, headDim));
    }
  }

  /// With the model's heads.
  public Sliding(int window, List<Boolean> layers, Rope rope) {
    this(window, layers, rope, 0, 0);
  }

  /// The same with heads of their own in layers that slide, if there are any.
  public Sliding withHeads(int otherDim, int otherKvHeads) {
    return layers.isEmpty() ? this : new Sliding(window, layers, rope, otherDim, otherKvHeads);
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

  /// Width of a head in layers that slide, of a model that has this one.
  int headDimOr(int model) {
    return headDim == 0 ? model : headDim;
  }

  /// Heads of keys and values in layers that slide, of a model that has so many.
  int kvHeadsOr(int model) {
    return kvHeads == 0 ? model : kvHeads;
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
    return of(window, slide, rope).withHeads(headDim, kvHeads);
  }

  /// Those of a model that has `kvHeads` heads of keys and values where this one has `of`, and as
  /// many times fewer query heads.
  public Sliding scaled(int kvHeads, int of) {
    boolean whole = this.kvHeads * kvHeads % of == 0;
    return this.kvHeads == 0 ? this : withHeads(headDim, whole ? this.kvHeads * kvHeads / of : 1);
  }

  /// Whether a model of this many layers of such heads can have it.
  boolean fits(int count, int modelHeadDim) {
    return layers.isEmpty() || (layers.size() == count && rope.fits(headDimOr(modelHeadDim)));
  }
}
