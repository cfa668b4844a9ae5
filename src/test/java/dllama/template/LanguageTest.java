package dllama.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// The language, by small templates and what Jinja2 makes of them (`language.json`).
class LanguageTest {
  private static JsonNode recorded() throws IOException {
    try (InputStream in = LanguageTest.class.getResourceAsStream("/template/language.json")) {
      return Rendering.JSON.readTree(Objects.requireNonNull(in));
    }
  }

  @TestFactory
  Stream<DynamicTest> shouldRenderAsRecorded() throws IOException {
    JsonNode recorded = recorded();
    return StreamSupport.stream(recorded.path("cases").spliterator(), false)
        .map(
            each ->
                DynamicTest.dynamicTest(
                    each.path("template").asText(), () -> check(each, recorded.path("input"))));
  }

  private static void check(JsonNode each, JsonNode input) {
    String template = each.path("template").asText();
    if (each.has("output")) {
      assertEquals(each.path("output").asText(), Rendering.render(template, Rendering.map(input)));
      return;
    }
    TemplateException error =
        assertThrows(
            TemplateException.class, () -> Rendering.render(template, Rendering.map(input)));
    assertTrue(error.line() > 0);
  }

  /// What is recorded, again by Jinja2 itself, where Python has it.
  @Test
  void shouldBeRecordedAsJinja2Renders(@TempDir Path folder) throws Exception {
    Path script = folder.resolve("jinja.py");
    try (InputStream in = LanguageTest.class.getResourceAsStream("/template/jinja.py")) {
      Files.copy(Objects.requireNonNull(in), script);
    }
    Path output = folder.resolve("output.json");
    Process python;
    try {
      python =
          new ProcessBuilder("python3", script.toString(), output.toString())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      assumeTrue(false, "no python3");
      return;
    }
    try (var to = python.getOutputStream()) {
      to.write(recorded().toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // It ended early: its exit code tells why.
    }
    int code = python.waitFor();
    assumeTrue(code != 3, "no Jinja2");
    assertEquals(0, code);
    assertEquals(recorded().path("cases"), Rendering.JSON.readTree(output.toFile()));
  }
}
