package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.FreePort;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The commands of the jar as a user or a script runs them, on a model that `synth` makes.
class CommandIT {
  private static final String JAR = System.getProperty("jar.under.test", "target/dllama-akka.jar");
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path folder;

  private record Result(int code, String out, String err) {
    JsonNode json() throws IOException {
      assertEquals(0, code, err);
      return JSON.readTree(out);
    }

    /// The one line on standard error.
    String complaint() {
      assertEquals("", out);
      assertEquals(1, err.lines().count(), err);
      return err.strip();
    }
  }

  @BeforeAll
  static void synth() throws Exception {
    Result result =
        run(
            "",
            "synth",
            "--shape",
            "tiny",
            "--weights-float-type",
            "f32",
            "--layers",
            "2",
            "--out",
            model(),
            "--tokenizer",
            tokenizer());
    assertEquals(0, result.code(), result.err());
  }

  @Test
  void shouldAnswerInJson() throws Exception {
    JsonNode result = inference("--nodes", "1").json();
    assertEquals(1, result.get("nodes").asInt());
    assertEquals(6, result.get("tokens").size());
    assertEquals("length", result.get("finishReason").asText());
    assertEquals(5, result.get("decode").get("tokens").asInt());
    assertTrue(result.get("prefill").get("tokensPerSecond").asDouble() > 0);
    assertTrue(result.get("sync").has("sentBytesPerToken"));
    assertEquals(
        result.get("promptTokens"),
        run("", "tokenize", "--tokenizer", tokenizer(), "--text", "Hello", "--output", "json")
            .json()
            .get("ids"));
  }

  @Test
  void shouldGiveTheSameTokensOnTwoNodes() throws Exception {
    String port = String.valueOf(FreePort.find());
    Process worker =
        start(List.of("--role", "worker", "--seed-node", "127.0.0.1:" + port, "--threads", "1"));
    try {
      Result two =
          inference("--nodes", "2", "--host", "127.0.0.1", "--port", port, "--threads", "1");
      JsonNode result = two.json();
      assertEquals(2, result.get("nodes").asInt());
      assertEquals(inference("--nodes", "1").json().get("tokens"), result.get("tokens"));
      assertTrue(result.get("sync").get("sentBytesPerToken").asLong() > 0);
    } finally {
      worker.destroy();
      assertTrue(worker.waitFor(20, TimeUnit.SECONDS), "the worker does not end");
    }
  }

  /// The same bits, the error included.
  @Test
  void shouldFindTheSamePerplexityOnTwoNodes() throws Exception {
    Path text = Files.writeString(folder.resolve("text"), "A text to foretell. ".repeat(40));
    String[] common = {
      "perplexity",
      "--model",
      model(),
      "--tokenizer",
      tokenizer(),
      "--file",
      text.toString(),
      "--context",
      "100",
      "--host",
      "127.0.0.1",
      "--output",
      "json"
    };
    JsonNode one = run("", with(common, "--nodes", "1", "--port", "0")).json();
    String port = String.valueOf(FreePort.find());
    Process worker = start(List.of("--role", "worker", "--seed-node", "127.0.0.1:" + port));
    try {
      JsonNode two = run("", with(common, "--nodes", "2", "--port", port)).json();
      assertEquals(2, two.get("nodes").asInt());
      for (String same : List.of("perplexity", "error", "tokens", "windows")) {
        assertEquals(one.get(same), two.get(same));
      }
    } finally {
      worker.destroy();
      assertTrue(worker.waitFor(20, TimeUnit.SECONDS), "the worker does not end");
    }
    assertEquals(49 * one.get("windows").asInt(), one.get("tokens").asInt());
    assertTrue(one.get("perplexity").asDouble() > 1);
    Result shown = run("", with(Arrays.copyOf(common, 9), "--nodes", "1", "--port", "0"));
    assertTrue(shown.out().matches("perplexity [0-9.]+ \\+/- [0-9.]+\n"), shown.out());
    assertTrue(shown.err().contains(" of 100 tokens, of which "), shown.err());
    Files.writeString(text, "A text");
    Result shorter = run("", with(common, "--nodes", "1"));
    assertEquals(2, shorter.code());
    assertTrue(shorter.complaint().startsWith("the text has "), shorter.err());
  }

  private static String[] with(String[] common, String... more) {
    List<String> all = new ArrayList<>(Arrays.asList(common));
    all.addAll(Arrays.asList(more));
    return all.toArray(String[]::new);
  }

  @Test
  void shouldTellWhatAFileIs() throws Exception {
    JsonNode told = run("", "inspect", model(), "--output", "json").json();
    assertEquals("llama", told.get("architecture").asText());
    assertEquals(Files.size(Path.of(model())), told.get("bytes").asLong());
    Result tokenizer = run("", "inspect", tokenizer());
    assertEquals(0, tokenizer.code());
    assertTrue(tokenizer.out().contains("format         .t file"), tokenizer.out());
    assertEquals("", tokenizer.err());
  }

  @Test
  void shouldGiveUpWithoutWorkers() throws Exception {
    Result result =
        inference(
            "--nodes", "2", "--host", "127.0.0.1", "--port", "0", "-Ddllama.nodes-timeout=1s");
    assertEquals(3, result.code(), result.err());
    assertTrue(result.err().contains("no cluster after 1 s: 1 of 2 nodes"), result.err());
    assertEquals("", result.out());
  }

  @Test
  void shouldChatWithoutATerminal() throws Exception {
    Result result =
        run(
            "Hello\n/stats\n",
            "--model",
            model(),
            "--tokenizer",
            tokenizer(),
            "--nodes",
            "1",
            "--temperature",
            "0",
            "--max-seq-len",
            "64");
    assertEquals(0, result.code(), result.err());
    assertFalse(result.out().startsWith("> "), result.out());
    assertFalse((result.out() + result.err()).contains("\u001b"), result.out());
    assertTrue(result.err().contains(" ms transfer"), result.err());
  }

  @Test
  void shouldWriteLogits() throws Exception {
    Path out = folder.resolve("logits.f32");
    Result result =
        run(
            "",
            "logits",
            "--model",
            model(),
            "--nodes",
            "1",
            "--tokens",
            "1,2,3",
            "--out",
            out.toString());
    assertEquals(0, result.code(), result.err());
    assertEquals(3 * 1024 * Float.BYTES, Files.size(out));
  }

  /// Rows of the smallest shape on one node.
  private static JsonNode bench(String... options) throws Exception {
    List<String> all = new ArrayList<>(List.of("bench", "--shape", "tiny", "--nodes", "1"));
    all.addAll(List.of("--repeat", "1", "--output", "json"));
    all.addAll(List.of(options));
    return run("", all.toArray(String[]::new)).json();
  }

  @Test
  void shouldMeasureAShape() throws Exception {
    JsonNode rows = bench("--prefill", "4,8", "--decode", "2");
    assertEquals(2, rows.size());
    assertEquals(8, rows.get(1).get("prefill").get("tokens").asInt());
    assertTrue(rows.get(0).get("decode").get("medianMsPerToken").asDouble() > 0);
    assertFalse(rows.get(0).get("processor").asText().isEmpty());
    assertTrue(rows.get(0).get("vectorBits").asInt() >= 128);
    assertEquals(2, rows.get(0).get("kernels").size(), rows.toString());
  }

  @Test
  void shouldMeasureGuessesAtAGivenAcceptance() throws Exception {
    JsonNode rows = bench("--prefill", "4", "--decode", "40", "--replay-acceptance", "0,100");
    assertEquals(3, rows.size());
    assertFalse(rows.get(0).has("replay"));
    for (int row = 1; row <= 2; row++) {
      JsonNode replay = rows.get(row).get("replay");
      assertEquals(row == 1 ? 0 : 100, replay.get("acceptance").asInt());
      int proposed = replay.get("proposed").asInt();
      assertEquals(row == 1 ? 0 : proposed, replay.get("accepted").asInt());
      assertEquals(40, rows.get(row).get("decode").get("tokens").asInt());
    }
  }

  @Test
  void shouldMeasureSeveralSequencesAtOnce() throws Exception {
    JsonNode rows = bench("--prefill", "4", "--decode", "20", "--parallel", "1,3");
    assertEquals(3, rows.size());
    assertFalse(rows.get(0).has("parallel"));
    for (int row = 1; row <= 2; row++) {
      JsonNode parallel = rows.get(row).get("parallel");
      int sequences = row == 1 ? 1 : 3;
      assertEquals(sequences, parallel.get("sequences").asInt());
      double all = parallel.get("decodeTokensPerSecond").asDouble();
      assertTrue(all > 0);
      assertEquals(all / sequences, parallel.get("eachTokensPerSecond").asDouble(), 0.001);
    }
    assertEquals(
        "--parallel 17: at most 16 can be computed together; a larger prefill-batch allows more",
        refusal("--parallel", "17"));
  }

  @Test
  void shouldSayThatTheCachesAreTooLargeForTheMachine() throws Exception {
    String line = refusal("--kv-memory", "999999 GiB");
    assertTrue(line.startsWith("this node needs 1.8 MB for weights and "), line);
    assertTrue(line.contains("a smaller --kv-memory"), line);
    assertFalse(line.contains("--max-seq-len"), line);
  }

  /// What a benchmark with these options ends with.
  private static String refusal(String... options) throws Exception {
    List<String> all = new ArrayList<>(List.of("bench", "--shape", "tiny", "--nodes", "1"));
    all.addAll(List.of(options));
    Result result = run("", all.toArray(String[]::new));
    assertEquals(2, result.code(), result.err());
    return result.err().lines().reduce((_, last) -> last).orElseThrow();
  }

  @Test
  void shouldGiveTheSameTokensWithGuesses() throws Exception {
    List<JsonNode> results = new ArrayList<>();
    for (String lookup : List.of("off", "on", "auto")) {
      results.add(
          run(
                  "",
                  "inference",
                  "--model",
                  model(),
                  "--tokenizer",
                  tokenizer(),
                  "--prompt",
                  "Hello",
                  "--ignore-eos",
                  "--output",
                  "json",
                  "--nodes",
                  "1",
                  "--steps",
                  "60",
                  "--temperature",
                  "0",
                  "--prompt-lookup",
                  lookup)
              .json());
    }
    assertEquals(0, results.get(0).at("/promptLookup/proposed").asInt());
    for (JsonNode result : results) {
      assertEquals(results.get(0).get("tokens"), result.get("tokens"));
      assertEquals(59, result.at("/decode/tokens").asInt());
      assertTrue(result.at("/promptLookup/accepted").isInt());
    }
  }

  @Test
  void shouldRefuseWithOneLine() throws Exception {
    for (String line :
        List.of(
            "inference --prompt x --tokenizer " + tokenizer(),
            "inference --model /nonexistent.m",
            "--role worker",
            "--role worker chat --seed-node x",
            "inference --nodes 3",
            "bench --shape nothing",
            "bench --shape llama3-70b --nodes 1 -Ddllama.weights.memory-limit=1GiB",
            "synth",
            "tokenize --text x",
            "logits --model " + model(),
            "perplexity --model %s --tokenizer %s".formatted(model(), tokenizer()),
            "perplexity --file /nonexistent --model %s --tokenizer %s"
                .formatted(model(), tokenizer()),
            "perplexity --file x --context 999999 --model %s --tokenizer %s"
                .formatted(model(), tokenizer()),
            "inspect /nonexistent",
            "logits --tokens 1 --out /nonexistent/l --model " + model(),
            "inference --prompt x --model " + model(),
            "inference --prompt x --model %s --tokenizer %s".formatted(model(), model()),
            "--chat-template klingon --model %s --tokenizer %s".formatted(model(), tokenizer()),
            "--max-seq-len 999999 --model %s --tokenizer %s".formatted(model(), tokenizer()))) {
      Result result = run("", line.split(" "));
      assertEquals(2, result.code(), line + ": " + result.err());
      assertFalse(result.complaint().contains("Exception"), result.err());
    }
  }

  private static Result inference(String... options) throws Exception {
    List<String> all =
        new ArrayList<>(
            List.of(
                "inference",
                "--model",
                model(),
                "--tokenizer",
                tokenizer(),
                "--prompt",
                "Hello",
                "--steps",
                "6",
                "--ignore-eos",
                "--temperature",
                "0",
                "--output",
                "json"));
    all.addAll(Arrays.asList(options));
    return run("", all.toArray(String[]::new));
  }

  private static String model() {
    return folder.resolve("tiny.m").toString();
  }

  private static String tokenizer() {
    return folder.resolve("tiny.t").toString();
  }

  private static Result run(String input, String... arguments) throws Exception {
    Process process = start(Arrays.asList(arguments));
    process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().close();
    assertTrue(process.waitFor(90, TimeUnit.SECONDS), () -> String.join(" ", arguments));
    return new Result(
        process.exitValue(),
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8),
        new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
  }

  private static Process start(List<String> arguments) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command = new ArrayList<>(List.of(java, NodeProcess.PATIENCE, "-jar", JAR));
    command.addAll(arguments);
    return new ProcessBuilder(command).start();
  }
}
