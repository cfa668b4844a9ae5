package dllama.format.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.tokenizer.ByteAlphabet;
import dllama.tokenizer.PromptText;
import dllama.tokenizer.TokenStream;
import dllama.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Tokenizers of small vocabularies that are made here.
class GgufTokenizerTest {
  private static final int NORMAL = 1;
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int BYTE = 6;

  @TempDir Path folder;

  private GgufFile open(GgufBytes bytes) throws IOException {
    return GgufFile.open(Files.write(folder.resolve("vocabulary.gguf"), bytes.bytes()));
  }

  private Tokenizer tokenizer(GgufBytes bytes) throws IOException {
    try (GgufFile file = open(bytes)) {
      return GgufTokenizer.of(file);
    }
  }

  private String refusal(GgufBytes bytes) throws IOException {
    try (GgufFile file = open(bytes)) {
      return assertThrows(UserException.class, () -> GgufTokenizer.of(file)).getMessage();
    }
  }

  /// The 256 bytes, then `ab`, `abc`, ` a`, `12`, and special tokens.
  private static GgufBytes byteLevel(String pre) {
    List<String> tokens = new ArrayList<>();
    for (int value = 0; value < 256; value++) {
      tokens.add(ByteAlphabet.visible(new byte[] {(byte) value}));
    }
    tokens.addAll(List.of("ab", "abc", "Ġa", "12", "<|im_start|>", "<|im_end|>", "<tool>"));
    int[] types = new int[tokens.size()];
    Arrays.fill(types, NORMAL);
    types[260] = CONTROL;
    types[261] = CONTROL;
    types[262] = USER_DEFINED;
    return new GgufBytes()
        .put("general.architecture", "llama")
        .put("tokenizer.ggml.model", "gpt2")
        .put("tokenizer.ggml.pre", pre)
        .strings("tokenizer.ggml.tokens", tokens)
        .ints("tokenizer.ggml.token_type", types)
        .strings("tokenizer.ggml.merges", List.of("a b", "ab c", "Ġ a", "1 2"))
        .put("tokenizer.ggml.bos_token_id", 260);
  }

  @Test
  void shouldMergeWithinPieces() throws IOException {
    Tokenizer tokenizer = tokenizer(byteLevel("gpt-2"));
    assertArrayEquals(new int[] {257, 258, 'd'}, tokenizer.encode("abc ad", false, false));
    assertArrayEquals(new int[] {259, '3'}, tokenizer.encode("123", false, false));
    assertArrayEquals(
        new int[] {'1', '2', '3'}, tokenizer(byteLevel("qwen2")).encode("123", false, false));
    assertArrayEquals(new int[] {0xC3, 0xA9}, tokenizer.encode("é", false, false));
    assertArrayEquals(
        new int[] {'a', 0xEF, 0xBF, 0xBD},
        tokenizer.encode(new byte[] {'a', (byte) 0xFF}, false, false),
        "a byte that is no text");
    assertEquals(0, tokenizer.encode("", false, true).length);
  }

  @Test
  void shouldFindControlTokensInTrustedTextOnly() throws IOException {
    Tokenizer tokenizer = tokenizer(byteLevel("gpt-2"));
    String text = "<|im_start|>ab<tool>";
    assertArrayEquals(new int[] {260, 256, 262}, tokenizer.encode(text, false, true));
    int[] plain = tokenizer.encode(text, false, false);
    assertEquals('<', plain[0]);
    assertEquals(262, plain[plain.length - 1], "found everywhere, since the file says so");
    assertArrayEquals(
        new int[] {260, 'a', 261},
        tokenizer.encode(new PromptText().template("<|im_start|>a<|im_end|>")));
  }

  @Test
  void shouldAddBosOnceOnly() throws IOException {
    Tokenizer plain = tokenizer(byteLevel("gpt-2"));
    assertArrayEquals(new int[] {'x'}, plain.encode("x", true, true));
    Tokenizer adding = tokenizer(byteLevel("gpt-2").put("tokenizer.ggml.add_bos_token", true));
    assertArrayEquals(new int[] {260, 'x'}, adding.encodePrompt("x"));
    assertArrayEquals(
        new int[] {260, 'x'}, adding.encode(new PromptText().template("<|im_start|>x")));
    assertArrayEquals(new int[] {260, 'x'}, adding.encode(new PromptText().template("x")));
    assertTrue(tokenizer(byteLevel("llama-bpe")).vocabulary().addBos(), "the name says so");
  }

  @Test
  void shouldKnowWhatEndsAnswersByName() throws IOException {
    Tokenizer tokenizer = tokenizer(byteLevel("gpt-2").put("tokenizer.ggml.eos_token_id", 259));
    assertEquals(List.of(259, 261), tokenizer.vocabulary().eosIds());
    assertEquals(260, tokenizer.vocabulary().bosId());
    assertEquals("<|im_end|>", tokenizer.vocabulary().text(261));
  }

  @Test
  void shouldHoldBackPartsOfCharacters() throws IOException {
    TokenStream stream = new TokenStream(tokenizer(byteLevel("gpt-2")).vocabulary());
    assertEquals("", stream.next(0xC3));
    assertEquals("é", stream.next(0xA9));
    assertEquals(" a", stream.next(258));
    assertEquals("", stream.next(260), "a control token");
    assertEquals("<tool>", stream.next(262));
    assertEquals("\0", stream.next(0));
  }

  /// `<unk>`, BOS, EOS, the bytes, then pieces with scores.
  private static GgufBytes sentencePiece() {
    List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    int[] types = new int[265];
    Arrays.fill(types, NORMAL);
    types[0] = UNKNOWN;
    types[1] = CONTROL;
    types[2] = CONTROL;
    for (int value = 0; value < 256; value++) {
      types[tokens.size()] = BYTE;
      tokens.add("<0x%02X>".formatted(value));
    }
    tokens.addAll(List.of("▁", "a", "b", "ab", "▁a", "▁ab"));
    float[] scores = new float[265];
    scores[262] = -2;
    scores[263] = -1;
    scores[264] = -3;
    return new GgufBytes()
        .put("general.architecture", "llama")
        .put("tokenizer.ggml.model", "llama")
        .strings("tokenizer.ggml.tokens", tokens)
        .ints("tokenizer.ggml.token_type", types)
        .floats("tokenizer.ggml.scores", scores);
  }

  @Test
  void shouldReadSentencePiece() throws IOException {
    Tokenizer tokenizer = tokenizer(sentencePiece());
    assertArrayEquals(new int[] {1, 264, 259}, tokenizer.encode("ab ", true, false));
    assertArrayEquals(new int[] {263, 3 + 'x'}, tokenizer.encode("ax", false, false));
    assertArrayEquals(new int[] {263, 2, 263}, tokenizer.encode("a</s>a", false, true));
    assertArrayEquals(new int[] {259, 3 + 0xC3, 3 + 0xA9}, tokenizer.encode("é", false, false));
    Tokenizer without = tokenizer(sentencePiece().put("tokenizer.ggml.add_space_prefix", false));
    assertArrayEquals(new int[] {262}, without.encode("ab", false, false));

    TokenStream stream = new TokenStream(tokenizer.vocabulary());
    stream.follow(1);
    assertEquals("a", stream.next(263));
    assertEquals(" a", stream.next(263));
    assertEquals("", stream.next(3 + 0xC3));
    assertEquals("é", stream.next(3 + 0xA9));
    assertEquals("", stream.next(0));
  }

  @Test
  void shouldWarnOfARuleThatIsNotKnown() throws IOException {
    try (GgufFile file = open(byteLevel("new-rule"))) {
      assertTrue(GgufTokenizer.warning(file).orElseThrow().contains("new-rule"));
      assertArrayEquals(new int[] {257}, GgufTokenizer.of(file).encode("abc", false, false));
    }
    try (GgufFile file = open(byteLevel("qwen2"))) {
      assertEquals(Optional.empty(), GgufTokenizer.warning(file));
    }
  }

  @Test
  void shouldRefuseWhatIsNoTokenizer() throws IOException {
    GgufBytes none = new GgufBytes().put("general.architecture", "llama");
    assertTrue(refusal(none).contains("tokenizer.ggml.model"));
    assertTrue(
        refusal(new GgufBytes().put("tokenizer.ggml.model", "bert")).contains("is bert; known"));
    assertTrue(refusal(new GgufBytes().put("tokenizer.ggml.model", "gpt2")).contains("no tokens"));
    GgufBytes noMerges =
        new GgufBytes()
            .put("tokenizer.ggml.model", "gpt2")
            .strings("tokenizer.ggml.tokens", List.of("a"));
    assertTrue(refusal(noMerges).contains("no merges"));
    assertTrue(
        refusal(
                new GgufBytes()
                    .put("tokenizer.ggml.model", "llama")
                    .strings("tokenizer.ggml.tokens", List.of("a", "b"))
                    .floats("tokenizer.ggml.scores", 1))
            .contains("scores of 1"));
    assertTrue(
        refusal(
                new GgufBytes()
                    .put("tokenizer.ggml.model", "llama")
                    .strings("tokenizer.ggml.tokens", List.of("a"))
                    .ints("tokenizer.ggml.token_type", BYTE))
            .contains("token a is no byte"));
  }

  /// Deep searches would take hours.
  @Test
  void shouldEncodeLongTextsOfOneKind() throws IOException {
    for (String pre : List.of("gpt-2", "qwen2", "llama-bpe", "gpt-4o", "deepseek-llm", "kimi-k2")) {
      Tokenizer tokenizer = tokenizer(byteLevel(pre));
      for (String part : List.of("a", " ", "1", "A", "<", "\n", " \n", "é", "你", "aB", "<|im_")) {
        String text = part.repeat(100_000);
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        int[] ids = tokenizer.encode(text, false, true);
        TokenStream stream = new TokenStream(tokenizer.vocabulary());
        StringBuilder shown = new StringBuilder(bytes);
        for (int id : ids) {
          shown.append(stream.next(id));
        }
        assertEquals(text, shown.toString(), pre + " " + part);
      }
    }
  }
}
