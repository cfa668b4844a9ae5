package dllama.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;

/// What answers have to have, as src/test/resources/conformance/openai/README.md describes it.
final class Checklist {
  private Checklist() {}

  /// Checks a document against `required` entries.
  static void check(JsonNode document, JsonNode required, String what) {
    for (JsonNode entry : required) {
      String path = entry.get("path").asText();
      List<JsonNode> found = find(document, path);
      if (found.isEmpty() && path.contains("[*]")) {
        continue;
      }
      String told = "%s: %s in %s".formatted(what, entry, document);
      assertTrue(!found.isEmpty(), told);
      boolean some = path.contains("[*]") && entry.path("note").asText().startsWith("for ");
      found.stream()
          .filter(node -> !some || !node.isMissingNode())
          .forEach(node -> value(node, entry, told));
      if (entry.has("unique")) {
        assertEquals(found.size(), new HashSet<>(found).size(), told);
      }
    }
  }

  private static void value(JsonNode node, JsonNode entry, String told) {
    if (entry.has("type")) {
      String types = entry.get("type").asText();
      assertTrue(Arrays.stream(types.split("\\|")).anyMatch(type -> is(node, type)), told);
    }
    if (entry.has("value")) {
      assertEquals(entry.get("value"), node, told);
    }
    if (entry.has("one_of")) {
      List<JsonNode> allowed = new ArrayList<>();
      entry.get("one_of").forEach(allowed::add);
      assertTrue(allowed.contains(node), told);
    }
    if (entry.has("min")) {
      assertTrue(node.asDouble() >= entry.get("min").asDouble(), told);
    }
    if (entry.has("max")) {
      assertTrue(node.asDouble() <= entry.get("max").asDouble(), told);
    }
    if (entry.path("length").isInt()) {
      assertEquals(entry.get("length").asInt(), node.size(), told);
    }
    if (entry.has("min_length")) {
      assertTrue(node.size() >= entry.get("min_length").asInt(), told);
    }
    if (entry.has("nonempty")) {
      assertTrue(node.isTextual() ? !node.asText().isEmpty() : !node.isEmpty(), told);
    }
    if (entry.has("json") && node.isTextual()) {
      assertTrue(ApiTestServer.read(node.asText()).isContainerNode(), told);
    }
  }

  private static boolean is(JsonNode node, String type) {
    return switch (type) {
      case "absent" -> node.isMissingNode();
      case "null" -> node.isNull();
      case "string" -> node.isTextual();
      case "integer" -> node.isIntegralNumber();
      case "number" -> node.isNumber();
      case "boolean" -> node.isBoolean();
      case "array" -> node.isArray();
      case "object" -> node.isObject();
      default -> throw new IllegalArgumentException(type);
    };
  }

  /// What stands at a path; a missing node where there is nothing. A key may itself have dots.
  static List<JsonNode> find(JsonNode document, String path) {
    List<JsonNode> at = List.of(document);
    String left = path.replace("<arch>", "llama");
    while (!left.isEmpty()) {
      List<JsonNode> next = new ArrayList<>();
      if (left.startsWith("[*]")) {
        at.forEach(node -> node.forEach(next::add));
        left = rest(left, 3);
      } else if (left.startsWith("[")) {
        int index = Integer.parseInt(left.substring(1, left.indexOf(']')));
        at.forEach(node -> next.add(node.path(index)));
        left = rest(left, left.indexOf(']') + 1);
      } else {
        int end = end(left);
        boolean dotted = at.size() == 1 && at.getFirst().has(left);
        String key = dotted ? left : left.substring(0, end);
        at.forEach(node -> next.add(node.path(key)));
        left = dotted ? "" : rest(left, end);
      }
      at = next;
    }
    return at.stream().map(node -> node == null ? MissingNode.getInstance() : node).toList();
  }

  private static int end(String path) {
    int dot = path.indexOf('.');
    int bracket = path.indexOf('[');
    int end = dot < 0 ? path.length() : dot;
    return bracket < 0 ? end : Math.min(end, bracket);
  }

  private static String rest(String path, int from) {
    String rest = path.substring(from);
    return rest.startsWith(".") ? rest.substring(1) : rest;
  }
}
