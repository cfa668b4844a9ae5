package dllama.session;

import dllama.engine.EngineSettings;
import dllama.engine.ShardEngine;
import dllama.error.UserException;
import dllama.format.BuiltInModel;
import dllama.format.ModelFiles;
import dllama.format.TokenizerFiles;
import dllama.format.file.ModelFile;
import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.QuantizationMix;
import dllama.model.Shapes;
import dllama.settings.FloatType;
import dllama.settings.ModelSettings;
import dllama.slice.ShardPlan;
import dllama.slice.Shares;
import dllama.slice.SliceLayout;
import dllama.tensor.DType;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A model that is open, with what the settings leave to it decided.
///
/// @param name for the user
/// @param file that holds the weights; null for random ones
/// @param exchange type of the exchanged partials
/// @param kv type of the key/value cache
/// @param contextLength positions to reserve
/// @param prefillBatch tokens of a prompt to compute together, if frames allow so many
public record LoadedModel(
    String name,
    ModelSource source,
    @Nullable ModelFile file,
    DType exchange,
    DType kv,
    int contextLength,
    int prefillBatch)
    implements AutoCloseable {
  private static final int USUAL_BATCH = 32;
  private static final int LARGEST_BATCH = 128;

  /// Tokens that an expert should have of a batch.
  private static final int TOKENS_PER_EXPERT = 8;

  /// Opens the model file of the settings, or the built-in model where they name none.
  ///
  /// @throws UserException if it can not be read, or it contradicts a setting
  public static LoadedModel open(ModelSettings settings) {
    var hints =
        new ModelFile.Hints(
            settings.arch().map(Architecture::named),
            settings.weightsFloatType().map(LoadedModel::dtype));
    if (settings.model().isEmpty()) {
      return builtIn(settings, hints);
    }
    Path path = settings.model().get();
    ModelFile file = ModelFiles.open(path, hints);
    return of(String.valueOf(path.getFileName()), file.source(), file, settings);
  }

  /// The model in the jar, for who gives neither model nor tokenizer.
  private static LoadedModel builtIn(ModelSettings settings, ModelFile.Hints hints) {
    if (settings.tokenizer().isPresent()) {
      throw new UserException(
          "no model: give --model FILE.m with --tokenizer FILE.t, or neither for the built-in one");
    }
    ModelFile file = BuiltInModel.model(hints);
    return of(BuiltInModel.NAME, file.source(), file, settings);
  }

  /// A model of random weights, which every node makes for itself.
  public static LoadedModel random(String name, ModelSpec spec, long seed, ModelSettings settings) {
    return of(name, new ModelSource.Random(spec, seed), null, settings);
  }

  private static LoadedModel of(
      String name, ModelSource source, @Nullable ModelFile file, ModelSettings settings) {
    List<DType> weights = source.spec().weightTypes();
    return new LoadedModel(
        name,
        source,
        file,
        dtype(settings.bufferFloatType(weights.stream().anyMatch(DType::quantized))),
        dtype(settings.kvFloatType(weights.equals(List.of(DType.F32)))),
        settings.contextLength(source.spec().contextLength()),
        settings.prefillBatch().orElseGet(() -> batch(source.spec())));
  }

  /// Tokens that go to a few experts of many share none of their weights unless they are many: the
  /// usual batch would read nearly all of the model for one or two tokens of each expert.
  private static int batch(ModelSpec spec) {
    if (spec.experts() == 0) {
      return USUAL_BATCH;
    }
    int tokens = TOKENS_PER_EXPERT * spec.experts() / spec.activeExperts();
    int whole = Math.ceilDiv(tokens, USUAL_BATCH) * USUAL_BATCH;
    return Math.clamp(whole, USUAL_BATCH, LARGEST_BATCH);
  }

  /// A shape whose weights are made up, not read.
  ///
  /// @throws UserException for an unknown name
  public static ModelSpec shape(String name, Optional<Integer> layers, ModelSettings settings) {
    FloatType type = settings.weightsFloatType().orElse(FloatType.Q4_0);
    return switch (type) {
      case Q4_K_M -> QuantizationMix.q4km(Shapes.spec(name, DType.F32, layers));
      case MXFP4_MOE -> QuantizationMix.mxfp4Moe(Shapes.spec(name, DType.F32, layers));
      default -> Shapes.spec(name, dtype(type), layers);
    };
  }

  /// The type to which weights are rounded.
  public static DType roundedTo(ModelSettings settings) {
    return dtype(settings.weightsFloatType().orElse(FloatType.Q4_0));
  }

  private static DType dtype(FloatType type) {
    if (type.isMix()) {
      throw new UserException(
          "--weights-float-type %s is a mix of types, for random weights only; leave it out"
              .formatted(type));
    }
    return DType.named(type.name());
  }

  public ModelSpec spec() {
    return source.spec();
  }

  /// Types of the weights, for JSON: such as q40, or q40+q80.
  public String weights() {
    return spec().weightTypes().stream().map(DType::option).collect(Collectors.joining("+"));
  }

  /// How long a context is here.
  public ContextLimit contextLimit() {
    return new ContextLimit(contextLength, spec().contextLength());
  }

  private boolean builtIn() {
    return file != null && file.paths().isEmpty();
  }

  /// One line for the user: what the file was taken for.
  public String description() {
    if (builtIn()) {
      return "built-in model: very small, made to try things; give a real one with --model FILE.m"
          + " --tokenizer FILE.t";
    }
    ModelSpec spec = spec();
    String experts =
        spec.experts() == 0
            ? ""
            : ", %d of %d experts".formatted(spec.activeExperts(), spec.experts());
    return "%s: architecture %s, %s weights, %d layers%s"
        .formatted(
            name,
            spec.architecture().name(),
            spec.weightTypes().stream().map(DType::name).collect(Collectors.joining(", ")),
            spec.layers(),
            experts);
  }

  /// Bytes that weights and cache take on the rank that has the most of them.
  public long nodeBytes(int worldSize) {
    ShardPlan plan = new ShardPlan(spec(), exchange, Shares.equal(worldSize));
    EngineSettings engine =
        EngineSettings.ofOneSequence(
            plan.spec(), kv, contextLength, Math.min(prefillBatch, contextLength));
    int most = plan.largestRank();
    return new SliceLayout(plan, most).totalBytes() + ShardEngine.cacheBytes(plan, most, engine);
  }

  /// The same for each number of nodes that the model can run on.
  public SequencedMap<Integer, Long> bytesByNodes() {
    SequencedMap<Integer, Long> bytes = new LinkedHashMap<>();
    for (int nodes : ShardPlan.usableWorldSizes(spec(), exchange)) {
      bytes.put(nodes, nodeBytes(nodes));
    }
    return bytes;
  }

  /// The vocabulary of the settings' tokenizer file, or else of the model file, as this model uses
  /// it.
  ///
  /// @throws UserException if there is none, or it does not fit the model
  public Vocabulary vocabulary(ModelSettings settings) {
    Optional<Vocabulary> inside =
        settings.tokenizer().isPresent() || file == null ? Optional.empty() : file.vocabulary();
    Vocabulary vocabulary =
        inside.isPresent()
            ? TokenizerFiles.fitting(inside.get(), spec(), "the tokenizer of " + name)
            : read(tokenizerPath(settings));
    return spec().architecture().has(Architecture.Trait.WITHOUT_BOS)
        ? vocabulary.withoutBos()
        : vocabulary;
  }

  private Vocabulary read(Path path) {
    return TokenizerFiles.fitting(TokenizerFiles.read(path), spec(), "tokenizer file " + path);
  }

  /// Whether the vocabulary comes from the user's model file, with a template to be rendered.
  public boolean rendersTemplate(ModelSettings settings) {
    return settings.tokenizer().isEmpty()
        && file != null
        && !builtIn()
        && file.vocabulary().isPresent();
  }

  /// What the user should know of the model or its tokenizer, in a line.
  public Optional<String> warning(ModelSettings settings) {
    return settings.tokenizer().isPresent()
        ? TokenizerFiles.warning(settings.tokenizer().get())
        : Optional.ofNullable(file).flatMap(ModelFile::warning);
  }

  /// The tokenizer file of the settings.
  ///
  /// @throws UserException if they name none
  public static Path tokenizerPath(ModelSettings settings) {
    return settings
        .tokenizer()
        .orElseThrow(() -> new UserException("no tokenizer: give --tokenizer FILE.t"));
  }

  @Override
  public void close() {
    if (file != null) {
      file.close();
    }
  }
}
