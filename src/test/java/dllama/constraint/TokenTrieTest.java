package dllama.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.error.UserException;
import dllama.tokenizer.TokenStream;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TokenTrieTest {
  private static final String SCHEMA =
      """
      {"type": "object", "properties": {
        "name": {"type": "string", "maxLength": 9}, "text": {"type": "string"},
        "size": {"type": "integer", "minimum": -7, "maximum": 1200},
        "kind": {"enum": ["a", "abc", "ä", null]},
        "code": {"type": "string", "pattern": "^[a-zé]{2,5}$"},
        "of": {"anyOf": [{"$ref": "#"}, {"type": "null"}, {"type": "array", "items": {"type": "number"}}]}},
       "required": ["name", "text", "size", "kind", "code", "of"]}
      """;

  /// What the tree finds is what each token by itself, byte by byte, comes to.
  @Test
  void shouldFindTheTokensThatTheGrammarTakes() throws Exception {
    List<Grammar> grammars =
        List.of(
            Grammar.json(JsonSchema.parse(new ObjectMapper().readTree(SCHEMA))),
            Grammar.anyJsonObject(),
            Grammar.freeText(
                List.of(new Grammar.Trigger("<tool_call>", Grammar.anyJsonObject())), true));
    for (Map.Entry<String, Vocabulary> of : Vocabularies.all().entrySet()) {
      for (Grammar grammar : grammars) {
        // Each token of a large vocabulary by itself takes its time.
        compare(of.getKey(), of.getValue(), grammar, of.getValue().size() > 5000 ? 6 : 60);
      }
    }
  }

  private static void compare(String name, Vocabulary vocabulary, Grammar grammar, int steps) {
    TokenTrie trie = TokenTrie.of(vocabulary);
    Random random = new Random(5);
    boolean first = vocabulary.printing().spaceInFront();
    GrammarMask mask = trie.mask(grammar, vocabulary.bosId());
    Ways ways = Ways.into(grammar);
    for (int step = 0; step < steps; step++) {
      BitSet expected = new BitSet();
      for (int token = 0; token < vocabulary.size(); token++) {
        byte[] shown = trie.shown(token);
        int from = first && shown.length > 0 && shown[0] == ' ' ? 1 : 0;
        expected.set(token, shown.length > from && !ways.after(shown, from).isEmpty());
      }
      assertEquals(expected, mask.allowed(), name + ", step " + step);
      assertEquals(ways.mayEnd(), mask.mayEnd());
      if (expected.isEmpty()) {
        break;
      }
      int token =
          expected.stream().skip(random.nextInt(expected.cardinality())).findFirst().orElseThrow();
      byte[] shown = trie.shown(token);
      ways = ways.after(shown, first && shown[0] == ' ' ? 1 : 0);
      mask.accept(token);
      first = false;
    }
  }

  @Test
  void shouldKnowWhatIsShownOfTokens() {
    for (Map.Entry<String, Vocabulary> of : Vocabularies.all().entrySet()) {
      Vocabulary vocabulary = of.getValue();
      byte[][] shown = TokenStream.shown(vocabulary);
      TokenStream stream = new TokenStream(vocabulary);
      for (int token = 0; token < Math.min(5000, vocabulary.size()); token++) {
        String text = new String(shown[token], StandardCharsets.UTF_8);
        if (!text.contains("\uFFFD") && shown[token].length > 0) {
          stream.reset();
          assertEquals(text, stream.next(token), of.getKey() + ": token " + token);
        }
      }
    }
  }

  @Test
  void shouldNeverAllowSpecialTokens() {
    Vocabulary pieces = Vocabularies.pieces();
    GrammarMask mask = TokenTrie.of(pieces).mask(Grammar.freeText(), -1);
    assertFalse(mask.allowed().get(0));
    assertFalse(mask.allowed().get(1));
    assertFalse(mask.allowed().get(2));
    assertTrue(mask.allowed().get(3 + 'a'));
    Vocabulary builtIn = Vocabularies.builtIn();
    BitSet allowed = TokenTrie.of(builtIn).mask(Grammar.freeText(), -1).allowed();
    assertTrue(allowed.length() <= builtIn.bosId(), "none from BOS on");
    assertTrue(allowed.cardinality() > 100);
  }

  @Test
  void shouldCountWhatIsShownBehindBos() {
    Vocabulary pieces = Vocabularies.pieces();
    int brace = id(pieces, " {");
    TokenTrie trie = TokenTrie.of(pieces);
    assertTrue(trie.mask(Grammar.literal("{}"), pieces.bosId()).allowed().get(brace));
    assertFalse(trie.mask(Grammar.literal("{}"), -1).allowed().get(brace));
    assertFalse(trie.mask(Grammar.literal(" {}"), pieces.bosId()).allowed().get(brace));
    assertTrue(trie.mask(Grammar.literal(" {}"), -1).allowed().get(brace));
  }

  @Test
  void shouldRefuseAVocabularyThatCanNotSpellJson() {
    Vocabulary few =
        new Vocabulary(new byte[][] {{'a'}, {'{'}}, new float[2], -1, List.of(), false, null);
    UserException e = assertThrows(UserException.class, () -> TokenTrie.of(few));
    assertTrue(e.getMessage().contains("has no token for \""), e.getMessage());
  }

  private static int id(Vocabulary vocabulary, String text) {
    for (int id = 0; id < vocabulary.size(); id++) {
      if (vocabulary.text(id).equals(text)) {
        return id;
      }
    }
    throw new IllegalArgumentException(text);
  }
}
