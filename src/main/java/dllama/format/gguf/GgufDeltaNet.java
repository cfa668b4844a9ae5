package dllama.format.gguf;

import dllama.error.UserException;
import dllama.model.Architecture;
import dllama.model.Architecture.Trait;
import dllama.model.DeltaNet;
import dllama.model.ModelSpec;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/// What a GGUF file says of gated delta networks. Keys and defaults are llama.cpp's.
final class GgufDeltaNet {
  private static final String KERNEL = "ssm.conv_kernel";
  private static final String HEAD_DIM = "ssm.state_size";
  private static final String KEY_HEADS = "ssm.group_count";
  private static final String VALUE_HEADS = "ssm.time_step_rank";
  private static final String VALUES = "ssm.inner_size";
  private static final String PERIOD = "full_attention_interval";

  /// Positions of texts are one number, so all sections turn by the same.
  private static final String SECTIONS = "rope.dimension_sections";

  private static final int USUAL_PERIOD = 4;

  /// Without the architecture in front.
  static final Set<String> KEYS =
      Set.of(KERNEL, HEAD_DIM, KEY_HEADS, VALUE_HEADS, VALUES, PERIOD, SECTIONS);

  private final GgufFile file;
  private final GgufMetadata metadata;
  private final String prefix;

  GgufDeltaNet(GgufFile file) {
    this.file = file;
    metadata = file.metadata();
    prefix = file.architecture() + ".";
  }

  /// @param turned values of a head that positions turn
  DeltaNet read(Architecture architecture, int layers, int turned) {
    checkSections(turned);
    int keyHeads = metadata.u32(prefix + KEY_HEADS);
    int valueHeads = metadata.u32(prefix + VALUE_HEADS);
    int headDim = metadata.u32(prefix + HEAD_DIM);
    int values = metadata.u32(prefix + VALUES);
    int period = metadata.u32(prefix + PERIOD, USUAL_PERIOD);
    if (values != (long) valueHeads * headDim) {
      throw file.refused(
          "%s%s is %d for %d heads of %d".formatted(prefix, VALUES, values, valueHeads, headDim),
          "delta networks whose keys and values have other widths are not supported");
    }
    if (period < 1 || period > layers) {
      throw file.damaged("%s%s is %d of %d layers".formatted(prefix, PERIOD, period, layers));
    }
    boolean grouped = architecture.has(Trait.GROUPED_VALUE_HEADS);
    return file.checked(
        () ->
            DeltaNet.of(
                DeltaNet.inPeriods(period, layers),
                keyHeads,
                valueHeads,
                headDim,
                metadata.u32(prefix + KERNEL),
                DeltaNet.together(grouped, keyHeads, valueHeads)));
  }

  /// Tells of those of a model, if it has any.
  ///
  /// @throws UserException if the format can not hold them
  static void put(GgufHeaderWriter header, String family, ModelSpec spec) {
    DeltaNet net = spec.deltaNet();
    if (!net.exists()) {
      return;
    }
    boolean grouped = spec.architecture().has(Trait.GROUPED_VALUE_HEADS);
    if (grouped || !net.layers().equals(DeltaNet.inPeriods(net.period(), spec.layers()))) {
      throw new UserException(
          "a GGUF file can not be written of this %s model".formatted(spec.architecture().name()));
    }
    String prefix = family + ".";
    header
        .put(prefix + KERNEL, net.kernel())
        .put(prefix + HEAD_DIM, net.headDim())
        .put(prefix + KEY_HEADS, net.keyHeads())
        .put(prefix + VALUE_HEADS, net.valueHeads())
        .put(prefix + VALUES, net.valueDim())
        .put(prefix + PERIOD, net.period())
        .putInts(prefix + SECTIONS, sections(spec.rope().turned(spec.headDim()) / 2));
  }

  /// Pairs of a head that turn by time, height and width, and a fourth of none. Of a text all are
  /// its positions, so only their sum matters.
  private static List<Integer> sections(int pairs) {
    int side = pairs / 3;
    return List.of(pairs - 2 * side, side, side, 0);
  }

  private void checkSections(int turned) {
    int pairs = metadata.ints(prefix + SECTIONS).map(all -> IntStream.of(all).sum()).orElse(0);
    if (metadata.has(prefix + SECTIONS) && pairs < turned / 2) {
      throw file.refused(
          "%s%s are of %d pairs, not %d".formatted(prefix, SECTIONS, pairs, turned / 2),
          "such models are not supported yet");
    }
  }

  /// The tensor that has the rows of beta and of alpha in files that do not have these.
  static String packedGates(int layer) {
    return "blk.%d.ssm_ba.weight".formatted(layer);
  }

  /// Whether a tensor is one of those.
  static boolean isPacked(GgufTensor tensor) {
    return tensor.name().endsWith(".ssm_ba.weight");
  }
}
