package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.model.Shapes;
import dllama.session.LoadedModel;
import dllama.settings.Devices;
import dllama.tensor.DType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlanTest {
  private record Result(int code, String out, String err) {
    JsonNode json() throws IOException {
      assertEquals(0, code, err);
      return new ObjectMapper().readTree(out);
    }
  }

  @Test
  void shouldTellARowForEveryCountThatCanBeUsed() throws IOException {
    JsonNode plan = plan("--shape llama3-8b --device raspberry-pi-5-8gb --output json").json();
    assertEquals("llama3-8b", plan.get("model").asText());
    assertEquals("q40", plan.get("weights").asText());
    assertEquals("1G", plan.get("link").get("name").asText());
    assertFalse(plan.get("device").get("measured").asBoolean());
    JsonNode rows = plan.get("rows");
    assertEquals(
        List.of(1, 2, 4, 8),
        rows.findValues("nodes").stream().map(JsonNode::asInt).limit(4).toList());
    for (int i = 1; i < 4; i++) {
      assertTrue(memory(rows.get(i)) < memory(rows.get(i - 1)));
      assertTrue(rows.get(i).get("tokensPerSecond").asDouble() > 0);
      JsonNode ms = rows.get(i).get("msPerToken");
      double parts =
          Stream.of("read", "attention", "exchange", "logits")
              .mapToDouble(part -> ms.get(part).asDouble())
              .sum();
      assertEquals(parts, ms.get("total").asDouble(), 0.01);
    }
    assertTrue(plan.get("problems").isEmpty());
  }

  private static long memory(JsonNode row) {
    return row.get("memory").get("total").asLong();
  }

  @Test
  void shouldTakeTheMemoryThatBenchTells() throws IOException {
    JsonNode plan = plan("--shape qwen3-8b --device n100-8gb --nodes 2 --output json").json();
    assertEquals(1, plan.get("rows").size());
    JsonNode memory = plan.get("rows").get(0).get("memory");
    var settings = Arguments.parse("plan").orElseThrow().settings(new Properties()).model();
    LoadedModel model =
        LoadedModel.random("qwen3-8b", Shapes.spec("qwen3-8b", DType.Q4_0), 1, settings);
    assertEquals(model.nodeBytes(2), memory.get("slice").asLong() + memory.get("cache").asLong());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --shape llama3-8b --device raspberry-pi-5-4gb            | ! 1 node: needs 5.02 GB per node; raspberry-pi-5-4gb has 4.00 GB, of which 3.60 GB may be used
          --shape llama3-8b --device raspberry-pi-5-4gb            | ! use 2 nodes or more
          --shape llama3-8b --device raspberry-pi-5-4gb --nodes 1  | ! use 2 nodes or more
          --shape grok-1 --device raspberry-pi-4-4gb               | ! no number of nodes is enough
          --shape qwen2.5-0.5b --device n100-8gb                   | can not be used:
          """)
  void shouldSayWhatDoesNotFit(String options, String line) {
    Result result = plan(options);
    assertEquals(0, result.code(), result.err());
    assertTrue(result.out().lines().anyMatch(l -> l.startsWith(line)), result.out());
  }

  @Test
  void shouldFitWhatItDoesNotComplainAbout() {
    Result result = plan("--shape llama3-8b --device raspberry-pi-5-8gb --nodes 4");
    assertEquals(0, result.code(), result.err());
    assertFalse(result.out().contains("! "), result.out());
    assertTrue(result.out().contains("raspberry-pi-5-8gb, estimated"), result.out());
    List<String> lines = result.out().lines().filter(line -> line.contains("  ")).toList();
    assertEquals(2, lines.size(), result.out());
    assertEquals(lines.get(0).length(), lines.get(1).length());
  }

  @Test
  void shouldPlanForTheBuiltInModelAndHeedItsSettings() throws IOException {
    String options = "--device raspberry-pi-4-4gb --nodes 2 --output json";
    JsonNode plan = plan(options).json();
    assertEquals("built-in model", plan.get("model").asText());
    JsonNode slow = plan(options + " --link 100M --threads 1 --buffer-float-type f32").json();
    assertTrue(bytes(slow) > 2 * bytes(plan), () -> slow.toPrettyString() + plan.toPrettyString());
    assertTrue(
        slow.findValue("tokensPerSecond").asDouble()
            < plan.findValue("tokensPerSecond").asDouble());
    assertEquals(
        plan.get("device").get("readGbPerSecond").asDouble() / 4,
        slow.get("device").get("readGbPerSecond").asDouble(),
        0.001);
  }

  private static long bytes(JsonNode plan) {
    return plan.findValue("rootSent").asLong();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --shape tiny                                          | give either --device NAME, one of
          --shape tiny --measure --device n100-8gb              | give either --device NAME, one of
          --shape tiny --device pi                              | device 'pi' is not known; choose one of
          --shape tiny --device n100-8gb --link slow            | link 'slow' is not known; choose one of
          --shape tiny --device n100-8gb --model x.m            | give either --model FILE or --shape NAME, not both
          --shape small --device n100-8gb                       | shape 'small' is not known; choose one of
          --shape tiny --device n100-8gb --nodes 64             | usable node counts: 1, 2, 4, 8
          --shape tiny --device n100-8gb --nodes 3              | --nodes 3 must be a power of two
          --shape tiny --measure --nodes 64                     | usable node counts: 1, 2, 4, 8
          --shape tiny --device n100-8gb --devices /nothing     | --devices /nothing does not exist
          --shape tiny --device n100-8gb --prompt-tokens 99999  | --prompt-tokens 99999 does not fit the context of 2048
          --shape tiny --device n100-8gb --prompt-tokens 0      | --prompt-tokens 0 must be
          --model /nothing.m --device n100-8gb                  | /nothing.m
          """)
  void shouldRefuseInOneLine(String options, String complaint) {
    Result result = plan(options);
    assertEquals(Main.USER, result.code(), result.err());
    assertEquals("", result.out());
    assertEquals(1, result.err().lines().count(), result.err());
    assertTrue(result.err().contains(complaint), result.err());
  }

  @Test
  void shouldNameAllDevicesWhereOneIsNeeded() {
    String message = plan("--shape tiny").err();
    for (String name : Devices.load(Optional.empty()).deviceNames()) {
      assertTrue(message.contains(name), message);
    }
  }

  @Test
  void shouldStandInTheHelp() {
    assertTrue(run("--help").out().contains("plan"));
    assertTrue(plan("--help").out().contains("--device NAME"));
  }

  private static Result plan(String options) {
    return run(("plan " + options).split(" +"));
  }

  private static Result run(String... arguments) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    var outBytes = new ByteArrayOutputStream();
    var errBytes = new ByteArrayOutputStream();
    System.setOut(new PrintStream(outBytes, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(errBytes, true, StandardCharsets.UTF_8));
    try {
      int code = Main.run(arguments);
      return new Result(
          code,
          outBytes.toString(StandardCharsets.UTF_8),
          errBytes.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }
}
