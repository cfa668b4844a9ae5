package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.Conformance;
import dllama.format.SynthModel;
import dllama.model.Shapes;
import dllama.tensor.DType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `convert` as a user runs it: the jar in a process.
class ConvertIT {
  private static final String JAR = System.getProperty("jar.under.test", "target/dllama-akka.jar");
  private static final Path HF = Path.of("src/test/resources/convert/hf");

  /// As often as the machine may be quicker than Ctrl-C.
  private static final int ATTEMPTS = 10;

  @TempDir Path folder;

  private record Result(int code, String out, String err) {}

  private static Process start(List<String> arguments) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command = new ArrayList<>(List.of(java, "-jar", JAR));
    command.addAll(arguments);
    return new ProcessBuilder(command).start();
  }

  private static Result run(String... arguments) throws Exception {
    Process process = start(List.of(arguments));
    process.getOutputStream().close();
    assertTrue(process.waitFor(120, TimeUnit.SECONDS), () -> String.join(" ", arguments));
    return result(process);
  }

  private static Result result(Process ended) throws IOException {
    return new Result(
        ended.exitValue(),
        new String(ended.getInputStream().readAllBytes(), StandardCharsets.UTF_8),
        new String(ended.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
  }

  private Path convert(Path in, String out, String type) throws Exception {
    Path to = folder.resolve(out);
    Result result = run("convert", in.toString(), to.toString(), "--weights-float-type", type);
    assertEquals(0, result.code, result.err);
    return to;
  }

  private static String digest(Path path) throws Exception {
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(path));
    return HexFormat.of().formatHex(digest);
  }

  /// What a model makes of a prompt. Its file has its tokenizer, unless there is one more argument.
  private static int[] tokens(Path model, String... more) throws Exception {
    List<String> all = new ArrayList<>(List.of("inference", "--model", model.toString()));
    all.addAll(List.of("--nodes", "1", "--threads", "1", "--temperature", "0", "--ignore-eos"));
    all.addAll(List.of("--steps", "24", "--output", "json", "--prompt", "the one, the other"));
    all.addAll(List.of("-Ddllama.vector-kernels=off", "-Ddllama.weights.cache-limit=off"));
    all.addAll(List.of(more));
    Result result = run(all.toArray(String[]::new));
    assertEquals(0, result.code, result.err);
    return Conformance.ints(new ObjectMapper().readTree(result.out).get("tokens"));
  }

  /// The bytes of distributed-llama's converters: see ConverterTest.
  @Test
  void shouldMakeAModelAndItsTokenizerOfAFolder() throws Exception {
    Path out = convert(HF, "out.m", "q40");
    assertEquals("72387efe93af24a3e7a1b0fdefa60eea4025fb7eb41aa4f9d0e18e3e072070cb", digest(out));
    assertEquals(
        "a5e7ebd077840ec35f2ea4d87e6bb3a7cd745a606becab0c76cc525d84f4644f",
        digest(folder.resolve("out.t")));
    try (var files = Files.list(folder)) {
      assertEquals(2, files.count());
    }
  }

  @Test
  void shouldMakeFilesThatRunAloneAndAlike() throws Exception {
    int[] expected = tokens(HF, "--weights-float-type", "q80");
    assertEquals(24, expected.length);
    Path gguf = convert(HF, "out.gguf", "q80");
    assertArrayEquals(expected, tokens(gguf));
    Path model = convert(gguf, "out.m", "q80");
    Path tokenizer = folder.resolve("out.t");
    assertArrayEquals(expected, tokens(model, "--tokenizer", tokenizer.toString()));
  }

  @Test
  void shouldGoOnAfterCtrlC() throws Exception {
    Path in = folder.resolve("in.m");
    SynthModel.write(in, Shapes.spec("tiny", DType.F32, Optional.of(200)), 3, (_, _) -> {});
    Path out = folder.resolve("out.m");
    Path notes = folder.resolve("out.m.part.done");
    List<String> command =
        List.of("convert", in.toString(), out.toString(), "--weights-float-type", "f32");
    int code = 0;
    for (int i = 0; i < ATTEMPTS && code == 0; i++) {
      Files.deleteIfExists(out);
      Process process = start(command);
      // It waits for a line: to be started takes as long as the rest of the model.
      Process kill =
          new ProcessBuilder("sh", "-c", "read line; kill -INT " + process.pid()).start();
      while (process.isAlive() && lines(notes) < 2) {
        Thread.sleep(1);
      }
      kill.getOutputStream().write('\n');
      kill.getOutputStream().close();
      kill.waitFor();
      assertTrue(process.waitFor(120, TimeUnit.SECONDS));
      Result cut = result(process);
      code = cut.code;
      if (code != 0) {
        String expected = out + " is not finished; the same command goes on with it";
        assertTrue(cut.err.contains(expected), cut.err);
      }
    }
    assertNotEquals(0, code, "too quick for Ctrl-C");
    assertFalse(Files.exists(out));
    Result rest = run(command.toArray(String[]::new));
    assertEquals(0, rest.code, rest.err);
    assertTrue(rest.err.contains("out.m: going on behind the first "), rest.err);
    assertEquals(-1, Files.mismatch(in, out));
    assertFalse(Files.exists(notes));
  }

  private static int lines(Path path) throws IOException {
    return Files.exists(path) ? Files.readAllLines(path).size() : 0;
  }

  @Test
  void shouldRefuseBadInputInALine() throws Exception {
    Path text = Files.writeString(folder.resolve("text.gguf"), "no model, but long enough for one");
    Path empty = Files.createDirectory(folder.resolve("empty"));
    String hf = HF.toString();
    String out = folder.resolve("out.m").toString();
    assertComplaint("is not that of a", "convert", text.toString(), out);
    assertComplaint("config.json", "convert", empty.toString(), out);
    assertComplaint("nowhere", "convert", folder.resolve("nowhere").toString(), out);
    assertComplaint("there is no folder", "convert", hf, folder.resolve("no/out.m").toString());
    assertComplaint("give the file to write", "convert", hf);
    assertComplaint(
        "nothing is rounded to that", "convert", hf, out, "--weights-float-type", "q4_k");
    assertFalse(Files.exists(Path.of(out)));
  }

  private static void assertComplaint(String part, String... arguments) throws Exception {
    Result result = run(arguments);
    assertEquals(2, result.code, result.err);
    assertEquals("", result.out);
    assertEquals(1, result.err.lines().count(), result.err);
    assertTrue(result.err.contains(part), result.err);
  }
}
