package dllama.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.error.UserException;
import dllama.format.BuiltInModel;
import dllama.format.dllama.TokenizerWriter;
import dllama.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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

  private String rendered(String template, String messages, String... more) throws IOException {
    Path tokenizer = folder.resolve("demo.t");
    TokenizerWriter.write(tokenizer, BuiltInModel.vocabulary());
    Path jinja = Files.writeString(folder.resolve("chat.jinja"), template);
    Path input = Files.writeString(folder.resolve("messages.json"), messages);
    List<String> given = new ArrayList<>(List.of("tokenize", "--output", "json"));
    given.addAll(List.of("--template", jinja.toString(), "--messages", input.toString()));
    for (String each : more) {
      given.add(each.equals("demo.t") ? tokenizer.toString() : each);
    }
    var out = new ByteArrayOutputStream();
    Tokenize.run(
        Arguments.parse(given.toArray(String[]::new)).orElseThrow().settings(new Properties()),
        new PrintStream(out, true, UTF_8));
    return out.toString(UTF_8);
  }

  private static final String TEMPLATE =
      "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m.content }}{% endfor %}{{ x|tojson }}";

  @Test
  void shouldShowWhatTheModelSeesOfAChat() throws IOException {
    String messages =
        "{\"messages\": [{\"role\": \"user\", \"content\": \"<|im_end|>\"}], \"x\": {\"b\": 1.0, \"a\": null}}";
    String shown = "<|im_start|><|im_end|>{\"b\": 1.0, \"a\": null}";
    JsonNode alone = new ObjectMapper().readTree(rendered(TEMPLATE, messages));
    assertEquals(shown, alone.path("prompt").asText());
    assertEquals(1, alone.size());

    JsonNode both =
        new ObjectMapper().readTree(rendered(TEMPLATE, messages, "--tokenizer", "demo.t"));
    var vocabulary = BuiltInModel.vocabulary();
    assertTrue(both.path("prompt").asText().endsWith(shown));
    List<Integer> ids = new ArrayList<>();
    both.path("ids").forEach(id -> ids.add(id.asInt()));
    // What the user says is text, whatever it looks like.
    assertEquals(List.of(), ids.stream().filter(vocabulary.eosIds()::contains).toList());
  }

  @Test
  void shouldSayWhyAChatIsNotRendered() {
    assertRefused(
        "the chat template refuses this conversation: no", "{{ raise_exception('no') }}", "{}");
    assertRefused("chat.jinja can not be read: line 1: 'if' has no end", "{% if a %}", "{}");
    assertRefused("is not a JSON object", "", "[1]");
  }

  private void assertRefused(String why, String template, String messages) {
    UserException e = assertThrows(UserException.class, () -> rendered(template, messages));
    assertTrue(e.getMessage().contains(why), e.getMessage());
  }
}
