package dllama.model;

import dllama.error.UserException;
import dllama.model.ModelSpec.Activation;
import dllama.tensor.DType;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// Shapes of well-known models by name, for synthetic models and measurements.
public final class Shapes {
  /// As published with the models (`config.json`; for Grok-1 xAI's `run.py`). `tiny` is made for up
  /// to 16 nodes: 8 have a kv head each, 16 share one by two, with columns of wo and w2 in whole
  /// blocks.
  ///
  /// `ffn` is the width of one expert, `kv` the number of kv heads, `head` the width of a head,
  /// `scaled` the factor by which long waves are slowed down, in the way of the architecture, 1 for
  /// none; of each `period` of layers all but the last see `window` positions; `turned` are the
  /// values of a head that positions turn, 0 for all, `shared` the width of the expert that all
  /// tokens go to.
  private static final String TABLE =
      """
      name              arch      dim   ffn experts active layers heads kv head  vocab context   theta scaled epsilon act     window period turned shared
      tiny              llama     256   512       0      0      4    16  8   32   1024    2048   10000      1    1e-5 silu         0      0      0      0
      llama3.2-1b       llama    2048  8192       0      0     16    32  8   64 128256  131072  500000     32    1e-5 silu         0      0      0      0
      llama3.2-3b       llama    3072  8192       0      0     28    24  8  128 128256  131072  500000     32    1e-5 silu         0      0      0      0
      llama3-8b         llama    4096 14336       0      0     32    32  8  128 128256    8192  500000      1    1e-5 silu         0      0      0      0
      llama3-70b        llama    8192 28672       0      0     80    64  8  128 128256    8192  500000      1    1e-5 silu         0      0      0      0
      qwen2.5-0.5b      qwen2     896  4864       0      0     24    14  2   64 151936   32768 1000000      1    1e-6 silu         0      0      0      0
      qwen2.5-7b        qwen2    3584 18944       0      0     28    28  4  128 152064   32768 1000000      1    1e-6 silu         0      0      0      0
      qwen3-0.6b        qwen3    1024  3072       0      0     28    16  8  128 151936   40960 1000000      1    1e-6 silu         0      0      0      0
      qwen3-8b          qwen3    4096 12288       0      0     36    32  8  128 151936   40960 1000000      1    1e-6 silu         0      0      0      0
      qwen3-30b-a3b     qwen3moe 2048   768     128      8     48    32  4  128 151936   40960 1000000      1    1e-6 silu         0      0      0      0
      mixtral-8x7b      mixtral  4096 14336       8      2     32    32  8  128  32000   32768 1000000      1    1e-5 silu         0      0      0      0
      grok-1            grok1    6144 32768       8      2     64    48  8  128 131072    8192   10000      1    1e-5 gelu         0      0      0      0
      gemma3-1b         gemma3   1152  6912       0      0     26     4  1  256 262144   32768 1000000      1    1e-6 gelu       512      6      0      0
      gemma3-4b         gemma3   2560 10240       0      0     34     8  4  256 262208  131072 1000000      8    1e-6 gelu      1024      6      0      0
      gemma3-12b        gemma3   3840 15360       0      0     48    16  8  256 262208  131072 1000000      8    1e-6 gelu      1024      6      0      0
      gemma4-e2b        gemma4   1536 12288       0      0     35     8  1  512 262144  131072 1000000      1    1e-6 gelu       512      5      0      0
      gemma4-e4b        gemma4   2560 10240       0      0     42     8  2  512 262144  131072 1000000      1    1e-6 gelu       512      6      0      0
      gemma4-26b-a4b    gemma4moe 2816   704     128      8     30    16  2  512 262144  262144 1000000      1    1e-6 gelu      1024      6      0   2112
      gemma4-31b        gemma4   5376 21504       0      0     60    32  4  512 262144  262144 1000000      1    1e-6 gelu      1024      6      0      0
      gpt-oss-20b       gpt-oss  2880  2880      32      4     24    64  8   64 201088  131072  150000     32    1e-5 clamped    128      2      0      0
      gpt-oss-120b      gpt-oss  2880  2880     128      4     36    64  8   64 201088  131072  150000     32    1e-5 clamped    128      2      0      0
      glm4-9b           glm4     4096 13696       0      0     40    32  2  128 151552   32768   10000      1    1e-5 silu         0      0     64      0
      smollm3-3b        smollm3  2048 11008       0      0     36    16  4  128 128256   65536 5000000      1    1e-6 silu     65536      4      0      0
      phi4-14b          phi3     5120 17920       0      0     40    40 10  128 100352   16384  250000      1    1e-5 silu         0      0      0      0
      granite3.3-8b     granite  4096 12800       0      0     40    32  8  128  49159  131072 10000000     1    1e-5 silu         0      0      0      0
      seed-oss-36b      seed-oss 5120 27648       0      0     64    80  8  128 155136  524288 10000000     1    1e-6 silu         0      0      0      0
      qwen1.5-moe-a2.7b qwen2moe 2048  1408      60      4     24    16 16  128 151936    8192 1000000      1    1e-6 silu         0      0      0   5632
      qwen3.5-4b        qwen35    2560  9216       0      0     32    16  4  256 248320  262144 10000000     1    1e-6 silu         0      0     64      0
      qwen3.5-35b-a3b   qwen35moe 2048   512     256      8     40    16  2  256 248320  262144 10000000     1    1e-6 silu         0      0     64    512
      qwen3-next-80b-a3b qwen3next 2048  512     512     10     48    16  2  256 151936  262144 10000000     1    1e-6 silu         0      0     64    512
      """;

  /// So slow is a pair that does not turn.
  private static final float STILL = 1e30f;

  /// Those of which all but the last of each `period` of layers have delta networks.
  private static final String DELTA_NETS =
      """
      name               period keys values head kernel
      qwen3.5-4b              4   16     32  128      4
      qwen3.5-35b-a3b         4   16     32  128      4
      qwen3-next-80b-a3b      4   16     32  128      4
      """;

  private static final Pattern SPACES = Pattern.compile(" +");

  private static final List<Shape> ALL = lines(TABLE);

  private Shapes() {}

  private static List<Shape> lines(String table) {
    List<String> columns = cells(table.lines().findFirst().orElseThrow());
    return table.lines().skip(1).map(line -> new Shape(columns, cells(line))).toList();
  }

  private static List<String> cells(String line) {
    return List.of(SPACES.split(line));
  }

  /// A line of a table.
  private record Shape(List<String> columns, List<String> cells) {
    String text(String column) {
      return cells.get(columns.indexOf(column));
    }

    int integer(String column) {
      return Integer.parseInt(text(column));
    }

    float number(String column) {
      return Float.parseFloat(text(column));
    }

    ModelSpec spec(DType weightType, int layers) {
      ModelSpec spec =
          new ModelSpec(
              Architecture.named(text("arch")),
              weightType,
              integer("dim"),
              integer("ffn"),
              integer("experts"),
              integer("active"),
              layers,
              integer("heads"),
              integer("kv"),
              integer("head"),
              integer("vocab"),
              integer("context"),
              number("epsilon"),
              Activation.valueOf(text("act").toUpperCase(Locale.ROOT)),
              rope());
      Architecture architecture = spec.architecture();
      DeltaNet deltaNet =
          lines(DELTA_NETS).stream()
              .filter(known -> known.text("name").equals(text("name")))
              .findFirst()
              .map(known -> known.deltaNet(architecture, layers))
              .orElse(DeltaNet.NONE);
      int window = integer("window");
      int shared = integer("shared");
      ModelSpec mixed = shared == 0 ? spec : spec.with(spec.mixture().withShared(shared));
      return window == 0
          ? mixed.with(deltaNet)
          : layered(
              mixed.with(Sliding.inPeriods(window, integer("period"), layers, slidingRope())));
    }

    /// With what differs from layer to layer.
    private ModelSpec layered(ModelSpec spec) {
      return LAYERED.stream()
          .filter(of -> of.name.equals(text("name")))
          .map(of -> of.of(spec))
          .findFirst()
          .orElse(spec);
    }

    /// Of a line of the table of those.
    private DeltaNet deltaNet(Architecture architecture, int layers) {
      int keys = integer("keys");
      int values = integer("values");
      int period = integer("period");
      return DeltaNet.of(
              DeltaNet.inPeriods(period, Math.max(period, layers)),
              keys,
              values,
              integer("head"),
              integer("kernel"),
              DeltaNet.together(
                  architecture.has(Architecture.Trait.GROUPED_VALUE_HEADS), keys, values))
          .resized(layers);
    }

    private Rope rope() {
      int turned = integer("turned");
      return turned == 0 ? whole() : whole().turning(turned);
    }

    private Rope whole() {
      float theta = number("theta");
      float factor = number("scaled");
      if (text("arch").startsWith("gemma4")) {
        return quarter(theta, integer("head"));
      }
      if (factor == 1) {
        return Rope.unscaled(theta);
      }
      return switch (text("arch")) {
        case "gemma3" -> Rope.linear(theta, factor);
        case "gpt-oss" -> Rope.yarn(theta, factor, 1, 32, 4096, 1);
        default -> Rope.llama31(theta, factor, 1, 4, 8192);
      };
    }

    private Rope slidingRope() {
      return text("arch").startsWith("gemma") ? Rope.unscaled(10_000) : rope();
    }

    /// Of whose pairs the first quarter turns.
    private static Rope quarter(float theta, int headDim) {
      int pairs = headDim / 2;
      return Rope.perPair(
          theta,
          IntStream.range(0, pairs).mapToObj(pair -> pair < pairs / 4 ? 1f : STILL).toList());
    }
  }

  /// What the layers of Gemma 4 have.
  ///
  /// @param headDim of layers that slide, as `kvHeads`
  /// @param narrow width of the networks of layers that have keys, where it is another one
  private record Layered(
      String name, int headDim, int kvHeads, int borrowers, int narrow, int inputDim) {
    ModelSpec of(ModelSpec spec) {
      int layers = spec.layers();
      int most = Math.min(borrowers, layers - Math.min(layers, 2 * spec.sliding().period()));
      List<Integer> widths =
          narrow == 0 || most == 0
              ? List.of()
              : IntStream.range(0, layers)
                  .mapToObj(layer -> layer < layers - most ? narrow : spec.ffnDim())
                  .toList();
      boolean keysAreValues = inputDim == 0;
      return spec.with(spec.sliding().withHeads(headDim, kvHeads))
          .with(new Layering(widths, most, keysAreValues, inputDim))
          .with(spec.scales().withCap(30));
    }
  }

  private static final List<Layered> LAYERED =
      List.of(
          new Layered("gemma4-e2b", 256, 1, 20, 6144, 256),
          new Layered("gemma4-e4b", 256, 2, 18, 0, 256),
          new Layered("gemma4-26b-a4b", 256, 8, 0, 0, 0),
          new Layered("gemma4-31b", 256, 16, 0, 0, 0));

  /// The names that [#spec] knows.
  public static List<String> names() {
    return ALL.stream().map(shape -> shape.text("name")).toList();
  }

  /// A shape with all its layers.
  ///
  /// @throws UserException for an unknown name
  public static ModelSpec spec(String name, DType weightType) {
    return spec(name, weightType, Optional.empty());
  }

  /// A shape, with fewer or more layers than the model of that name where `layers` is given.
  ///
  /// @throws UserException for an unknown name or less than one layer
  public static ModelSpec spec(String name, DType weightType, Optional<Integer> layers) {
    Shape shape =
        ALL.stream()
            .filter(known -> known.text("name").equals(name))
            .findFirst()
            .orElseThrow(
                () ->
                    new UserException(
                        "shape '%s' is not known; choose one of %s"
                            .formatted(name, String.join(", ", names()))));
    int layerCount = layers.orElse(shape.integer("layers"));
    if (layerCount < 1) {
      throw new UserException("layers=%d must be at least 1".formatted(layerCount));
    }
    return shape.spec(weightType, layerCount);
  }
}
