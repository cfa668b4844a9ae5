package dllama.api;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Vectors of texts, in both dialects, from the built-in model.
@Tag("slow")
class EmbeddingsTest {
  private static final String TEXT = "The cat sits on the mat.";

  private static ApiTestServer server;
  private static String name;

  @BeforeAll
  static void start() throws InterruptedException {
    server = new ApiTestServer("api.parallel=4").ready();
    name = server.json(server.get("/v1/models")).at("/data/0/id").asText();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static JsonNode openAi(String input, String more) {
    HttpResponse<String> response = post(input, more);
    assertEquals(200, response.statusCode(), response.body());
    return server.json(response);
  }

  private static HttpResponse<String> post(String input, String more) {
    return server.post(
        "/v1/embeddings", "{\"model\":\"%s\",\"input\":%s%s}".formatted(name, input, more));
  }

  private static String quoted(String text) {
    return '"' + text + '"';
  }

  private static float[] vector(String text) {
    return floats(openAi(quoted(text), "").at("/data/0/embedding"));
  }

  private static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).floatValue();
    }
    return values;
  }

  private static double product(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  private static int[] tokens(String text) {
    String body = "{\"content\":\"%s\",\"add_special\":true,\"parse_special\":false}";
    JsonNode tokens = server.json(server.post("/tokenize", body.formatted(text))).at("/tokens");
    int[] ids = new int[tokens.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = tokens.get(i).intValue();
    }
    return ids;
  }

  @Test
  void shouldGiveTheSameVectorOfLengthOneForTheSameText() {
    float[] first = vector(TEXT);
    assertEquals(1, product(first, first), 1e-6);
    assertArrayEquals(first, vector(TEXT), 0);
    float[] other = vector("Seven times eight is fifty-six.");
    assertEquals(1, product(other, other), 1e-6);
    assertTrue(product(first, other) < 0.9999, "another text: " + product(first, other));
  }

  @Test
  void shouldGiveOneVectorForEachInputInOrder() {
    List<String> texts = new ArrayList<>();
    int tokens = 0;
    for (int i = 0; i < 9; i++) {
      texts.add(quoted("Number %d and %s".formatted(i, "so on ".repeat(9 - i))));
      tokens += tokens(texts.getLast().replace("\"", "")).length;
    }
    JsonNode all = openAi(texts.toString(), "");
    assertEquals("list", all.at("/object").asText());
    assertEquals(name, all.at("/model").asText());
    assertEquals(tokens, all.at("/usage/prompt_tokens").asInt());
    assertEquals(tokens, all.at("/usage/total_tokens").asInt());
    assertEquals(9, all.at("/data").size());
    for (int i = 0; i < 9; i++) {
      JsonNode one = all.at("/data").get(i);
      assertEquals(i, one.at("/index").asInt());
      assertEquals("embedding", one.at("/object").asText());
      float[] alone = floats(openAi(texts.get(i), "").at("/data/0/embedding"));
      assertArrayEquals(alone, floats(one.at("/embedding")), 0);
    }
  }

  @Test
  void shouldTakeTokensForTheirText() {
    int[] tokens = tokens(TEXT);
    String ids = Arrays.toString(tokens);
    float[] expected = vector(TEXT);
    assertArrayEquals(expected, floats(openAi(ids, "").at("/data/0/embedding")), 0);
    JsonNode two = openAi("[%s,%s]".formatted(ids, quoted("Hi")), "");
    assertArrayEquals(expected, floats(two.at("/data/0/embedding")), 0);
    assertArrayEquals(vector("Hi"), floats(two.at("/data/1/embedding")), 0);
  }

  @Test
  void shouldGiveTheSameFloatsInBase64() {
    String encoded =
        openAi(quoted(TEXT), ",\"encoding_format\":\"base64\"").at("/data/0/embedding").asText();
    var bytes = ByteBuffer.wrap(Base64.getDecoder().decode(encoded)).order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    assertArrayEquals(vector(TEXT), values, 0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[]              |                              | input must be a string",
        "{}              |                              | input must be a string",
        "null            |                              | input is required",
        "[\"a\",1]       |                              | input must be a string",
        "[1.5]           |                              | input must be a string",
        "[[],[1]]        |                              | input[0] must not be empty",
        "[9999999]       |                              | input has a token 9999999",
        "[[1],[-1]]      |                              | input[1] has a token -1",
        "\"a\"           | ,\"encoding_format\":\"hex\" | encoding_format must be one of float, base64",
        "\"a\"           | ,\"dimensions\":7            | dimensions must be",
      })
  void shouldRefuseWhatIsWrong(String input, String more, String why) {
    HttpResponse<String> response = post(input, more == null ? "" : more);
    assertEquals(400, response.statusCode(), response.body());
    String message = server.json(response).at("/error/message").asText();
    assertTrue(message.startsWith(why), message);
  }

  @Test
  void shouldSayWhichInputIsTooLong() {
    int context = server.json(server.get("/v1/models")).at("/data/0/context_length").asInt();
    String longest = "[" + "5,".repeat(context - 1) + "5]";
    assertEquals(context, openAi(longest, "").at("/usage/total_tokens").asInt());
    HttpResponse<String> response = post("[[5],[5],%s]".formatted(longest.replace("]", ",5]")), "");
    assertEquals(400, response.statusCode());
    JsonNode error = server.json(response).at("/error");
    assertEquals(
        "input[2] has %d tokens, more than the context of %d".formatted(context + 1, context),
        error.at("/message").asText());
    assertEquals("input[2]", error.at("/param").asText());
    assertEquals("context_length_exceeded", error.at("/code").asText());
    String many = "[" + "\"a\",".repeat(2048) + "\"a\"]";
    assertEquals(400, post(many, "").statusCode());
  }

  @Test
  void shouldRefuseMoreTokensThanItReadsAtOnce() {
    String text = "[" + "5,".repeat(499) + "5]";
    HttpResponse<String> response = post("[" + (text + ",").repeat(600) + text + "]", "");
    assertEquals(400, response.statusCode());
    assertEquals(
        "input has 300500 tokens in all; send at most 300000 at a time",
        server.json(response).at("/error/message").asText());
  }

  /// Many texts do not keep a chat out, and neither changes what the other gets.
  @Test
  void shouldShareStepsWithChats() {
    String chat =
        "{\"messages\":[{\"role\":\"user\",\"content\":\"What is 2 plus 3?\"}],\"temperature\":0}";
    String alone = answer(server.post("/v1/chat/completions", chat));
    float[] expected = vector(TEXT);
    String texts = "[" + (quoted(TEXT) + ",").repeat(60) + quoted(TEXT) + "]";
    var embedding = CompletableFuture.supplyAsync(() -> openAi(texts, ""));
    for (int i = 0; i < 3; i++) {
      assertEquals(alone, answer(server.post("/v1/chat/completions", chat)));
    }
    JsonNode data = embedding.join().at("/data");
    assertEquals(61, data.size());
    for (JsonNode one : data) {
      assertArrayEquals(expected, floats(one.at("/embedding")), 0);
    }
  }

  private static String answer(HttpResponse<String> response) {
    return server.json(response).at("/choices/0/message/content").asText();
  }

  @Test
  void shouldAnswerClientsOfOllama() {
    JsonNode all = ollama("/api/embed", "\"input\":[\"%s\",\"Hi\"]".formatted(TEXT));
    assertEquals(2, all.at("/embeddings").size());
    assertArrayEquals(vector(TEXT), floats(all.at("/embeddings/0")), 0);
    assertArrayEquals(vector("Hi"), floats(all.at("/embeddings/1")), 0);
    assertEquals(name, all.at("/model").asText());
    assertEquals(tokens(TEXT).length + tokens("Hi").length, all.at("/prompt_eval_count").asInt());
    assertTrue(all.at("/total_duration").asLong() > 0);
    assertEquals(0, ollama("/api/embed", "\"input\":\"\"").at("/embeddings").size());
    float[] plain = floats(ollama("/api/embeddings", "\"prompt\":\"Hi\"").at("/embedding"));
    double length = Math.sqrt(product(plain, plain));
    assertEquals(length, product(plain, vector("Hi")), 1e-5 * length);
    assertNotEquals(1, length, 1e-3);
  }

  @Test
  void shouldCutWhatIsTooLongForClientsOfOllama() {
    String longText = "word ".repeat(5000);
    int context = server.json(server.get("/v1/models")).at("/data/0/context_length").asInt();
    assertTrue(tokens(longText).length > context);
    JsonNode cut = ollama("/api/embed", "\"input\":\"%s\"".formatted(longText));
    assertEquals(context, cut.at("/prompt_eval_count").asInt());
    String body = "{\"model\":\"%s\",\"truncate\":false,\"input\":\"%s\"}";
    HttpResponse<String> refused = server.post("/api/embed", body.formatted(name, longText));
    assertEquals(400, refused.statusCode());
    String error = server.json(refused).at("/error").asText();
    assertTrue(error.startsWith("input has "), error);
  }

  private static JsonNode ollama(String path, String fields) {
    HttpResponse<String> response =
        server.post(path, "{\"model\":\"%s\",%s}".formatted(name, fields));
    assertEquals(200, response.statusCode(), response.body());
    return server.json(response);
  }
}
