package dllama.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.format.BuiltInModel;
import dllama.format.dllama.TokenizerWriter;
import dllama.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizeTest {
  @TempDir Path folder;

  @Test
  void shouldGiveALineOfIdsPerText() throws IOException {
    var tokenizer = Tokenizer.of(BuiltInModel.vocabulary());
    String shown = tokenize("\"A shard.\"", "\"two\\nlines <|im_end|>\"", "\"\"");
    List<String> expected =
        List.of("A shard.", "two\nlines <|im_end|>", "").stream()
            .map(text -> Arrays.toString(tokenizer.encode(text, true, true)))
            .toList();
    assertEquals(expected, shown.lines().toList());
  }

  @Test
  void shouldNameTheLineThatIsNoJsonString() {
    UserException e = assertThrows(UserException.class, () -> tokenize("\"good\"", "bad"));
    assertTrue(e.getMessage().endsWith("texts:2 is not a JSON string"), e.getMessage());
  }

  private String tokenize(String... lines) throws IOException {
    Path tokenizer = folder.resolve("demo.t");
    TokenizerWriter.write(tokenizer, BuiltInModel.vocabulary());
    Path texts = Files.write(folder.resolve("texts"), List.of(lines));
    var out = new ByteArrayOutputStream();
    var arguments =
        Arguments.parse("tokenize", "--tokenizer", tokenizer.toString(), "--file", texts.toString())
            .orElseThrow();
    Tokenize.run(arguments.settings(new Properties()), new PrintStream(out, true, UTF_8));
    return out.toString(UTF_8);
  }
}
