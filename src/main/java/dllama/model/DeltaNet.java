package dllama.model;

import dllama.error.UserException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// Which layers have gated delta networks in place of attention (Yang, Kautz, Hatamizadeh, Gated
/// Delta Networks, arXiv:2412.06464), and what these are like.
///
/// Such a layer does not look back at keys and values, but has a state of fixed size: a matrix
/// `[headDim, headDim]` of each value head, and the latest inputs of a convolution.
///
/// @param layers of each layer, whether it has one; some have not; empty where none has
/// @param keyHeads heads of queries, and of keys
/// @param valueHeads heads of values, which share key heads
/// @param headDim width of all heads
/// @param kernel inputs of the convolution, a token's own included
/// @param together successive value heads that share a key head; after `keyHeads` times as many the
///     next ones begin with the first key head again
public record DeltaNet(
    List<Boolean> layers, int keyHeads, int valueHeads, int headDim, int kernel, int together) {
  /// All layers have attention.
  public static final DeltaNet NONE = new DeltaNet(List.of(), 0, 0, 0, 0, 1);

  private static final int MOST_HEADS = 1 << 12;
  private static final int MOST_HEAD_DIM = 1 << 10;
  private static final int MOST_INPUTS = 16;

  public DeltaNet {
    layers = List.copyOf(layers);
    boolean any = layers.contains(true);
    boolean possible =
        any
            ? layers.contains(false)
                && in(keyHeads, MOST_HEADS)
                && in(valueHeads, MOST_HEADS)
                && in(headDim, MOST_HEAD_DIM)
                && in(kernel, MOST_INPUTS)
                && in(together, MOST_HEADS)
                && valueHeads % (keyHeads * together) == 0
            : layers.isEmpty() && keyHeads + valueHeads + headDim + kernel == 0;
    if (!possible) {
      throw new UserException(
          "model header: %s delta networks with keyHeads=%d valueHeads=%d headDim=%d kernel=%d are not possible"
              .formatted(any ? "some" : "no", keyHeads, valueHeads, headDim, kernel));
    }
  }

  private static boolean in(int value, int most) {
    return value >= 1 && value <= most;
  }

  /// That of a model in which some or no layers have one.
  ///
  /// @param layers of each layer, whether it has
  public static DeltaNet of(
      List<Boolean> layers, int keyHeads, int valueHeads, int headDim, int kernel, int together) {
    return layers.contains(true)
        ? new DeltaNet(layers, keyHeads, valueHeads, headDim, kernel, together)
        : NONE;
  }

  /// How many successive value heads share a key head ([#together]).
  ///
  /// @param grouped whether all of a key head are side by side; else one of each follows the other
  public static int together(boolean grouped, int keyHeads, int valueHeads) {
    return grouped && keyHeads > 0 ? Math.max(1, valueHeads / keyHeads) : 1;
  }

  /// The layers of a model of which each `period`th has attention.
  public static List<Boolean> inPeriods(int period, int layers) {
    return IntStream.range(0, layers).mapToObj(layer -> (layer + 1) % period != 0).toList();
  }

  /// Whether there is a delta network in any layer.
  public boolean exists() {
    return !layers.isEmpty();
  }

  /// Whether a layer has one; it has attention otherwise.
  public boolean at(int layer) {
    return exists() && layers.get(layer);
  }

  /// The first layer that has attention.
  public int firstAttention() {
    return exists() ? layers.indexOf(false) : 0;
  }

  /// Layers that have one.
  public int count() {
    return (int) layers.stream().filter(has -> has).count();
  }

  /// The size of the groups of layers of which the last one has attention, as for [#inPeriods].
  public int period() {
    int first = layers.indexOf(false);
    return first < 0 ? layers.size() + 1 : first + 1;
  }

  /// The same of a model with another number of layers, of both kinds, unless it
  /// is one.
  public DeltaNet resized(int count) {
    if (!exists() || count == 1) {
      return NONE;
    }
    List<Boolean> other = inPeriods(Math.min(period(), count), count);
    return new DeltaNet(other, keyHeads, valueHeads, headDim, kernel, together);
  }

  /// The same with as few heads as can be.
  ///
  /// @param ranks that share the value heads
  /// @param block what the width of all value heads has to be a multiple of
  public DeltaNet narrowed(int ranks, int block) {
    if (!exists()) {
      return this;
    }
    int each = valueHeads / keyHeads;
    int keys =
        IntStream.range(1, keyHeads)
            .filter(few -> few * each % ranks == 0 && few * each * headDim % block == 0)
            .findFirst()
            .orElse(keyHeads);
    return new DeltaNet(layers, keys, keys * each, headDim, kernel, together);
  }

  /// Values of all queries, or of all keys.
  public int keyDim() {
    return keyHeads * headDim;
  }

  /// Values of all value heads.
  public int valueDim() {
    return valueHeads * headDim;
  }

  /// What the convolution goes over: queries, keys and values.
  public int channels() {
    return 2 * keyDim() + valueDim();
  }

  /// The key head that a value head reads.
  public int keyHead(int valueHead) {
    return valueHead / together % keyHeads;
  }

  /// All value heads so that those of a key head are side by side: what ranks are given successive
  /// parts of.
  public List<Integer> byKeyHead() {
    return IntStream.range(0, valueHeads)
        .boxed()
        .sorted(Comparator.comparingInt(this::keyHead))
        .toList();
  }

  /// Some heads as ranges, ascending.
  public static List<Range> ranges(List<Integer> heads) {
    List<Range> ranges = new ArrayList<>();
    for (int head : heads.stream().sorted().toList()) {
      Range last = ranges.isEmpty() ? null : ranges.getLast();
      if (last != null && last.to() == head) {
        ranges.set(ranges.size() - 1, new Range(last.from(), head + 1));
      } else {
        ranges.add(new Range(head, head + 1));
      }
    }
    return List.copyOf(ranges);
  }

  /// The value heads from `which.from()` to `which.to()` of [#byKeyHead], as ranges.
  public List<Range> valueHeads(Range which) {
    return ranges(byKeyHead().subList(which.from(), which.to()));
  }

  /// Whether a model of this many layers can have it.
  boolean fits(int count) {
    return layers.isEmpty() || layers.size() == count;
  }
}
