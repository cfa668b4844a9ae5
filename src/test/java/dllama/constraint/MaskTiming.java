package dllama.constraint;

import dllama.format.SynthVocabulary;
import dllama.format.TokenizerFiles;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/// How long trees of vocabularies and masks take. Not a test: `main` with tokenizer files as
/// arguments, or none for an invented vocabulary of 128,256 tokens.
final class MaskTiming {
  private static final String SCHEMA =
      """
      {"type": "object", "properties": {
        "title": {"type": "string"}, "summary": {"type": "string", "maxLength": 200},
        "year": {"type": "integer", "minimum": 1900, "maximum": 2100},
        "code": {"type": "string", "pattern": "^[A-Za-z ]{3,40}$"},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 5},
        "kind": {"enum": ["book", "paper", "page"]},
        "by": {"anyOf": [{"$ref": "#/$defs/who"}, {"type": "null"}]}},
       "required": ["title", "summary", "year", "code", "tags", "kind", "by"],
       "$defs": {"who": {"type": "object", "properties": {
         "name": {"type": "string"}, "age": {"type": "number"}}, "required": ["name", "age"]}}}
      """;

  private MaskTiming() {}

  public static void main(String[] files) {
    if (files.length == 0) {
      time("invented", SynthVocabulary.of(128_256));
    }
    for (String file : files) {
      time(Path.of(file).getFileName().toString(), TokenizerFiles.read(Path.of(file)));
    }
  }

  private static void time(String name, Vocabulary vocabulary) {
    double[] builds = new double[5];
    TokenTrie trie = TokenTrie.of(vocabulary);
    for (int i = 0; i < builds.length; i++) {
      long start = System.nanoTime();
      trie = TokenTrie.of(vocabulary);
      builds[i] = (System.nanoTime() - start) / 1e6;
    }
    long start = System.nanoTime();
    JsonSchema schema = JsonSchema.parse(Schemas.read(SCHEMA));
    double parse = (System.nanoTime() - start) / 1e6;
    System.out.printf(
        "%s: %d tokens, tree %s ms, schema %.1f ms%n",
        name, vocabulary.size(), quantiles(builds), parse);
    Random random = new Random(1);
    for (int round = 0; round < 4; round++) {
      Grammar grammar = round % 2 == 0 ? Grammar.json(schema) : Grammar.anyJsonObject();
      double[] masks = new double[3000];
      double[] accepts = new double[masks.length];
      GrammarMask mask = trie.mask(grammar, -1);
      for (int i = 0; i < masks.length; i++) {
        long begin = System.nanoTime();
        int allowed = mask.allowed().cardinality();
        masks[i] = (System.nanoTime() - begin) / 1e6;
        if (allowed == 0) {
          mask = trie.mask(grammar, -1);
          continue;
        }
        int token = mask.allowed().stream().skip(random.nextInt(allowed)).findFirst().orElseThrow();
        begin = System.nanoTime();
        mask.accept(token);
        accepts[i] = (System.nanoTime() - begin) / 1e6;
      }
      System.out.printf(
          "  %s: mask %s ms, accept %s ms%n",
          round % 2 == 0 ? "schema" : "any object", quantiles(masks), quantiles(accepts));
    }
  }

  private static String quantiles(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return "median %.3f, p99 %.3f, most %.3f"
        .formatted(
            sorted[sorted.length / 2], sorted[sorted.length * 99 / 100], sorted[sorted.length - 1]);
  }
}
