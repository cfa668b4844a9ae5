package dllama.format.gguf;

import dllama.format.file.EndTokens;
import dllama.tokenizer.MergeRules;
import dllama.tokenizer.PreTokenizer;
import dllama.tokenizer.ScoredVocabulary;
import dllama.tokenizer.TextForm;
import dllama.tokenizer.TokenKind;
import dllama.tokenizer.TokenTable;
import dllama.tokenizer.TokenTable.Frame;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Reads the tokenizer of a GGUF file.
public final class GgufTokenizer {
  private static final String PREFIX = "tokenizer.ggml.";
  private static final String MODEL = PREFIX + "model";
  private static final String PRE = PREFIX + "pre";
  private static final String TOKENS = PREFIX + "tokens";
  private static final String MERGES = PREFIX + "merges";
  private static final String TEMPLATE = "tokenizer.chat_template";

  /// More than any vocabulary has.
  private static final int MOST_TOKENS = 1 << 22;

  private static final int MOST_MERGES = 1 << 21;

  private final GgufFile file;
  private final GgufMetadata metadata;
  private final byte[][] names;
  private final TokenKind[] kinds;

  private GgufTokenizer(GgufFile file) {
    this.file = file;
    this.metadata = file.metadata();
    this.names = names();
    this.kinds = kinds();
  }

  /// The tokenizer.
  ///
  /// @throws dllama.error.UserException if the file has none, or one that is not known
  public static Tokenizer of(GgufFile file) {
    return Tokenizer.of(vocabulary(file));
  }

  /// The vocabulary, of which the tokenizer is made. Nothing of it stays in the mapped file.
  ///
  /// @throws dllama.error.UserException if the file has none, or one that is not known
  public static Vocabulary vocabulary(GgufFile file) {
    String model = file.metadata().string(MODEL);
    GgufTokenizer reader =
        switch (model) {
          case "llama", "gpt2", "gemma4" -> new GgufTokenizer(file);
          default ->
              throw file.refused(
                  "its tokenizer is %s; known are llama, gpt2 and gemma4".formatted(model),
                  "take a model of another family");
        };
    return switch (model) {
      case "llama" -> reader.sentencePiece();
      case "gpt2" -> reader.byteLevel();
      default -> reader.byCharacters();
    };
  }

  /// The vocabulary as a `.t` file can hold it.
  ///
  /// @throws dllama.error.UserException if the file has none, or one that is more than that
  static Vocabulary scored(GgufFile file) {
    vocabulary(file); // whatever is wrong with it
    GgufTokenizer reader = new GgufTokenizer(file);
    return switch (file.metadata().string(MODEL)) {
      case "llama" ->
          ScoredVocabulary.sentencePiece(reader.table(), reader.frame(true), reader.scores());
      case "gpt2" ->
          ScoredVocabulary.byteLevel(reader.table(), reader.frame(reader.splitting().addBos()));
      default ->
          throw file.refused(
              "a .t file can not tell BPE by characters",
              "give the GGUF file itself as --tokenizer");
    };
  }

  /// Whether a file has a tokenizer; some hold a model alone.
  static boolean isIn(GgufFile file) {
    return file.metadata().has(MODEL);
  }

  /// What the user should know: the rule by which text is to be split is not known, and another one
  /// is used.
  public static Optional<String> warning(GgufFile file) {
    if (!file.metadata().findString(MODEL).equals(Optional.of("gpt2"))) {
      return Optional.empty();
    }
    return file.metadata()
        .findString(PRE)
        .filter(name -> PreTokenizer.named(name).isEmpty())
        .map(
            name ->
                "the file's pre-tokenizer %s is not known; the default one is used, and answers may be worse for it"
                    .formatted(name));
  }

  private byte[][] names() {
    GgufStrings tokens =
        metadata
            .strings(TOKENS)
            .filter(found -> found.size() > 0)
            .orElseThrow(() -> file.damaged("it has no tokens (%s)".formatted(TOKENS)));
    if (tokens.size() > MOST_TOKENS) {
      throw file.damaged("it has %,d tokens, which can not be".formatted(tokens.size()));
    }
    return IntStream.range(0, tokens.size()).mapToObj(tokens::bytes).toArray(byte[][]::new);
  }

  private TokenKind[] kinds() {
    int[] types = metadata.ints(PREFIX + "token_type").orElse(new int[0]);
    if (types.length > 0 && types.length < names.length) {
      throw file.damaged("it has %d tokens, but types of %d".formatted(names.length, types.length));
    }
    TokenKind[] read = new TokenKind[names.length];
    Arrays.fill(read, TokenKind.NORMAL);
    for (int id = 0; id < Math.min(types.length, read.length); id++) {
      read[id] =
          switch (types[id]) {
            case 1 -> TokenKind.NORMAL;
            case 2 -> TokenKind.UNKNOWN;
            case 3 -> TokenKind.CONTROL;
            case 4 -> TokenKind.USER_DEFINED;
            case 6 -> TokenKind.BYTE;
            default -> TokenKind.UNUSED;
          };
    }
    return read;
  }

  private float[] scores() {
    float[] scores = metadata.floats(PREFIX + "scores").orElse(new float[names.length]);
    if (scores.length < names.length) {
      throw file.damaged(
          "it has %d tokens, but scores of %d".formatted(names.length, scores.length));
    }
    return Arrays.copyOf(scores, names.length);
  }

  private Vocabulary sentencePiece() {
    boolean spaceInFront = metadata.bool(PREFIX + "add_space_prefix", true);
    return table().sentencePiece(frame(true), scores(), spaceInFront);
  }

  private Vocabulary byteLevel() {
    PreTokenizer splitting = splitting();
    return table().byteLevel(frame(splitting.addBos()), merges(), splitting, TextForm.PLAIN);
  }

  private PreTokenizer splitting() {
    return PreTokenizer.named(metadata.findString(PRE).orElse("")).orElse(PreTokenizer.DEFAULT);
  }

  private Vocabulary byCharacters() {
    return table().byCharacters(frame(true), merges(), PreTokenizer.LINES, TextForm.MARKED);
  }

  private TokenTable table() {
    return file.checked(() -> new TokenTable(names, kinds));
  }

  /// @param addBos whether texts begin with BOS where the file does not say
  private Frame frame(boolean addBos) {
    boolean sentencePiece = metadata.string(MODEL).equals("llama");
    List<Integer> told =
        Stream.of(id("eos", sentencePiece ? 2 : -1), id("eot", -1), id("eom", -1))
            .filter(id -> id >= 0)
            .toList();
    return new Frame(
        id("bos", sentencePiece ? 1 : -1),
        EndTokens.of(told, names, kinds).eos(),
        metadata.bool(PREFIX + "add_bos_token", addBos),
        metadata.bool(PREFIX + "add_eos_token", false),
        metadata.findString(TEMPLATE).filter(text -> !text.isEmpty()).orElse(null));
  }

  /// A token that the file names; one that is out of range counts as not named.
  private int id(String name, int otherwise) {
    int id = metadata.u32(PREFIX + name + "_token_id", otherwise);
    int usual = otherwise < names.length ? otherwise : -1;
    return id < names.length ? id : usual;
  }

  private MergeRules merges() {
    GgufStrings list =
        metadata
            .strings(MERGES)
            .orElseThrow(() -> file.damaged("it has no merges (%s)".formatted(MERGES)));
    if (list.size() > MOST_MERGES) {
      throw file.damaged("it has %,d merges, which can not be".formatted(list.size()));
    }
    MergeRules rules = new MergeRules(names, kinds, list.size());
    for (int i = 0; i < list.size(); i++) {
      rules.add(list.bytes(i));
    }
    return rules;
  }
}
