package dllama.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import java.time.Clock;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// The templates of published models against what Jinja2 makes of them, where the larger collection
/// is there; [LanguageTest] needs no collection.
class PublishedTemplatesTest {
  @TestFactory
  Stream<DynamicTest> shouldRenderAsJinja2Does() {
    return Rendering.collection("").stream()
        .map(
            file ->
                DynamicTest.dynamicTest(
                    file.getFileName().toString(), () -> check(Conformance.json(file))));
  }

  private static void check(JsonNode file) {
    Clock clock = Rendering.at(file.path("date").asText());
    String template = file.path("template").asText();
    for (JsonNode each : file.path("cases")) {
      check(template, each, clock);
    }
  }

  private static void check(String template, JsonNode each, Clock clock) {
    String name = each.path("name").asText();
    if (each.has("output")) {
      assertEquals(
          each.path("output").asText(),
          Rendering.render(template, each.path("input"), clock),
          name);
      return;
    }
    TemplateException error =
        assertThrows(
            TemplateException.class,
            () -> Rendering.render(template, each.path("input"), clock),
            name);
    if (each.at("/raises/kind").asText().equals("raise_exception")) {
      assertTrue(error.raised(), name);
      assertEquals(each.at("/raises/message").asText(), error.getMessage(), name);
    } else {
      assertTrue(error.line() > 0, name);
    }
  }
}
