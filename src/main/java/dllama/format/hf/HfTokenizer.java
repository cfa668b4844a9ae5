package dllama.format.hf;

import dllama.error.UserException;
import dllama.files.RegularFile;
import dllama.format.file.EndTokens;
import dllama.tokenizer.BytePairs;
import dllama.tokenizer.MergeRules;
import dllama.tokenizer.PreTokenizer;
import dllama.tokenizer.ScoredVocabulary;
import dllama.tokenizer.TokenTable;
import dllama.tokenizer.TokenTable.Frame;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// The tokenizer of a folder: `tokenizer.json`, and beside it what it does not say: which tokens
/// begin and end texts, and the chat template.
///
/// @param warnings what the user should know of it, a line each
public record HfTokenizer(Vocabulary vocabulary, List<String> warnings) {
  private static final String NAME = "tokenizer.json";
  private static final String TEMPLATE = "chat_template.jinja";

  /// Lists tokens that are in `tokenizer.json`, too.
  private static final String DECODER = "added_tokens_decoder";

  /// Whether a folder has one.
  public static boolean isIn(Path folder) {
    return Files.isRegularFile(folder.resolve(NAME));
  }

  /// Reads one.
  ///
  /// @param folder where it is
  /// @throws UserException if it is not there, or of a kind that is not supported
  public static HfTokenizer read(Path folder) {
    TokenizerJson json = TokenizerJson.read(folder.resolve(NAME));
    TokenTable tokens = json.tokens();
    TextSteps steps = steps(json);
    PreTokenizer splitting = steps.splitting(json.ignoreMerges());
    Frame frame = new Around(new HfFolder(folder), json, tokens).frame();
    MergeRules merges = json.merges(tokens);
    Vocabulary vocabulary =
        steps.byteLevel()
            ? tokens.byteLevel(frame, merges, splitting, steps.form())
            : tokens.byCharacters(frame, merges, splitting, steps.form());
    return new HfTokenizer(vocabulary, steps.warnings());
  }

  private static TextSteps steps(TokenizerJson json) {
    TextSteps steps = new TextSteps(json);
    if (!steps.byteLevel() && !(steps.marked() && json.byteFallback())) {
      throw json.refused("BPE that is neither byte-level nor has ▁ for spaces and byte_fallback");
    }
    return steps;
  }

  /// All of the vocabulary, for a file that holds it.
  ///
  /// @throws UserException if it is of a kind that is not supported
  public static BytePairs bytePairs(Path folder) {
    TokenizerJson json = TokenizerJson.read(folder.resolve(NAME));
    TokenTable tokens = json.tokens();
    TextSteps steps = steps(json);
    return new BytePairs(
        steps.byteLevel(),
        tokens,
        new Around(new HfFolder(folder), json, tokens).frame(),
        json.merges(),
        steps.splitting(json.ignoreMerges()),
        steps.form());
  }

  /// The vocabulary as a `.t` file can hold it.
  ///
  /// @throws UserException if it can not, or there is none that is supported
  public static Vocabulary scored(Path folder) {
    read(folder); // whatever is wrong with it
    TokenizerJson json = TokenizerJson.read(folder.resolve(NAME));
    TokenTable tokens = json.tokens();
    Frame frame = new Around(new HfFolder(folder), json, tokens).frameOfConverter();
    return new TextSteps(json).byteLevel()
        ? ScoredVocabulary.byteLevel(tokens, frame)
        : ScoredVocabulary.sentencePiece(tokens, frame, ScoredVocabulary.byOrder(tokens.size()));
  }

  /// What goes around texts.
  private record Around(HfFolder folder, TokenizerJson json, TokenTable tokens) {
    Frame frame() {
      Optional<HfValues> config = folder.values("config.json");
      Optional<HfValues> own = folder.values("tokenizer_config.json", DECODER);
      Optional<HfValues> generation = folder.values("generation_config.json");
      List<Integer> before = new ArrayList<>();
      List<Integer> after = new ArrayList<>();
      boolean told = json.part("post_processor").map(of -> read(of, before, after)).orElse(false);
      boolean addBos = !before.isEmpty();
      boolean addEos = !after.isEmpty();
      if (own.isPresent() && (!told || isLlamas(own.get()))) {
        // Such programs make a post-processor of what stands here.
        addBos = own.get().truth("add_bos_token").orElse(addBos);
        addEos = own.get().truth("add_eos_token").orElse(addEos);
      }
      int bos =
          Stream.concat(
                  before.stream(),
                  own
                      .map(of -> named(of, "bos_token"))
                      .orElseGet(() -> config.map(of -> ids(of, "bos_token_id")).orElse(List.of()))
                      .stream())
              .findFirst()
              .orElse(-1);
      Set<Integer> eos = new LinkedHashSet<>();
      own.ifPresent(of -> eos.addAll(named(of, "eos_token")));
      generation.ifPresent(of -> eos.addAll(ids(of, "eos_token_id")));
      config.ifPresent(of -> eos.addAll(ids(of, "eos_token_id")));
      List<Integer> ends = EndTokens.of(List.copyOf(eos), tokens.names(), tokens.kinds()).eos();
      return new Frame(bos, ends, addBos, addEos, template(own).orElse(null));
    }

    /// The same with the ends that distributed-llama's converter takes, those of `config.json`. If
    /// none of these is what ends a message in the chat template, that is one, too.
    Frame frameOfConverter() {
      Frame frame = frame();
      Optional<HfValues> config = folder.values("config.json");
      Set<Integer> ends =
          new LinkedHashSet<>(config.map(of -> ids(of, "eos_token_id")).orElse(List.of()));
      String template = frame.chatTemplate() == null ? "" : frame.chatTemplate();
      if (ends.stream().noneMatch(id -> template.contains(name(id)))) {
        frame.eos().stream()
            .filter(id -> ends.isEmpty() || template.contains(name(id)))
            .forEach(ends::add);
      }
      return new Frame(frame.bos(), List.copyOf(ends), frame.addBos(), false, frame.chatTemplate());
    }

    private String name(int id) {
      return new String(tokens.names()[id], StandardCharsets.UTF_8);
    }

    private static boolean isLlamas(HfValues own) {
      return own.text("tokenizer_class").orElse("").startsWith("LlamaTokenizer");
    }

    /// Tokens that a post-processor puts in front of a text and behind it.
    ///
    /// @return whether it puts anything anywhere
    private boolean read(HfValues step, List<Integer> before, List<Integer> after) {
      if (step.text("type").equals(Optional.of("Sequence"))) {
        boolean found = false;
        for (HfValues each : step.objects("processors")) {
          found |= read(each, before, after);
        }
        return found;
      }
      if (!step.text("type").equals(Optional.of("TemplateProcessing"))) {
        return false;
      }
      boolean behind = false;
      for (HfValues part : step.objects("single")) {
        Optional<HfValues> token = part.object("SpecialToken");
        behind |= token.isEmpty();
        if (token.isPresent()) {
          int id = json.added(token.get().text("id").orElse(""));
          if (id < 0) {
            throw token.get().unsupported("id");
          }
          (behind ? after : before).add(id);
        }
      }
      return true;
    }

    /// The token of a name, which may stand in an object.
    private List<Integer> named(HfValues values, String key) {
      Optional<Object> value = values.any(key);
      if (value.isEmpty()) {
        return List.of();
      }
      String name =
          value.get() instanceof String text
              ? text
              : values.object(key).flatMap(of -> of.text("content")).orElse("");
      int id = json.added(name);
      return id < 0 ? List.of() : List.of(id);
    }

    /// One id or a list of them; what is no token of this vocabulary counts as not told.
    private List<Integer> ids(HfValues values, String key) {
      List<?> told =
          values.any(key).orElse(List.of()) instanceof List<?> list
              ? list
              : List.of(values.any(key).orElseThrow());
      return told.stream()
          .filter(id -> id instanceof Long number && number >= 0 && number < tokens.size())
          .map(id -> ((Long) id).intValue())
          .toList();
    }

    /// The chat template: that of its own file, or the one that is named "default".
    private Optional<String> template(Optional<HfValues> own) {
      Optional<Path> file = folder.file(TEMPLATE);
      if (file.isPresent()) {
        return Optional.of(RegularFile.text(file.get(), "chat template"));
      }
      Optional<Object> told = own.flatMap(of -> of.any("chat_template"));
      if (told.isPresent() && told.get() instanceof List<?>) {
        List<HfValues> templates = own.orElseThrow().objects("chat_template");
        return templates.stream()
            .filter(of -> of.text("name").equals(Optional.of("default")))
            .findFirst()
            .or(() -> templates.stream().findFirst())
            .flatMap(of -> of.text("template"));
      }
      return own.flatMap(of -> of.text("chat_template")).filter(text -> !text.isEmpty());
    }
  }
}
