package dllama.format.gguf;

import dllama.model.Rope;
import dllama.model.Sliding;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/// What a GGUF file says of layers that see the latest positions only. Keys and defaults are
/// llama.cpp's.
final class GgufSliding {
  private static final String WINDOW = "attention.sliding_window";
  private static final String PATTERN = "attention.sliding_window_pattern";
  private static final String THETA = "rope.freq_base_swa";

  /// Without the architecture in front.
  static final Set<String> KEYS = Set.of(WINDOW, PATTERN, THETA);

  private final GgufFile file;
  private final GgufMetadata metadata;
  private final String prefix;

  GgufSliding(GgufFile file) {
    this.file = file;
    metadata = file.metadata();
    prefix = file.architecture() + ".";
  }

  /// @param period that it has where the file tells none
  /// @param rope of the layers that see everything, and of all where the file tells no other
  Sliding read(int period, int layers, Rope rope) {
    int window = metadata.u32(prefix + WINDOW, 0);
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

  /// Gemma's layers that slide turn by a base of their own, not slowed down.
  private Rope rope(Rope rope) {
    boolean gemma = file.architecture().startsWith("gemma");
    float theta = metadata.f32(prefix + THETA, gemma ? 10_000 : rope.theta());
    return gemma || theta != rope.theta() ? file.checked(() -> Rope.unscaled(theta)) : rope;
  }
}
