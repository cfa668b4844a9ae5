package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.hub.HubServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `fetch`, `models` and `rm` of the jar, with a hub on this machine.
class FetchIT {
  private static final String JAR = System.getProperty("jar.under.test", "target/dllama-akka.jar");
  private static final int CHUNK = 16 << 20;

  @TempDir Path folder;

  private Process start(String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar", JAR));
    command.addAll(List.of(arguments));
    command.add("-Ddllama.models.dir=" + folder.resolve("models"));
    return new ProcessBuilder(command)
        .redirectError(folder.resolve("err").toFile())
        .redirectOutput(folder.resolve("out").toFile())
        .start();
  }

  /// Runs a command that must end well. Returns its standard output.
  private String run(String... arguments) throws Exception {
    Process process = start(arguments);
    process.getOutputStream().close();
    assertTrue(process.waitFor(90, TimeUnit.SECONDS), () -> String.join(" ", arguments));
    assertEquals(0, process.exitValue(), error());
    return Files.readString(folder.resolve("out"));
  }

  private String error() throws IOException {
    return Files.readString(folder.resolve("err"));
  }

  @Test
  void shouldGoOnAfterItWasKilled() throws Exception {
    byte[] content = new byte[3 * CHUNK + 5];
    new Random(1).nextBytes(content);
    System.arraycopy("GGUF".getBytes(StandardCharsets.UTF_8), 0, content, 0, 4);
    CountDownLatch killed = new CountDownLatch(1);
    try (HubServer server = new HubServer()) {
      String at = server.put("org/big", "big-Q4_K_M.gguf", content);
      server.fault(
          at,
          (exchange, _) -> {
            String range = String.valueOf(exchange.getRequestHeaders().getFirst("Range"));
            if (killed.getCount() > 0 && range.startsWith("bytes=" + CHUNK + "-")) {
              await(killed);
              return true;
            }
            return false;
          });
      Process first = start("fetch", "org/big", "--hub", server.address(), "--connections", "1");
      Path journal = folder.resolve("models/.big-Q4_K_M.part/big-Q4_K_M.gguf.journal");
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (!Files.exists(journal) || Files.readAllLines(journal).size() < 2) {
        assertTrue(first.isAlive() && System.nanoTime() < end, error());
        Thread.sleep(50);
      }
      first.destroyForcibly().waitFor();
      killed.countDown();
      assertFalse(Files.exists(folder.resolve("models/big-Q4_K_M")));
      assertTrue(run("models").contains("unfinished"));
      int before = server.requests().size();
      run("fetch", "org/big", "--hub", server.address());
      List<String> second = server.requests().subList(before, server.requests().size());
      assertFalse(second.toString().contains("bytes=0-" + (CHUNK - 1)), second.toString());
      assertTrue(second.toString().contains("bytes=%d-".formatted(CHUNK)), second.toString());
    }
    assertArrayEquals(
        content, Files.readAllBytes(folder.resolve("models/big-Q4_K_M/big-Q4_K_M.gguf")));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void shouldRunAModelByItsName() throws Exception {
    Path model = folder.resolve("tiny.m");
    Path tokenizer = folder.resolve("tiny.t");
    run("synth", "--layers", "2", "--out", model.toString(), "--tokenizer", tokenizer.toString());
    String name = "qwen3_0.6b_q40";
    String repository = "b4rtaz/Qwen3-0.6B-Q40-Distributed-Llama";
    try (HubServer server = new HubServer()) {
      server.put(repository, "dllama_model_qwen3_0.6b_q40.m", Files.readAllBytes(model));
      server.put(repository, "dllama_tokenizer_qwen3_0.6b.t", Files.readAllBytes(tokenizer));
      run("fetch", name, "--hub", server.address());
    }
    JsonNode models = new ObjectMapper().readTree(run("models", "--output", "json")).get("models");
    assertEquals(1, models.size());
    assertEquals(name, models.get(0).get("name").asText());
    assertEquals("q40", models.get(0).get("weights").asText());
    assertEquals(1, models.get(0).get("nodes").asInt());
    String[] inference = {
      "inference", "--nodes", "1", "--prompt", "Hi", "--steps", "4", "--temperature", "0", "--model"
    };
    String byName = run(with(inference, name));
    String byFile = run(with(inference, model.toString(), "--tokenizer", tokenizer.toString()));
    assertEquals(byFile, byName);
    run("rm", name, "--yes");
    assertFalse(Files.exists(folder.resolve("models").resolve(name)));
  }

  private static String[] with(String[] arguments, String... more) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }
}
