package dllama.constraint;

import dllama.Conformance;
import dllama.format.BuiltInModel;
import dllama.format.TokenizerFiles;
import dllama.format.file.ModelFile.Hints;
import dllama.tokenizer.TokenKind;
import dllama.tokenizer.TokenTable;
import dllama.tokenizer.TokenTable.Frame;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Vocabularies of different kinds, by name: those of the tests, and real ones where they are.
final class Vocabularies {
  private static final List<String> REAL =
      List.of("gpt-2", "llama-spm", "starcoder", "falcon", "deepseek-llm");

  private Vocabularies() {}

  static Vocabulary builtIn() {
    return BuiltInModel.model(Hints.NONE).vocabulary().orElseThrow();
  }

  /// All that are there.
  static Map<String, Vocabulary> all() {
    Map<String, Vocabulary> all = new LinkedHashMap<>();
    all.put("built-in", builtIn());
    all.put("pieces", pieces());
    for (String name : REAL) {
      Conformance.shared("gguf-vocab/" + name, "ggml-vocab-%s.gguf".formatted(name))
          .ifPresent(file -> all.put(name, TokenizerFiles.read(file)));
    }
    return all;
  }

  /// SentencePiece with a token for each byte, of which texts begin with a space that is not shown,
  /// and with tokens that are special, or parts of JSON and of characters.
  static Vocabulary pieces() {
    List<String> names = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    List<TokenKind> kinds =
        new ArrayList<>(List.of(TokenKind.UNKNOWN, TokenKind.CONTROL, TokenKind.CONTROL));
    for (int value = 0; value < 256; value++) {
      names.add("<0x%02X>".formatted(value));
      kinds.add(TokenKind.BYTE);
    }
    for (String text :
        List.of(
            " ",
            " {",
            "{\"",
            "\":",
            "\": ",
            "\":\"",
            "\",\"",
            "\"}",
            "}}",
            "]}",
            "}]",
            "[[",
            " a",
            " the",
            "ing",
            "ä",
            "日本",
            "\\n",
            "\\u",
            "\\\"",
            "12",
            "0.",
            "e+",
            "true",
            "null,",
            "false",
            "<tool_call>",
            "</",
            "\n",
            "\n  ",
            "  ",
            ", \"",
            "a",
            "b",
            "é\"",
            "😀")) {
      names.add(text.replace(' ', '▁'));
      kinds.add(TokenKind.NORMAL);
    }
    byte[][] bytes =
        names.stream().map(name -> name.getBytes(StandardCharsets.UTF_8)).toArray(byte[][]::new);
    return new TokenTable(bytes, kinds.toArray(TokenKind[]::new))
        .sentencePiece(new Frame(1, List.of(2), true, false, null), new float[names.size()], true);
  }
}
