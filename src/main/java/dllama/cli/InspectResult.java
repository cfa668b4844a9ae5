package dllama.cli;

import dllama.format.file.FileReport;
import dllama.model.ModelSpec;
import dllama.model.Rope;
import dllama.prediction.Prediction;
import dllama.tokenizer.ChatTemplate;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What `inspect` says; its JSON document. What a file does not have is null or empty.
///
/// @param parameters values of all tensors
/// @param keys what the file says of a model that is not supported
/// @param types by type, the one with most bytes first
/// @param tensors every one, if that was asked for
/// @param memory one for each number of nodes, with the context that is reserved
/// @param unusable why some numbers of nodes can not be used
/// @param unsupported why it can not be run, a line each; empty if it can
record InspectResult(
    List<String> files,
    String format,
    long bytes,
    @Nullable String architecture,
    long parameters,
    @Nullable Sizes sizes,
    Map<String, String> keys,
    List<TypeSum> types,
    List<TensorRow> tensors,
    @Nullable Words tokenizer,
    @Nullable Chat chatTemplate,
    List<NodeMemory> memory,
    List<String> unusable,
    List<String> unsupported) {

  /// What the forward pass is made of.
  ///
  /// @param rope how positions turn heads
  /// @param window positions that the layers which slide see; 0 where none does
  /// @param slidingLayers how many do
  /// @param slidingKvHeads heads of keys and values in these; 0 where as in the others
  /// @param slidingHeadDim width of a head in these; 0 where as in the others
  /// @param borrowers layers that read keys and values of earlier ones
  /// @param layerInputs values that each layer is given of a token
  record Sizes(
      int layers,
      int dim,
      int ffnDim,
      int heads,
      int kvHeads,
      int headDim,
      int experts,
      int activeExperts,
      int vocabulary,
      int contextLength,
      String rope,
      int window,
      long slidingLayers,
      int slidingKvHeads,
      int slidingHeadDim,
      int borrowers,
      int layerInputs) {
    static Sizes of(ModelSpec spec) {
      return new Sizes(
          spec.layers(),
          spec.dim(),
          spec.ffnDim(),
          spec.heads(),
          spec.kvHeads(),
          spec.headDim(),
          spec.experts(),
          spec.activeExperts(),
          spec.vocabSize(),
          spec.contextLength(),
          rope(spec),
          spec.sliding().window(),
          spec.sliding().layers().stream().filter(slides -> slides).count(),
          spec.sliding().kvHeads(),
          spec.sliding().headDim(),
          spec.layering().borrowers(),
          spec.layering().inputDim());
    }

    /// That of the layers that have one.
    private static String rope(ModelSpec spec) {
      boolean all = spec.rope().turned() > 0;
      Rope rope = all ? spec.rope() : spec.sliding().rope();
      int turned = rope.turned(spec.headDim());
      String part = turned < spec.headDim() ? "%d values, ".formatted(turned) : "";
      String some = all ? "" : "not in all layers, ";
      String base = "%s%sbase %s".formatted(some, part, rope.theta());
      return switch (rope.scaling()) {
        case NONE -> base;
        case LINEAR -> "%s, linear, factor %s".formatted(base, rope.factor());
        case LLAMA31, YARN ->
            "%s, %s, factor %s, trained on %d"
                .formatted(
                    base,
                    rope.scaling().name().toLowerCase(Locale.ROOT),
                    rope.factor(),
                    rope.originalContextLength());
        case PER_PAIR -> base + ", a factor for each pair";
        case LONG ->
            "%s, factors for each pair, trained on %d"
                .formatted(base, rope.originalContextLength());
      };
    }
  }

  /// All tensors of a type.
  record TypeSum(String type, int tensors, long bytes) {}

  /// A tensor; the length of a row first.
  record TensorRow(String name, String type, List<Long> shape, long bytes) {}

  /// A token by id.
  record Token(int id, String text) {}

  /// @param addsBos whether texts begin with `bos`
  /// @param special how many tokens are special
  record Words(
      String kind,
      int size,
      String preTokenizer,
      int special,
      @Nullable Token bos,
      boolean addsBos,
      List<Token> ends) {
    static Words of(FileReport.Words words) {
      Vocabulary of = words.vocabulary();
      return new Words(
          words.kind(),
          of.size(),
          words.preTokenizer(),
          words.special(),
          of.bosId() < 0 ? null : token(of, of.bosId()),
          of.addBos(),
          of.eosIds().stream().map(id -> token(of, id)).toList());
    }

    private static Token token(Vocabulary of, int id) {
      return new Token(id, of.text(id));
    }
  }

  /// @param known name of one of our own that it looks like
  record Chat(@Nullable String known, int characters, String firstLine) {
    static @Nullable Chat of(Vocabulary vocabulary) {
      String jinja = vocabulary.chatTemplate();
      if (jinja == null) {
        return null;
      }
      String known = ChatTemplate.knows(jinja) ? ChatTemplate.detect(jinja).code() : null;
      return new Chat(known, jinja.length(), jinja.lines().findFirst().orElse(""));
    }
  }

  /// Bytes on each of so many nodes, as `plan` has them.
  ///
  /// @param contextLength positions of the cache
  record NodeMemory(
      int nodes, int contextLength, long slice, long cache, long process, long total) {
    static NodeMemory of(int nodes, int contextLength, Prediction.Memory memory) {
      return new NodeMemory(
          nodes, contextLength, memory.slice(), memory.cache(), memory.process(), memory.total());
    }
  }

  /// @param listed whether every tensor is
  static InspectResult of(
      FileReport report,
      boolean listed,
      List<NodeMemory> memory,
      List<String> unusable,
      List<String> unsupported) {
    List<TensorRow> rows = new ArrayList<>();
    Map<String, TypeSum> sums = new LinkedHashMap<>();
    long parameters = 0;
    for (FileReport.Entry entry : report.tensors()) {
      rows.add(new TensorRow(entry.name(), entry.type(), entry.shape(), entry.bytes()));
      parameters += entry.values();
      TypeSum more = new TypeSum(entry.type(), 1, entry.bytes());
      sums.merge(
          entry.type(),
          more,
          (a, b) -> new TypeSum(a.type(), a.tensors() + b.tensors(), a.bytes() + b.bytes()));
    }
    return new InspectResult(
        report.paths().stream().map(String::valueOf).toList(),
        report.format(),
        report.bytes(),
        report.architecture().isEmpty() ? null : report.architecture(),
        parameters,
        report.spec().map(Sizes::of).orElse(null),
        report.facts(),
        sums.values().stream().sorted((a, b) -> Long.compare(b.bytes(), a.bytes())).toList(),
        listed ? rows : List.of(),
        report.tokenizer().map(Words::of).orElse(null),
        report.tokenizer().map(words -> Chat.of(words.vocabulary())).orElse(null),
        memory,
        unusable,
        unsupported);
  }
}
