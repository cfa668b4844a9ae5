package dllama.format.gguf;

import dllama.tokenizer.ByteAlphabet;
import dllama.tokenizer.BytePairTokenizer;
import dllama.tokenizer.MergeRules;
import dllama.tokenizer.PreTokenizer;
import dllama.tokenizer.SentencePieceTokenizer;
import dllama.tokenizer.TokenKind;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Encoding;
import dllama.tokenizer.Tokenizer.Printing;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import java.util.stream.IntStream;

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
  private final EndTokens ends;

  private GgufTokenizer(GgufFile file) {
    this.file = file;
    this.metadata = file.metadata();
    this.names = names();
    this.kinds = kinds();
    this.ends = EndTokens.of(metadata, names, kinds);
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

  private Vocabulary sentencePiece() {
    float[] scores = metadata.floats(PREFIX + "scores").orElse(new float[names.length]);
    if (scores.length < names.length) {
      throw file.damaged(
          "it has %d tokens, but scores of %d".formatted(names.length, scores.length));
    }
    boolean spaceInFront = metadata.bool(PREFIX + "add_space_prefix", true);
    byte[][] pieces = pieces(false);
    int[] byteTokens = byteTokens(pieces);
    boolean addEos = addEos();
    return vocabulary(
        pieces,
        Arrays.copyOf(scores, names.length),
        true,
        spaceInFront,
        of -> new SentencePieceTokenizer(of, names, kinds, byteTokens, spaceInFront, addEos));
  }

  private Vocabulary byteLevel() {
    PreTokenizer splitting =
        PreTokenizer.named(metadata.findString(PRE).orElse("")).orElse(PreTokenizer.DEFAULT);
    MergeRules merges = merges();
    boolean addEos = addEos();
    return vocabulary(
        pieces(true),
        mergeOrder(),
        splitting.addBos(),
        false,
        of -> BytePairTokenizer.byteLevel(of, names, kinds, merges, splitting, addEos));
  }

  private Vocabulary byCharacters() {
    MergeRules merges = merges();
    boolean addEos = addEos();
    return vocabulary(
        pieces(false),
        mergeOrder(),
        true,
        false,
        of -> BytePairTokenizer.byCharacters(of, names, kinds, merges, addEos));
  }

  private boolean addEos() {
    return metadata.bool(PREFIX + "add_eos_token", false);
  }

  /// Scores that come to the order of the ids, in which such vocabularies were merged.
  private float[] mergeOrder() {
    float[] scores = new float[names.length];
    for (int id = 0; id < scores.length; id++) {
      scores[id] = -id;
    }
    return scores;
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

  /// What is shown of tokens, or their names.
  private byte[][] pieces(boolean byteLevel) {
    byte[][] pieces = new byte[names.length][];
    for (int id = 0; id < pieces.length; id++) {
      byte[] name = names[id];
      pieces[id] =
          switch (kinds[id]) {
            case NORMAL -> byteLevel ? ByteAlphabet.bytes(name) : withSpaces(name);
            case BYTE -> byteOf(name);
            case UNUSED, UNKNOWN, CONTROL, USER_DEFINED -> name;
          };
    }
    return pieces;
  }

  private static byte[] withSpaces(byte[] name) {
    return new String(name, StandardCharsets.ISO_8859_1)
        .replace("\u00E2\u0096\u0081", " ")
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  /// The byte that `<0x41>` stands for.
  private byte[] byteOf(byte[] name) {
    String text = new String(name, StandardCharsets.ISO_8859_1);
    if (!text.matches("<0x[0-9A-Fa-f]{2}>")) {
      throw file.damaged("token %s is no byte, though its type says so".formatted(text));
    }
    return new byte[] {(byte) Integer.parseInt(text.substring(3, 5), 16)};
  }

  /// Tokens of single bytes; a token of the character will do where there is none of the byte.
  private int[] byteTokens(byte[][] pieces) {
    int[] tokens = new int[256];
    Arrays.fill(tokens, -1);
    for (int id = pieces.length - 1; id >= 0; id--) {
      if (pieces[id].length == 1 && kinds[id] == TokenKind.NORMAL) {
        tokens[pieces[id][0] & 0xFF] = id;
      }
    }
    for (int id = pieces.length - 1; id >= 0; id--) {
      if (kinds[id] == TokenKind.BYTE) {
        tokens[pieces[id][0] & 0xFF] = id;
      }
    }
    return tokens;
  }

  private Vocabulary vocabulary(
      byte[][] pieces, float[] scores, boolean addBos, boolean spaceInFront, Encoding encoding) {
    BitSet silent = new BitSet();
    for (int id = 0; id < kinds.length; id++) {
      silent.set(id, kinds[id].silent());
    }
    return new Vocabulary(
        pieces,
        scores,
        ends.bos(),
        ends.eos(),
        metadata.bool(PREFIX + "add_bos_token", addBos),
        metadata.findString(TEMPLATE).filter(text -> !text.isEmpty()).orElse(null),
        new Printing(silent, spaceInFront, false),
        encoding);
  }
}
