package dllama.format.hf;

import dllama.error.UserException;
import dllama.format.file.InputFile;
import dllama.format.file.JsonReader;
import dllama.tokenizer.MergeRules;
import dllama.tokenizer.TokenKind;
import dllama.tokenizer.TokenTable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What a `tokenizer.json` holds, apart from its merges, which are read when the tokens are known
/// ([#merges]): so none of the large lists is kept but as what is made of it.
final class TokenizerJson {
  /// Twice that of the largest vocabulary with the longest list of merges.
  private static final long MOST_BYTES = 96 << 20;

  private static final int MOST_TOKENS = 1 << 19;
  private static final int MOST_MERGES = (1 << 20) - 1;
  private static final int MOST_VALUES = 1 << 14;

  /// Ids may have gaps, but not many.
  private static final int MOST_GAPS = 1 << 12;

  /// A token that is found in texts before anything else.
  private record Added(int id, String name, boolean special) {}

  private final Path path;
  private final InputFile file;
  private final Map<String, HfValues> parts = new HashMap<>();
  private final List<byte[]> names = new ArrayList<>();
  private final List<Integer> ids = new ArrayList<>();
  private final List<Added> added = new ArrayList<>();
  private final Map<String, Integer> byName = new HashMap<>();
  private @Nullable String type;
  private @Nullable String unknown;
  private boolean byteFallback;
  private boolean ignoreMerges;
  private int merges;

  private TokenizerJson(Path path, InputFile file) {
    this.path = path;
    this.file = file;
  }

  /// Reads a file.
  ///
  /// @throws UserException if it is none, or one whose kind is not supported
  static TokenizerJson read(Path path) {
    try (InputFile file = InputFile.open(path, "tokenizer");
        JsonReader json = JsonReader.of(file, MOST_BYTES)) {
      TokenizerJson read = new TokenizerJson(path, file);
      json.object(name -> read.field(json, name));
      json.end();
      read.check();
      return read;
    }
  }

  private void field(JsonReader json, String name) {
    switch (name) {
      case "added_tokens" -> json.array(() -> addedToken(json));
      case "model" -> json.object(field -> modelField(json, field));
      case "normalizer", "pre_tokenizer", "post_processor" ->
          json.value(MOST_VALUES)
              .ifPresent(value -> parts.put(name, HfValues.of(file, name + ".", value)));
      default -> json.skip();
    }
  }

  private void addedToken(JsonReader json) {
    Object value = json.value(MOST_VALUES).orElse("");
    HfValues token = HfValues.of(file, "added_tokens.", value);
    String name = token.text("content").orElse("");
    if (name.isEmpty()) {
      throw token.unsupported("content");
    }
    count(added.size());
    added.add(new Added(token.required("id"), name, token.truth("special").orElse(false)));
  }

  private void modelField(JsonReader json, String name) {
    switch (name) {
      case "type" -> type = json.text();
      case "unk_token" -> unknown = json.isText() ? json.text() : skipped(json);
      case "byte_fallback" -> byteFallback = json.truth();
      case "ignore_merges" -> ignoreMerges = json.truth();
      case "continuing_subword_prefix", "end_of_word_suffix" -> {
        if (json.isText() && !json.text().isEmpty()) {
          throw unsupported("model.%s is used".formatted(name));
        }
        json.skip();
      }
      case "vocab" -> {
        if (json.isObject()) {
          json.object(token -> token(token, json.natural()));
        } else {
          json.skip(); // not BPE, as its type says
        }
      }
      case "merges" ->
          json.array(
              () -> {
                if (++merges > MOST_MERGES) {
                  throw file.damaged("it has more than %,d merges".formatted(MOST_MERGES));
                }
                json.skip();
              });
      default -> json.skip();
    }
  }

  private static @Nullable String skipped(JsonReader json) {
    json.skip();
    return null;
  }

  private void token(String name, long id) {
    count(names.size());
    if (id >= MOST_TOKENS + MOST_GAPS) {
      throw file.damaged("token %s has id %d, which can not be".formatted(name, id));
    }
    names.add(name.getBytes(StandardCharsets.UTF_8));
    ids.add((int) id);
  }

  private void count(int size) {
    if (size == MOST_TOKENS) {
      throw file.damaged("it has more than %,d tokens".formatted(MOST_TOKENS));
    }
  }

  private void check() {
    if (type != null && !type.equals("BPE")) {
      throw unsupported("its model is " + type);
    }
    if (names.isEmpty() || merges == 0) {
      throw unsupported("it has no tokens or no merges, so its model is not BPE");
    }
  }

  private UserException unsupported(String what) {
    return file.refused(what + ", which is not supported, only BPE", "give another --tokenizer");
  }

  /// The tokens by id.
  TokenTable tokens() {
    int size = 0;
    for (int id : ids) {
      size = Math.max(size, id + 1);
    }
    for (Added token : added) {
      size = Math.max(size, token.id + 1);
    }
    if (size < 1 || size > names.size() + added.size() + MOST_GAPS) {
      throw file.damaged("its %,d tokens have ids up to %,d".formatted(names.size(), size - 1));
    }
    byte[][] byId = new byte[size][];
    TokenKind[] kinds = new TokenKind[size];
    Arrays.fill(kinds, TokenKind.UNUSED);
    for (int i = 0; i < names.size(); i++) {
      int id = ids.get(i);
      if (byId[id] != null) {
        throw file.damaged("two tokens have id %d".formatted(id));
      }
      byId[id] = names.get(i);
      kinds[id] = kind(names.get(i));
    }
    for (Added token : added) {
      byId[token.id] = token.name.getBytes(StandardCharsets.UTF_8);
      boolean isUnknown = token.name.equals(unknown);
      TokenKind special = isUnknown ? TokenKind.UNKNOWN : TokenKind.CONTROL;
      kinds[token.id] = token.special ? special : TokenKind.USER_DEFINED;
      byName.put(token.name, token.id);
    }
    for (int id = 0; id < size; id++) {
      if (byId[id] == null) {
        byId[id] = "[PAD%d]".formatted(id).getBytes(StandardCharsets.UTF_8);
      }
    }
    return new TokenTable(byId, kinds);
  }

  private TokenKind kind(byte[] name) {
    if (byteFallback && name.length == 6) {
      boolean isByte = TokenTable.isByte(new String(name, StandardCharsets.ISO_8859_1));
      return isByte ? TokenKind.BYTE : TokenKind.NORMAL;
    }
    boolean isUnknown = unknown != null && unknown.equals(new String(name, StandardCharsets.UTF_8));
    return isUnknown ? TokenKind.UNKNOWN : TokenKind.NORMAL;
  }

  /// Id of a token that is found before anything else, −1 where there is none of the name.
  int added(String name) {
    return byName.getOrDefault(name, -1);
  }

  /// Reads the merges: pairs of texts, or texts with a space between.
  MergeRules merges(TokenTable tokens) {
    MergeRules rules = new MergeRules(tokens.names(), tokens.kinds(), merges);
    readMerges(
        merge -> {
          int cut = merge.cut();
          if (cut < 0) {
            rules.add(merge.text());
          } else {
            rules.add(merge.text(), cut);
          }
        });
    return rules;
  }

  /// The merges as texts with a space between.
  List<String> merges() {
    List<String> all = new ArrayList<>();
    readMerges(
        merge -> {
          String text = new String(merge.text(), StandardCharsets.UTF_8);
          int cut = merge.cut();
          all.add(cut < 0 ? text : merge.part(0, cut) + " " + merge.part(cut, merge.text().length));
        });
    return all;
  }

  /// @param cut where the second part begins; −1 where there is a space between them
  private record Merge(byte[] text, int cut) {
    String part(int from, int to) {
      return new String(text, from, to - from, StandardCharsets.UTF_8);
    }
  }

  private void readMerges(Consumer<Merge> each) {
    try (InputFile again = InputFile.open(path, "tokenizer");
        JsonReader json = JsonReader.of(again, MOST_BYTES)) {
      json.object(
          part -> {
            if (!part.equals("model")) {
              json.skip();
              return;
            }
            json.object(
                field -> {
                  if (field.equals("merges")) {
                    json.array(() -> each.accept(merge(json)));
                  } else {
                    json.skip();
                  }
                });
          });
    }
  }

  private static Merge merge(JsonReader json) {
    if (!json.isArray()) {
      return new Merge(json.text().getBytes(StandardCharsets.UTF_8), -1);
    }
    List<byte[]> pair = new ArrayList<>();
    json.array(
        () -> {
          if (pair.size() == 2) {
            throw json.damaged("a merge has more than two parts");
          }
          pair.add(json.text().getBytes(StandardCharsets.UTF_8));
        });
    if (pair.size() != 2) {
      throw json.damaged("a merge has no two parts");
    }
    byte[] left = pair.getFirst();
    byte[] right = pair.getLast();
    byte[] both = Arrays.copyOf(left, left.length + right.length);
    System.arraycopy(right, 0, both, left.length, right.length);
    return new Merge(both, left.length);
  }

  /// One of the parts `normalizer`, `pre_tokenizer` and `post_processor`.
  Optional<HfValues> part(String name) {
    return Optional.ofNullable(parts.get(name));
  }

  /// Whether characters without a token become the tokens of their bytes.
  boolean byteFallback() {
    return byteFallback;
  }

  /// Whether a piece that is a token is taken as it is.
  boolean ignoreMerges() {
    return ignoreMerges;
  }

  /// Something in it is not known, and answers would be wrong.
  UserException refused(String what) {
    return file.refused(what + " is not supported", "give another --tokenizer");
  }
}
