package dllama.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What templates may not do, and how they say what is wrong.
class TemplateLimitsTest {
  private static TemplateException failure(String template, Map<String, Object> input) {
    return assertThrows(TemplateException.class, () -> Rendering.render(template, input));
  }

  private static TemplateException failure(String template) {
    return failure(template, Map.of());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% macro f(n) %}{{ f(n - 1) }}{{ f(n - 1) }}{% endmacro %}{{ f(1) }}",
        "{% set ns = namespace(s='x') %}{% for i in range(64) %}{% set ns.s = ns.s ~ ns.s %}"
            + "{% endfor %}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(64) %}{% set ns.l = ns.l + ns.l %}"
            + "{% endfor %}",
        "{% set ns = namespace(l=['x']) %}{% for i in range(64) %}{% set ns.l = [ns.l, ns.l] %}"
            + "{% endfor %}{{ ns.l }}",
        "{% set ns = namespace(l=[]) %}{% for i in range(9999) %}{% set ns.l = [ns.l] %}"
            + "{% endfor %}{{ ns.l }}",
        "{% set ns = namespace() %}{% set ns.n = ns %}{{ ns }}",
        "{{ 'a' * 10 ** 9 }}",
        "{{ [0] * 10 ** 9 }}",
        "{{ 10 ** (10 ** 10) }}",
        "{{ '%2000000000d'|format(1) }}",
        "{{ 'a'|center(2000000000) }}",
        "{{ [1]|tojson(indent=2000000000) }}",
        "{{ range(10 ** 9) }}",
        "{{ raise_exception('x' * 500000000) }}"
      })
  void shouldStopWhatIsTooMuch(String template) {
    TemplateException error = failure(template);
    assertFalse(error.raised());
    assertEquals(1, error.line());
  }

  @ParameterizedTest
  @ValueSource(strings = {"(", "[", "-", "not ", "{'a':", "l[", "f("})
  void shouldRefuseDeepNesting(String opening) {
    assertThrows(
        TemplateException.class, () -> Template.parse("{{ " + opening.repeat(20000) + "1"));
  }

  @Test
  void shouldRefuseDeepInput() {
    Object deep = "x";
    for (int i = 0; i < 100_000; i++) {
      deep = List.of(deep);
    }
    failure("{{ deep }}", Map.of("deep", deep));
  }

  @Test
  void shouldBeLinearWhereTextsRepeat() {
    String hay = "{% set h = 'a' * 4000000 %}{% set n = 'a' * 2000000 ~ 'b' %}";
    assertEquals("False", Rendering.render(hay + "{{ n in h }}"));
    assertEquals("-1", Rendering.render(hay + "{{ h.rfind(n) }}"));
  }

  @Test
  void shouldStopWithinTheGivenTime() {
    Limits limits =
        new Limits(Long.MAX_VALUE, java.time.Duration.ofMillis(50), 1L << 40, 10_000_000, 100, 100);
    Template template = Template.parse("{% for i in range(99999) %}{{ range(i)|sum }}{% endfor %}");
    TemplateException error =
        assertThrows(
            TemplateException.class,
            () -> template.render(Map.of(), limits, Rendering.at("2025-01-01T00:00:00")));
    assertTrue(error.getMessage().contains("50 ms"), error.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "''.class",
        "''.getClass",
        "''['__class__']",
        "m.entrySet",
        "m.__class__",
        "range.call",
        "loop",
        "self",
        "raise_exception.__globals__"
      })
  void shouldReachNothingButValues(String expression) {
    assertEquals("", Rendering.render("{{ " + expression + " }}", Map.of("m", Map.of("a", 1))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"include '/etc/passwd'", "import 'x' as y", "from 'x' import y", "extends 'x'"})
  void shouldRefuseOtherFiles(String tag) {
    assertTrue(failure("{% " + tag + " %}").getMessage().contains("is not allowed"));
  }

  @Test
  void shouldNotChangeItsInput() {
    Map<String, Object> message = new LinkedHashMap<>(Map.of("role", "user"));
    List<Object> messages = new ArrayList<>(List.of(message));
    for (String change :
        List.of("messages.append(1)", "messages.clear()", "messages[0].update({'a': 1})")) {
      failure("{{ " + change + " }}", Map.of("messages", messages));
    }
    assertEquals(List.of(Map.of("role", "user")), messages);
  }

  @Test
  void shouldPassOnWhatTheTemplateSays() {
    TemplateException error = failure("\n{{ raise_exception('no system\nrole') }}");
    assertTrue(error.raised());
    assertEquals("no system\nrole", error.getMessage());
    assertEquals(2, error.line());
  }

  @Test
  void shouldNameTheLine() {
    assertEquals("line 3: 'x' is undefined", failure("a\n\n{{ x.y }}").getMessage());
    assertEquals("line 2: expected '}}', got 'b'", failure("\n{{ a b }}").getMessage());
    assertEquals("line 1: 'if' has no end", failure("{% if a %}\n\n").getMessage());
  }

  @Test
  void shouldTakeWhatJsonParsersGive() {
    Map<String, Object> input = new LinkedHashMap<>();
    input.put("none", null);
    input.put("list", List.of(1, 2L, 2.5, true, new java.math.BigInteger("18446744073709551616")));
    assertEquals(
        "None[1, 2, 2.5, True, 18446744073709551616]",
        Rendering.render("{{ none }}{{ list }}", input));
  }
}
