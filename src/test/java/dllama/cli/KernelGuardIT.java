package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A compiler that makes no vectors of the Vector API's additions and products, on whatever
/// processor: every kernel is boxed, says so, and is not used; the next start has narrower vectors.
class KernelGuardIT {
  private static final String JAR = System.getProperty("jar.under.test", "target/dllama-akka.jar");
  private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");
  private static final List<String> BOXING =
      List.of("-XX:+UnlockDiagnosticVMOptions", "-XX:DisableIntrinsic=_VectorBinaryOp");

  @TempDir Path folder;

  @Test
  void shouldNotUseBoxedKernels() throws Exception {
    JsonNode first = bench();
    String said = Files.readString(folder.resolve("err"));
    int bits =
        Integer.parseInt(said.replaceAll("(?s).*?no form for vectors of (\\d+) bit.*", "$1"));
    assertEquals(bits, first.get("vectorBits").asInt(), said);
    assertTrue(said.contains("slow: prefill of Q4_0 ("), said);
    assertEquals(1, said.lines().filter(line -> line.contains("KernelGuard: ")).count(), said);
    int expected = bits > 128 ? bits / 2 : bits;
    assertEquals(expected, bench("-Ddllama.weights.warm-up=off").get("vectorBits").asInt());
  }

  private JsonNode bench(String... settings) throws Exception {
    Path out = folder.resolve("out");
    ProcessBuilder builder = new ProcessBuilder(JAVA.toString());
    builder.command().addAll(BOXING);
    builder.command().addAll(List.of(settings));
    builder.command().addAll(List.of("-jar", JAR, "bench", "--shape", "tiny", "--nodes", "1"));
    builder.command().addAll(List.of("--threads", "1", "--prefill", "8", "--decode", "2"));
    builder.command().addAll(List.of("--repeat", "1", "--output", "json"));
    builder.environment().put("XDG_CACHE_HOME", folder.toString());
    Process process =
        builder.redirectOutput(out.toFile()).redirectError(folder.resolve("err").toFile()).start();
    try {
      assertTrue(process.waitFor(180, TimeUnit.SECONDS), "still running");
      assertEquals(0, process.exitValue(), Files.readString(folder.resolve("err")));
    } finally {
      process.destroyForcibly();
    }
    return new ObjectMapper().readTree(out.toFile()).get(0);
  }
}
