package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Text on its way through the jar's real process: arguments, files, standard input and output.
@DisabledOnOs(OS.WINDOWS)
class TextIT {
  private static final String JAR = System.getProperty("jar.under.test", "target/dllama-akka.jar");
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path folder;

  private record Result(int code, String out, String err) {
    JsonNode ids() throws IOException {
      assertEquals(0, code, err);
      return JSON.readTree(out).get("ids");
    }
  }

  @BeforeAll
  static void synth() throws Exception {
    Result made =
        run("", "synth", "--layers", "1", "--out", path("t.m"), "--tokenizer", path("t.t"));
    assertEquals(0, made.code(), made.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"C", "POSIX", "C.UTF-8"})
  @EnabledOnOs(OS.LINUX)
  void shouldTakeArgumentsAndNamesOfFilesForUtf8WhateverTheLocale(String locale) throws Exception {
    // Written by the shell, since the name may not exist in this Java's own locale.
    String script =
        "cp t.t \"$(printf 'v\\303\\251.t')\" && exec \"$0\" -jar \"$1\" tokenize --output json"
            + " --tokenizer \"$(printf 'v\\303\\251.t')\" --text \"$(printf '\\303\\251')\"";
    ProcessBuilder shell =
        new ProcessBuilder(
            "/bin/sh", "-c", script, java(), Path.of(JAR).toAbsolutePath().toString());
    shell.environment().put("LC_ALL", locale);
    shell.directory(folder.toFile());
    assertEquals("[1008,195,169]", end(shell.start()).ids().toString());
  }

  @Test
  void shouldTakeTheTextAsItWasGiven() throws Exception {
    Files.writeString(folder.resolve("bob"), "Goodbye");
    Result result =
        run("", "tokenize", "--tokenizer", path("t.t"), "--text", "@bob", "--output", "json");
    assertEquals("[1008,64,98,111,98]", result.ids().toString());
  }

  @Test
  void shouldReadPromptsFromFilesAndStandardInput() throws Exception {
    Files.writeString(folder.resolve("prompt"), "Hello there\n");
    List<JsonNode> tokens = new ArrayList<>();
    for (List<String> prompt :
        List.of(
            List.of("--prompt", "Hello there"),
            List.of("--prompt", "-"),
            List.of("--prompt-file", path("prompt")))) {
      List<String> all = new ArrayList<>(List.of("--output", "json"));
      all.addAll(prompt);
      Result result = inference("Hello there\n", all.toArray(String[]::new));
      assertEquals(0, result.code(), result.err());
      tokens.add(JSON.readTree(result.out()).get("promptTokens"));
    }
    assertEquals(1, tokens.stream().distinct().count(), tokens.toString());
  }

  @Test
  void shouldEndWithAnErrorWhereTheResultCanNotBeWritten() throws Exception {
    Path full = folder.resolve("full"); // one of our own, not the system's
    assumeTrue(
        new ProcessBuilder("mknod", full.toString(), "c", "1", "7").start().waitFor() == 0,
        "needs root");
    for (List<String> command :
        List.of(
            List.of("tokenize", "--tokenizer", path("t.t"), "--text", "Hello"),
            List.of("inference", "--prompt", "Hello", "--nodes", "1"),
            List.of("--help"))) {
      ProcessBuilder builder = new ProcessBuilder(command(command));
      builder.redirectOutput(full.toFile());
      Result result = end(builder.start());
      assertEquals(2, result.code(), command + result.err());
      assertTrue(result.err().contains("standard output can not be written"), result.err());
    }
  }

  @Test
  void shouldEndAtOnceWhenNobodyReadsAnyMore() throws Exception {
    Process process =
        new ProcessBuilder(
                command(
                    List.of(
                        "inference",
                        "--prompt",
                        "Hello",
                        "--nodes",
                        "1",
                        "--ignore-eos",
                        "--steps",
                        "100000")))
            .redirectError(ProcessBuilder.Redirect.to(new File(path("err"))))
            .start();
    assertTrue(process.getInputStream().read() >= 0);
    process.getInputStream().close();
    assertTrue(process.waitFor(20, TimeUnit.SECONDS), "it goes on");
    assertEquals(141, process.exitValue());
    assertFalse(Files.readString(folder.resolve("err")).contains("written"));
  }

  @Test
  void shouldRefuseBeforeLoading() throws Exception {
    for (Map.Entry<String, List<String>> refused :
        Map.of(
                "more than the context of 8; --max-seq-len N reserves more, up to 2048",
                List.of("--prompt", "Hello, how are you?", "--max-seq-len", "8"),
                "must be a path",
                List.of("--prompt", "x", "-Ddllama.weights.cache-dir="),
                "is not a regular file",
                List.of("--prompt-file", path("pipe")))
            .entrySet()) {
      if (refused.getKey().contains("regular")) {
        new ProcessBuilder("mkfifo", path("pipe")).start().waitFor();
      }
      Result result = inference("", refused.getValue().toArray(String[]::new));
      assertEquals(2, result.code(), result.err());
      assertEquals(1, result.err().lines().count(), result.err());
      assertTrue(result.err().contains(refused.getKey()), result.err());
    }
  }

  @Test
  void shouldRefuseWeightsThatAreNoNumbers() throws Exception {
    byte[] bytes = Files.readAllBytes(folder.resolve("t.m"));
    int header = bytes[4] & 0xFF | (bytes[5] & 0xFF) << 8;
    bytes[header + 2] = (byte) 0xC0; // a NaN in the embedding of token 0
    bytes[header + 3] = 0x7F;
    Path damaged = Files.write(folder.resolve("nan.m"), bytes);
    for (int start = 0; start < 2; start++) {
      Result result =
          run(
              "",
              "inference",
              "--model",
              damaged.toString(),
              "--tokenizer",
              path("t.t"),
              "--prompt",
              "Hello",
              "--nodes",
              "1");
      assertEquals(2, result.code(), result.err());
      // Where reading takes long, there are lines about it before.
      assertEquals(
          "the model does not work: a value of embedding is no number (NaN or infinity); its file"
              + " may be damaged: copy or convert it again",
          result.err().lines().toList().getLast());
    }
  }

  private static Result inference(String input, String... options) throws Exception {
    List<String> all =
        new ArrayList<>(
            List.of(
                "inference",
                "--model",
                path("t.m"),
                "--tokenizer",
                path("t.t"),
                "--nodes",
                "1",
                "--steps",
                "2"));
    all.addAll(List.of(options));
    return run(input, all.toArray(String[]::new));
  }

  private static String path(String name) {
    return folder.resolve(name).toString();
  }

  private static Result run(String input, String... arguments) throws Exception {
    Process process = new ProcessBuilder(command(List.of(arguments))).start();
    process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().close();
    return end(process);
  }

  private static Result end(Process process) throws Exception {
    assertTrue(process.waitFor(90, TimeUnit.SECONDS), "it does not end");
    return new Result(
        process.exitValue(),
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8),
        new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
  }

  private static List<String> command(List<String> arguments) {
    List<String> command = new ArrayList<>(List.of(java(), "-jar", JAR));
    command.addAll(arguments);
    return command;
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }
}
