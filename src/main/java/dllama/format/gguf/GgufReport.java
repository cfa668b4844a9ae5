package dllama.format.gguf;

import dllama.error.UserException;
import dllama.format.file.FileReport;
import dllama.format.file.FileReport.Entry;
import dllama.format.file.FileReport.Words;
import dllama.format.file.ModelFile;
import dllama.model.ModelSpec;
import dllama.tokenizer.PreTokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What a GGUF file says of itself. Of a model that is not supported that is what its keys say.
public final class GgufReport {
  private static final String MODEL = "tokenizer.ggml.model";

  /// More than any key of a model has that is worth to be shown.
  private static final int MOST_FACTS = 64;

  private final GgufFile file;
  private final List<String> obstacles = new ArrayList<>();

  private GgufReport(GgufFile file) {
    this.file = file;
  }

  /// Reads a file, or all parts of one.
  ///
  /// @throws UserException for a file that is not complete or contradicts itself
  public static FileReport of(Path path) {
    try (GgufFile file = GgufFile.open(path)) {
      return new GgufReport(file).read(path);
    }
  }

  private FileReport read(Path path) {
    Optional<ModelSpec> spec = file.tensors().isEmpty() ? Optional.empty() : spec(path);
    Optional<Words> words = words();
    String architecture = file.metadata().findString("general.architecture").orElse("");
    List<Entry> tensors =
        file.tensors().stream()
            .map(
                tensor ->
                    new Entry(
                        tensor.name(),
                        tensor.type().name(),
                        Arrays.stream(tensor.dims()).boxed().toList(),
                        tensor.length()))
            .toList();
    return new FileReport(
        tensors.isEmpty() ? "GGUF file without a model" : "GGUF file",
        file.paths(),
        file.size(),
        architecture,
        spec.isPresent() ? Map.of() : facts(architecture),
        spec,
        tensors,
        words,
        obstacles);
  }

  private Optional<ModelSpec> spec(Path path) {
    try (GgufModel model = GgufModel.open(path, ModelFile.Hints.NONE)) {
      return Optional.of(model.spec());
    } catch (UserException e) {
      obstacles.add(String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  private Optional<Words> words() {
    if (!GgufTokenizer.isIn(file)) {
      return Optional.empty();
    }
    try {
      var vocabulary = GgufTokenizer.vocabulary(file);
      int[] kinds = file.metadata().ints("tokenizer.ggml.token_type").orElse(new int[0]);
      int special = (int) Arrays.stream(kinds).filter(kind -> kind == 3 || kind == 4).count();
      return Optional.of(new Words(vocabulary, kind(), preTokenizer(), special));
    } catch (UserException e) {
      obstacles.add(String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  private String kind() {
    return switch (file.metadata().string(MODEL)) {
      case "llama" -> "SentencePiece";
      case "gpt2" -> "byte-level pairs";
      default -> "pairs of characters";
    };
  }

  private String preTokenizer() {
    String name = file.metadata().findString("tokenizer.ggml.pre").orElse("");
    return name.isEmpty() || PreTokenizer.named(name).isPresent()
        ? name
        : name + " (not known: the default one is used)";
  }

  /// The model's own keys.
  private Map<String, String> facts(String architecture) {
    Map<String, String> facts = new LinkedHashMap<>();
    file.metadata().keys().stream()
        .filter(key -> !architecture.isEmpty() && key.startsWith(architecture + "."))
        .limit(MOST_FACTS)
        .forEach(key -> facts.put(key, fact(key)));
    return facts;
  }

  private String fact(String key) {
    return file.metadata()
        .number(key)
        .filter(number -> number == Math.rint(number))
        .map(number -> String.format(Locale.ROOT, "%.0f", number))
        .orElseGet(() -> file.metadata().shown(key));
  }
}
