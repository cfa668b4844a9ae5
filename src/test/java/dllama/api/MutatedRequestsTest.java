package dllama.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dllama.Conformance;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Requests of real clients with something wrong in them, at random: whatever it is, the server
/// says so or answers, and goes on. `-Dapi.mutations=N` tries more than the usual number,
/// `-Dapi.seed=S` others.
@Tag("slow")
class MutatedRequestsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "-1",
          "0",
          "1e300",
          "99999999999999999999",
          "1.5",
          "\"\"",
          "\"x\"",
          "\"\\u0000\\ud83d\"",
          "[]",
          "{}",
          "[[[[[[[[]]]]]]]]",
          "[null]",
          "{\"type\":\"x\"}",
          "\"<|im_start|>\"");

  @Test
  void shouldNeverFailForWhatACallerSends() throws IOException, InterruptedException {
    int count = Integer.getInteger("api.mutations", 2000);
    long seed = Long.getLong("api.seed", 1);
    List<JsonNode> requests = requests();
    Random random = new Random(seed);
    List<String> failures = new ArrayList<>();
    try (ApiTestServer server = new ApiTestServer().ready()) {
      for (int i = 0; i < count; i++) {
        JsonNode request = requests.get(random.nextInt(requests.size()));
        String body = mutated(request.get("body"), random);
        String told = "seed %d, number %d: %s %s".formatted(seed, i, request.get("path"), body);
        HttpResponse<String> response = answer(server, request.get("path").asText(), body, told);
        if (response.statusCode() >= 500 && response.statusCode() != 501) {
          failures.add(told + " " + response.body());
        }
        if (response.statusCode() >= 400) {
          assertTrue(server.json(response).has("error"), () -> told + " " + response.body());
        }
      }
      assertEquals(List.of(), failures);
      assertEquals(0, server.metric("dllama_answers_running"));
      assertEquals(0, server.metric("dllama_answers_waiting"));
    }
  }

  /// Also where the connection ends, it is known for which request.
  private static HttpResponse<String> answer(
      ApiTestServer server, String path, String body, String told) {
    try {
      return server.post(path, body);
    } catch (UncheckedIOException e) {
      throw new AssertionError(told, e);
    }
  }

  private static List<JsonNode> requests() throws IOException {
    Path folder = Conformance.file("openai/requests/openai-node-chat.json").getParent();
    List<JsonNode> requests = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        JsonNode request = JSON.readTree(Files.readString(file));
        if (request.path("body").isObject()) {
          requests.add(request);
        }
      }
    }
    return requests;
  }

  private static String mutated(JsonNode body, Random random) throws IOException {
    ObjectNode changed = body.deepCopy();
    for (String limit : List.of("max_tokens", "max_completion_tokens", "max_output_tokens")) {
      if (changed.has(limit)) {
        changed.put(limit, 2); // to be quick
      }
    }
    if (!changed.has("max_tokens")) {
      changed.put("max_tokens", 2);
    }
    changed.putObject("options").put("num_predict", 2);
    List<JsonNode> all = new ArrayList<>();
    collect(changed, all);
    for (int i = random.nextInt(3); i >= 0; i--) {
      change(all.get(random.nextInt(all.size())), random);
    }
    String text = changed.toString();
    if (random.nextInt(8) > 0) {
      return text;
    }
    int at = random.nextInt(text.length());
    return switch (random.nextInt(3)) {
      case 0 -> text.substring(0, at);
      case 1 -> text.substring(0, at) + (char) random.nextInt(1, 0xD800) + text.substring(at);
      default -> text.substring(0, at) + text.substring(Math.min(text.length(), at + 3));
    };
  }

  private static void collect(JsonNode node, List<JsonNode> all) {
    if (node.isContainerNode()) {
      all.add(node);
      node.forEach(child -> collect(child, all));
    }
  }

  private static void change(JsonNode node, Random random) throws IOException {
    JsonNode value = JSON.readTree(VALUES.get(random.nextInt(VALUES.size())));
    if (node instanceof ArrayNode array && !array.isEmpty()) {
      int at = random.nextInt(array.size());
      if (random.nextBoolean()) {
        array.remove(at);
      } else {
        array.set(at, value);
      }
    } else if (node instanceof ObjectNode object && !object.isEmpty()) {
      Iterator<String> names = object.fieldNames();
      String name = names.next();
      for (int skip = random.nextInt(object.size()); skip > 0; skip--) {
        name = names.next();
      }
      if (random.nextInt(3) == 0) {
        object.remove(name);
      } else {
        object.set(name, value);
      }
    }
  }
}
