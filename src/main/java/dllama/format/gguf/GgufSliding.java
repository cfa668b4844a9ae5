package dllama.format.gguf;

import dllama.model.Rope;
import dllama.model.Sliding;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/// What a GGUF file says of layers that see the latest positions only. Keys and defaults are
/// llama.cpp's.
final class GgufSliding {
  private static final String WINDOW = "attention.sliding_window";
  private static final String PATTERN = "attention.sliding_window_pattern";
  private static final String THETA = "rope.freq_base_swa";
  private static final String KEY_LENGTH = "attention.key_length_swa";
  private static final String VALUE_LENGTH = "attention.value_length_swa";
  private static final String TURNED = "rope.dimension_count_swa";

  /// Without the architecture in front.
  static final Set<String> KEYS = Set.of(WINDOW, PATTERN, THETA);

  /// Of architectures in which layers that slide may have heads of another size.
  static final Set<String> HEAD_KEYS = Set.of(KEY_LENGTH, VALUE_LENGTH, TURNED);

  private final GgufFile file;
  private final GgufMetadata metadata;
  private final String prefix;

  GgufSliding(GgufFile file) {
    this.file = file;
    metadata = file.metadata();
    prefix = file.architecture() + ".";
  }

  /// @param period that it has where the file tells none
  /// @param otherwise window where the file tells none
  /// @param rope of the layers that see everything, and of all where the file tells no other
  Sliding read(int period, int otherwise, int layers, Rope rope) {
    int window = metadata.u32(prefix + WINDOW, otherwise);
    if (window == 0) {
      return Sliding.NONE;
    }
    Rope own = rope(rope);
    Optional<int[]> pattern = metadata.perLayer(prefix + PATTERN, layers);
    if (pattern.isEmpty()) {
      return file.checked(() -> Sliding.inPeriods(window, period, layers, own));
    }
    int[] values = pattern.get();
    if (metadata.isSingle(prefix + PATTERN)) {
      if (values[0] < 1) {
        throw file.damaged("%s%s is %d, which can not be".formatted(prefix, PATTERN, values[0]));
      }
      return file.checked(() -> Sliding.inPeriods(window, values[0], layers, own));
    }
    return file.checked(
        () ->
            Sliding.of(window, IntStream.of(values).mapToObj(slides -> slides != 0).toList(), own));
  }

  /// The same with heads that are not those of the layers that see everything.
  ///
  /// @param headDim of the layers that see everything
  /// @param kvHeads of each layer
  Sliding withHeads(Sliding sliding, int headDim, int[] kvHeads) {
    int own = metadata.u32(prefix + KEY_LENGTH, headDim);
    int value = metadata.u32(prefix + VALUE_LENGTH, own);
    int turned = metadata.u32(prefix + TURNED, own);
    if (value != own || turned != own) {
      throw file.refused(
          "%s%s is %d beside values of %d, of which %d turn"
              .formatted(prefix, KEY_LENGTH, own, value, turned),
          "such models are not supported yet");
    }
    int of = kvHeads(sliding, kvHeads, true).orElse(0);
    return file.checked(() -> sliding.withHeads(own, of));
  }

  /// The heads of keys and values that all layers have which slide, or do not.
  OptionalInt kvHeads(Sliding sliding, int[] kvHeads, boolean slides) {
    int[] of =
        IntStream.range(0, kvHeads.length)
            .filter(layer -> sliding.at(layer) == slides)
            .map(layer -> kvHeads[layer])
            .distinct()
            .toArray();
    if (of.length > 1) {
      throw file.refused(
          "%sattention.head_count_kv is not the same in all layers that %s"
              .formatted(prefix, slides ? "slide" : "see everything"),
          "such models are not supported yet");
    }
    return IntStream.of(of).findFirst();
  }

  /// Gemma's layers that slide turn by a base of their own, not slowed down.
  private Rope rope(Rope rope) {
    boolean gemma = file.architecture().startsWith("gemma");
    float theta = metadata.f32(prefix + THETA, gemma ? 10_000 : rope.theta());
    return gemma || theta != rope.theta()
        ? file.checked(() -> Rope.unscaled(theta).turning(rope.turned()))
        : rope;
  }
}
