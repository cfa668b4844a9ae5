package dllama.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Templates that want more than they should have, where the larger collection is there;
/// [TemplateLimitsTest] needs no collection.
class HostileTemplatesTest {
  @TestFactory
  Stream<DynamicTest> shouldRefuseOrStayHarmless() {
    return Rendering.collection("hostile").stream()
        .map(
            file ->
                DynamicTest.dynamicTest(
                    file.getFileName().toString(), () -> check(Conformance.json(file))));
  }

  private static String joined(JsonNode parts) {
    StringBuilder text = new StringBuilder();
    parts.forEach(part -> text.repeat(part.get(0).asText(), part.get(1).asInt()));
    return text.toString();
  }

  private static void check(JsonNode file) {
    Map<String, Object> input = Rendering.map(file.path("input"));
    if (file.has("input_deep")) {
      input.put("messages", List.of(Map.of("role", "user", "content", deep(file))));
    }
    String before = file.has("input_deep") ? "" : input.toString();
    String template =
        file.has("template") ? file.path("template").asText() : joined(file.path("template_parts"));
    String output = null;
    try {
      output = Rendering.render(template, input);
    } catch (TemplateException e) {
      assertTrue(e.getMessage().length() < 400, e.getMessage());
      assertTrue(e.getMessage().lines().count() == 1, e.getMessage());
    }
    judge(file.path("expect"), output);
    if (!file.has("input_deep")) {
      assertEquals(before, input.toString(), "the input was changed");
    }
    assertEquals("2", Rendering.render("{{ 1 + 1 }}"));
  }

  private static void judge(JsonNode expected, @Nullable String output) {
    String must = expected.path("must").asText();
    switch (must) {
      case "error" -> assertEquals(null, output);
      case "error_or_output" -> {
        String wanted =
            expected.has("output")
                ? expected.path("output").asText()
                : joined(expected.path("output_parts"));
        assertTrue(output == null || output.equals(wanted), output);
      }
      case "error_or_harmless" ->
          expected
              .path("must_not_contain")
              .forEach(
                  word -> assertFalse(output != null && output.contains(word.asText()), output));
      default -> assertEquals("error_or_finish", must);
    }
  }

  private static Object deep(JsonNode file) {
    boolean objects = file.at("/input_deep/shape").asText().startsWith("objects");
    Object value = "x";
    for (int i = 0; i < file.at("/input_deep/depth").asInt(); i++) {
      value = objects ? Map.of("a", value) : new ArrayList<>(List.of(value));
    }
    return value;
  }
}
