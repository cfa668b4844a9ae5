package dllama.format.hf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dllama.error.UserException;
import dllama.format.TokenizerFiles;
import dllama.tokenizer.ByteAlphabet;
import dllama.tokenizer.TokenStream;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Small vocabularies. Those of real models were compared with Hugging Face's own program by hand;
/// see docs/MODELS.md.
@Timeout(20)
class HfTokenizerTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /// Ids of the byte-level vocabulary.
  private static final int HELLO = 259;

  private static final int SPACE_WO = 261;
  private static final int BOS = 262;
  private static final int END = 263;
  private static final int THINK = 264;

  /// Ids of the vocabulary by characters: bytes are 3 to 258.
  private static final int SPACE = 259;

  private static final int A = 260;
  private static final int B = 261;
  private static final int SPACE_A = 262;
  private static final int AB = 263;
  private static final int SPACES = 264;

  @TempDir Path folder;

  private static JsonNode json(String text) throws IOException {
    return JSON.readTree(text.replace('\'', '"'));
  }

  private static Map<String, Object> added(int id, String content, boolean special) {
    return Map.of("id", id, "content", content, "special", special, "normalized", false);
  }

  private static ObjectNode byteLevel() throws IOException {
    Map<String, Integer> vocab = new LinkedHashMap<>();
    for (int value = 0; value < 256; value++) {
      vocab.put(ByteAlphabet.visible(new byte[] {(byte) value}), value);
    }
    for (String token : List.of("he", "ll", "hell", "hello", "Ġw", "Ġwo")) {
      vocab.put(token, vocab.size());
    }
    List<String> merges = List.of("h e", "l l", "he ll", "hell o", "Ġ w", "Ġw o");
    return tokenizer(
        Map.of("type", "BPE", "vocab", vocab, "merges", merges),
        List.of(
            added(BOS, "<|bos|>", true),
            added(END, "<|end|>", true),
            added(THINK, "<think>", false)),
        "null",
        "{'type':'ByteLevel','add_prefix_space':false,'use_regex':true}");
  }

  private static ObjectNode byCharacters() throws IOException {
    Map<String, Integer> vocab = new LinkedHashMap<>();
    for (String token : List.of("<unk>", "<s>", "</s>")) {
      vocab.put(token, vocab.size());
    }
    for (int value = 0; value < 256; value++) {
      vocab.put("<0x%02X>".formatted(value), vocab.size());
    }
    for (String token : List.of("▁", "a", "b", "▁a", "ab", "▁▁")) {
      vocab.put(token, vocab.size());
    }
    List<List<String>> merges = List.of(List.of("▁", "▁"), List.of("▁", "a"), List.of("a", "b"));
    return tokenizer(
        Map.of(
            "type",
            "BPE",
            "vocab",
            vocab,
            "merges",
            merges,
            "byte_fallback",
            true,
            "unk_token",
            "<unk>"),
        List.of(added(0, "<unk>", true), added(1, "<s>", true), added(2, "</s>", true)),
        "{'type':'Sequence','normalizers':[{'type':'Prepend','prepend':'▁'},"
            + "{'type':'Replace','pattern':{'String':' '},'content':'▁'}]}",
        "null");
  }

  private static ObjectNode tokenizer(
      Map<String, ?> model, List<?> added, String normalizer, String preTokenizer)
      throws IOException {
    ObjectNode all = JSON.createObjectNode();
    all.put("version", "1.0");
    all.set("added_tokens", JSON.valueToTree(added));
    all.set("normalizer", json(normalizer));
    all.set("pre_tokenizer", json(preTokenizer));
    all.set("model", JSON.valueToTree(model));
    return all;
  }

  private HfTokenizer read(ObjectNode tokenizer) throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), JSON.writeValueAsString(tokenizer));
    return HfTokenizer.read(folder);
  }

  /// The byte-level one with these steps before merges.
  private HfTokenizer splitting(String... steps) throws IOException {
    ObjectNode tokenizer = byteLevel();
    tokenizer.set(
        "pre_tokenizer",
        json("{'type':'Sequence','pretokenizers':[%s]}".formatted(String.join(",", steps))));
    return read(tokenizer);
  }

  private void put(String file, String text) throws IOException {
    Files.writeString(folder.resolve(file), text.replace('\'', '"'));
  }

  private static int[] encode(HfTokenizer tokenizer, String text) {
    return Tokenizer.of(tokenizer.vocabulary()).encode(text, true, true);
  }

  private static String decoded(Vocabulary vocabulary, int... ids) {
    TokenStream stream = new TokenStream(vocabulary);
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(stream.next(id));
    }
    return text.toString();
  }

  @Test
  void shouldMergeBytes() throws IOException {
    HfTokenizer tokenizer = read(byteLevel());
    assertArrayEquals(
        new int[] {HELLO, SPACE_WO, THINK, 'h'}, encode(tokenizer, "hello wo<think>h"));
    assertArrayEquals(new int[] {END, 0xC3, 0xA9}, encode(tokenizer, "<|end|>é"));
    assertEquals(List.of(), tokenizer.warnings());
    assertEquals(
        "hello wo<think>é", decoded(tokenizer.vocabulary(), HELLO, SPACE_WO, THINK, 0xC3, 0xA9));
    assertEquals(265, tokenizer.vocabulary().size());
    assertEquals(-1, tokenizer.vocabulary().bosId());
    assertEquals(List.of(END), tokenizer.vocabulary().eosIds()); // by its name
    // What a person says does not become a token of structure.
    int[] said = Tokenizer.of(tokenizer.vocabulary()).encode("<|end|><think>", false, false);
    assertEquals(8, said.length);
    assertEquals(THINK, said[7]);
  }

  @Test
  void shouldTakeWholePieces() throws IOException {
    ObjectNode tokenizer = byteLevel();
    ((ObjectNode) tokenizer.get("model").get("vocab")).put("xyz", 265);
    assertArrayEquals(new int[] {'x', 'y', 'z'}, encode(read(tokenizer), "xyz"));
    ((ObjectNode) tokenizer.get("model")).put("ignore_merges", true);
    assertArrayEquals(new int[] {265}, encode(read(tokenizer), "xyz"));
  }

  @Test
  void shouldCompose() throws IOException {
    ObjectNode tokenizer = byteLevel();
    assertArrayEquals(new int[] {'e', 0xCC, 0x81}, encode(read(tokenizer), "e\u0301"));
    tokenizer.set("normalizer", json("{'type':'NFC'}"));
    HfTokenizer composing = read(tokenizer);
    assertArrayEquals(new int[] {0xC3, 0xA9}, encode(composing, "e\u0301"));
    assertArrayEquals(
        new int[] {0xEF, 0xBF, 0xBD},
        Tokenizer.of(composing.vocabulary()).encode(new byte[] {-1}, true, true));
    String marks = "e" + "\u0301\u0323".repeat(500_000); // sorting them would take minutes
    assertEquals(2_000_001, encode(composing, marks).length);
  }

  @Test
  void shouldMergeCharacters() throws IOException {
    HfTokenizer tokenizer = read(byCharacters());
    assertArrayEquals(new int[] {SPACE_A, B}, encode(tokenizer, "ab"));
    assertArrayEquals(new int[] {SPACES, A}, encode(tokenizer, " a"));
    assertArrayEquals(new int[] {1, SPACE_A, 2, SPACE, B}, encode(tokenizer, "<s>a</s>b"));
    assertArrayEquals(new int[] {SPACE, 3 + 0xC3, 3 + 0xA9, AB}, encode(tokenizer, "éab"));
    Vocabulary vocabulary = tokenizer.vocabulary();
    assertEquals("é a", decoded(vocabulary, 3 + 0xC3, 3 + 0xA9, SPACE_A));
  }

  @ParameterizedTest
  @CsvSource({"always, true", "first, false", "never, false", "'', true"})
  void shouldPutSpacesInFrontAsMetaspaceDoes(String scheme, boolean everywhere) throws IOException {
    ObjectNode tokenizer = byCharacters();
    tokenizer.putNull("normalizer");
    String told = scheme.isEmpty() ? "" : ",'prepend_scheme':'%s'".formatted(scheme);
    tokenizer.set(
        "pre_tokenizer",
        json("{'type':'Metaspace','replacement':'▁','split':false%s}".formatted(told)));
    HfTokenizer read = read(tokenizer);
    boolean never = scheme.equals("never");
    assertArrayEquals(never ? new int[] {AB} : new int[] {SPACE_A, B}, encode(read, "ab"));
    assertArrayEquals(new int[] {SPACE_A, B}, encode(read, " ab"));
    assertArrayEquals(new int[] {SPACES, A}, encode(read, "▁ a"));
    int[] after = encode(read, "<s>ab");
    assertArrayEquals(everywhere ? new int[] {1, SPACE_A, B} : new int[] {1, AB}, after);
    assertEquals(List.of(), read.warnings());
  }

  @Test
  void shouldSplitAtMarks() throws IOException {
    ObjectNode tokenizer = byCharacters();
    tokenizer.putNull("normalizer");
    tokenizer.set("pre_tokenizer", json("{'type':'Metaspace','add_prefix_space':false}"));
    assertArrayEquals(new int[] {SPACE, SPACE_A, B}, encode(read(tokenizer), "  ab"));
  }

  @Test
  void shouldPutTokensAroundTexts() throws IOException {
    ObjectNode tokenizer = byteLevel();
    tokenizer.set(
        "post_processor",
        json(
            "{'type':'Sequence','processors':[{'type':'ByteLevel'},{'type':'TemplateProcessing','single':"
                + "[{'SpecialToken':{'id':'<|bos|>','type_id':0}},{'Sequence':{'id':'A','type_id':0}},"
                + "{'SpecialToken':{'id':'<|end|>','type_id':0}}]}]}"));
    put("tokenizer_config.json", "{'add_bos_token':false,'eos_token':'<|end|>','bos_token':null}");
    assertArrayEquals(new int[] {BOS, 'h', END}, encode(read(tokenizer), "h"));
    // Llamas' programs make the post-processor anew.
    put(
        "tokenizer_config.json",
        "{'add_bos_token':true,'add_eos_token':false,'tokenizer_class':'LlamaTokenizerFast',"
            + "'eos_token':{'content':'<|end|>'}}");
    assertArrayEquals(new int[] {BOS, 'h'}, encode(read(tokenizer), "h"));
    tokenizer.putNull("post_processor");
    put("tokenizer_config.json", "{'add_bos_token':true,'bos_token':{'content':'<|bos|>'}}");
    assertArrayEquals(new int[] {BOS, 'h'}, encode(read(tokenizer), "h"));
  }

  @Test
  void shouldKnowAllTokensThatEndAnAnswer() throws IOException {
    put("tokenizer_config.json", "{'eos_token':'<|bos|>'}");
    put("generation_config.json", "{'eos_token_id':[264,-1,999,'x',5]}");
    put("config.json", "{'eos_token_id':7,'bos_token_id':8}");
    Vocabulary vocabulary = read(byteLevel()).vocabulary();
    assertEquals(List.of(BOS, 264, 5, 7, END), vocabulary.eosIds());
    assertEquals(-1, vocabulary.bosId());
    Files.delete(folder.resolve("tokenizer_config.json"));
    assertEquals(8, read(byteLevel()).vocabulary().bosId());
  }

  @Test
  void shouldFindTheChatTemplate() throws IOException {
    ObjectNode tokenizer = byteLevel();
    assertEquals(null, read(tokenizer).vocabulary().chatTemplate());
    put("tokenizer_config.json", "{'chat_template':'one'}");
    assertEquals("one", read(tokenizer).vocabulary().chatTemplate());
    put(
        "tokenizer_config.json",
        "{'chat_template':[{'name':'tool_use','template':'t'},{'name':'default','template':'d'}]}");
    assertEquals("d", read(tokenizer).vocabulary().chatTemplate());
    put("tokenizer_config.json", "{'chat_template':[{'name':'tool_use','template':'t'}]}");
    assertEquals("t", read(tokenizer).vocabulary().chatTemplate());
    put("chat_template.jinja", "own");
    assertEquals("own", read(tokenizer).vocabulary().chatTemplate());
  }

  @Test
  void shouldBeFoundByItsFileOrFolder() throws IOException {
    read(byteLevel());
    Path file = folder.resolve("tokenizer.json");
    for (Path path : List.of(folder, file)) {
      assertEquals(265, TokenizerFiles.read(path).size());
      assertTrue(TokenizerFiles.warning(path).isEmpty());
    }
    Path other = folder.resolve("other");
    Files.createDirectories(other);
    UserException told = assertThrows(UserException.class, () -> TokenizerFiles.read(other));
    assertTrue(told.getMessage().contains("is a folder"), told.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'type':'Split','pattern':{'Regex':'(a+)+b'},'behavior':'Isolated','invert':false}",
        "{'type':'Split','pattern':{'Regex':'\\\\p{N}'},'behavior':'MergedWithNext','invert':false}",
        "{'type':'Whitespace'}",
      })
  void shouldWarnOfUnknownSplitting(String step) throws IOException {
    HfTokenizer read =
        splitting(step, "{'type':'ByteLevel','add_prefix_space':false,'use_regex':false}");
    assertEquals(1, read.warnings().size());
    assertTrue(read.warnings().getFirst().contains("(pre_tokenizer) is not known"));
    assertArrayEquals(new int[] {HELLO, SPACE_WO}, encode(read, "hello wo"));
    assertTrue(TokenizerFiles.warning(folder).orElseThrow().contains("pre_tokenizer"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "normalizer | {'type':'Lowercase'} | normalizer Lowercase is not supported",
        "normalizer | {'type':'Prepend','prepend':'x'} | normalizer Prepend is not supported",
        "normalizer | {'type':'Replace','pattern':{'Regex':'x'},'content':'y'} | normalizer Replace is not",
        "pre_tokenizer | {'type':'ByteLevel'} | add_prefix_space is not supported",
      })
  void shouldWarnOfWhatIsLeftOut(String part, String value, String warning) throws IOException {
    ObjectNode tokenizer = byteLevel();
    tokenizer.set(part, json(value));
    HfTokenizer read = read(tokenizer);
    assertTrue(read.warnings().getFirst().contains(warning), read.warnings()::toString);
    assertArrayEquals(new int[] {HELLO, SPACE_WO}, encode(read, "hello wo"));
  }

  /// Every step by which published vocabularies split; what they do is tested where they are made.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'type':'Digits','individual_digits':true}",
        "{'type':'Digits','individual_digits':false}",
        "{'type':'Punctuation','behavior':'Contiguous'}",
        "{'type':'Punctuation'}",
        "{'type':'Split','pattern':{'Regex':'[\\r\\n]'},'behavior':'Isolated'}",
        "{'type':'Split','pattern':{'Regex':'\\\\p{N}{1,3}'},'behavior':'Removed','invert':true}",
        "{'type':'Split','pattern':{'Regex':'\\\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳ]+'},'behavior':'Isolated'}",
      })
  void shouldKnowSteps(String step) throws IOException {
    HfTokenizer read = splitting(step, "{'type':'ByteLevel','add_prefix_space':false}");
    assertEquals(List.of(), read.warnings());
    assertArrayEquals(new int[] {HELLO, '1', '2'}, encode(read, "hello12"));
  }
}
