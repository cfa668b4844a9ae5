package dllama.model;

import dllama.error.UserException;
import java.util.Collections;
import java.util.List;

/// What layers have that those of a Llama have not, and in what they differ beside [Sliding].
///
/// @param ffnDims width of the feed-forward network of each layer; empty where all have the model's
/// @param borrowers so many of the last layers have no keys and values: each reads those of the
///     last layer before them that slides, or does not, as it does
/// @param keysAreValues whether layers that see everything have no wv
/// @param inputDim values that each layer is given of a token (per-layer embeddings); 0: none
public record Layering(List<Integer> ffnDims, int borrowers, boolean keysAreValues, int inputDim) {
  /// All layers are alike and have nothing more.
  public static final Layering NONE = new Layering(List.of(), 0, false, 0);

  /// The longest block of any type of weights.
  private static final int SMALL_INPUT = 256;

  private static final int WIDEST = 1 << 20;
  private static final int WIDEST_INPUT = 1 << 14;

  public Layering {
    ffnDims = List.copyOf(ffnDims);
    range("inputs of a layer", inputDim, 0, WIDEST_INPUT);
    range("layers without keys", borrowers, 0, Integer.MAX_VALUE);
    ffnDims.forEach(width -> range("ffnDim of a layer", width, 1, WIDEST));
  }

  /// Networks of these widths.
  public Layering withFfnDims(List<Integer> other) {
    return new Layering(other, borrowers, keysAreValues, inputDim);
  }

  /// Those of a small model with fewer layers, as far as they can be: all networks have the model's
  /// width, and inputs are whole blocks of any type.
  ///
  /// @param layers of the small model, which slide as `sliding` says
  public Layering resized(int layers, Sliding sliding) {
    int most = Math.min(borrowers, layers - 1);
    while (most > 0 && !canBorrow(most, layers, sliding)) {
      most--;
    }
    return new Layering(List.of(), most, keysAreValues, inputDim == 0 ? 0 : SMALL_INPUT);
  }

  /// The layer whose keys and values `layer` of `layers` reads; −1 if there is none.
  int source(int layer, int layers, Sliding sliding) {
    return sourceOf(layer, layers - borrowers, sliding);
  }

  private static int sourceOf(int layer, int owners, Sliding sliding) {
    int source = layer;
    if (layer >= owners) {
      do {
        source = Math.min(source, owners) - 1;
      } while (source >= 0 && sliding.at(source) != sliding.at(layer));
    }
    return source;
  }

  private static boolean canBorrow(int borrowers, int layers, Sliding sliding) {
    int owners = layers - borrowers;
    for (int layer = Math.max(0, owners); layer < layers; layer++) {
      if (sourceOf(layer, owners, sliding) < 0) {
        return false;
      }
    }
    return owners > 0;
  }

  /// @throws UserException if a model of this many layers can not have it
  void check(int layers, int ffnDim, Sliding sliding) {
    if (!ffnDims.isEmpty() && (ffnDims.size() != layers || Collections.max(ffnDims) != ffnDim)) {
      throw new UserException(
          "model header: layers=%d of ffnDim=%d do not go with networks of %s"
              .formatted(layers, ffnDim, ffnDims));
    }
    if (borrowers > 0 && !canBorrow(borrowers, layers, sliding)) {
      throw new UserException(
          "model header: layers=%d of which %d have no keys leave none for them to read"
              .formatted(layers, borrowers));
    }
  }

  private static void range(String what, int value, int min, int max) {
    if (value < min || value > max) {
      throw new UserException("model header: %s=%d is not possible".formatted(what, value));
    }
  }
}
