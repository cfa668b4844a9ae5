package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.FreePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What `plan` of the jar says, beside what real clusters count.
class PlanIT {
  @TempDir Path folder;

  private final List<NodeProcess> processes = new ArrayList<>();

  @AfterEach
  void killAll() {
    processes.forEach(NodeProcess::close);
  }

  /// The root's own count of frames, within a twentieth; the shape is so small that a sixth of that
  /// are headers.
  @ParameterizedTest
  @CsvSource({"2,q80", "4,q80", "2,f32"})
  void shouldPredictTheBytesThatARunSends(int nodes, String exchange) throws IOException {
    int port = FreePort.find();
    for (int worker = 1; worker < nodes; worker++) {
      processes.add(NodeProcess.lightWorker(port, NodeProcess.PATIENCE));
    }
    NodeProcess root =
        started(
            NodeProcess.lightRoot(
                port,
                nodes,
                "bench",
                "--shape",
                "tiny",
                "--prefill",
                "4",
                "--decode",
                "64",
                "--repeat",
                "1",
                "--output",
                "json",
                "--buffer-float-type",
                exchange,
                NodeProcess.PATIENCE));
    JsonNode measured = json(root).get(0).get("sync");
    JsonNode row =
        plan(
                "--shape",
                "tiny",
                "--device",
                "n100-8gb",
                "--nodes",
                String.valueOf(nodes),
                "--buffer-float-type",
                exchange)
            .get("rows")
            .get(0);
    long sent = measured.get("sentBytesPerToken").asLong();
    assertEquals(sent, row.get("traffic").get("rootSent").asLong(), sent * 0.05);
  }

  @Test
  void shouldMeasureThisMachineAndPlanWithIt() throws IOException {
    NodeProcess first =
        command("--shape", "llama3.2-1b", "--measure", "--threads", "1", "--output", "json");
    JsonNode device = json(first).get("device");
    assertEquals("this-machine", device.get("name").asText());
    assertTrue(device.get("measured").asBoolean());
    String line =
        first.err().stream()
            .filter(l -> l.contains("devices.this-machine"))
            .findFirst()
            .orElseThrow();
    Path file = folder.resolve("devices.conf");
    Files.writeString(file, line.substring(line.indexOf("devices.this-machine")));
    JsonNode again =
        plan("--shape", "llama3.2-1b", "--device", "this-machine", "--devices", file.toString());
    assertEquals(
        device.get("readGbPerSecond").asDouble(),
        again.get("device").get("readGbPerSecond").asDouble(),
        0.01);
    assertEquals(
        device.get("productsPerSecond").asDouble(),
        again.get("device").get("productsPerSecond").asDouble(),
        0.01);
  }

  private JsonNode plan(String... options) throws IOException {
    List<String> all = new ArrayList<>(List.of(options));
    all.addAll(List.of("--output", "json"));
    return json(command(all.toArray(String[]::new)));
  }

  private NodeProcess command(String... options) {
    List<String> all = new ArrayList<>(List.of("plan"));
    all.addAll(List.of(options));
    return started(new NodeProcess(List.of(), all));
  }

  private NodeProcess started(NodeProcess process) {
    processes.add(process);
    return process;
  }

  private static JsonNode json(NodeProcess process) throws IOException {
    assertEquals(0, process.exit(NodeProcess.FORM), process::toString);
    return new ObjectMapper().readTree(String.join("\n", process.out()));
  }
}
