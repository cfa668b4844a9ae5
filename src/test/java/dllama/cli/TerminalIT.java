package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jline.utils.ScreenTerminal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// A chat on a real pseudo terminal, with a root elsewhere that gives an answer in Markdown.
@EnabledOnOs({OS.LINUX, OS.MAC})
@Tag("by-the-clock")
class TerminalIT {
  private static final String JAR = System.getProperty("jar.under.test", "target/dllama-akka.jar");
  private static final String ANSWER =
      """
      # A title

      The **wind carried** the smell of `bread` across the **square, but nobody** who crossed it.

      - one **two**
      ```
      int x = **p;
      ```
      """;

  @TempDir Path folder;

  private final HttpServer server = listen();

  private static HttpServer listen() {
    try {
      return HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @BeforeEach
  void start() {
    String model =
        "{\"data\":[{\"id\":\"tiny\",\"context_length\":2048,\"meta\":{"
            + "\"architecture\":\"LLAMA\",\"weights\":\"q40\"}}]}";
    StringBuilder stream = new StringBuilder();
    for (int at = 0; at < ANSWER.length(); at += 3) {
      String piece = ANSWER.substring(at, Math.min(ANSWER.length(), at + 3));
      String delta =
          Json.line(Map.of("choices", List.of(Map.of("delta", Map.of("content", piece)))));
      stream.append("data: ").append(delta).append("\n\n");
    }
    stream.append("data: [DONE]\n\n");
    server.createContext("/v1/models", exchange -> reply(exchange, model));
    server.createContext("/cluster", exchange -> reply(exchange, "{\"nodes\":[]}"));
    server.createContext("/v1/chat/completions", exchange -> reply(exchange, stream.toString()));
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private static void reply(HttpExchange exchange, String body) throws IOException {
    exchange.getRequestBody().readAllBytes();
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  /// What a terminal of 40 columns gets.
  private String chat(Map<String, String> environment, List<String> prefix) throws Exception {
    List<String> command = new ArrayList<>(prefix);
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String url = "http://127.0.0.1:%d".formatted(server.getAddress().getPort());
    command.addAll(List.of(java, "-jar", JAR, "chat", "--connect", url, "--quiet"));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(folder.resolve("err").toFile());
    builder.redirectOutput(folder.resolve("out").toFile());
    builder.redirectInput(ProcessBuilder.Redirect.from(input().toFile()));
    builder.environment().remove("NO_COLOR");
    builder.environment().put("TERM", "xterm-256color");
    builder.environment().put("XDG_STATE_HOME", folder.toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    assertTrue(process.waitFor(180, TimeUnit.SECONDS), "still running");
    String out = Files.readString(folder.resolve("out"));
    String err = Files.readString(folder.resolve("err"));
    assertEquals(0, process.exitValue(), out + err);
    return out;
  }

  private Path input() throws IOException {
    return Files.writeString(folder.resolve("in"), "hello\n");
  }

  private static List<String> onTerminal() throws Exception {
    assumeTrue(
        new ProcessBuilder("python3", "--version").start().waitFor() == 0, "not here: python3");
    return List.of("python3", "src/test/resources/terminal.py", "40", "hello");
  }

  /// Lines that are seen, from the answer on.
  private static List<String> seen(String out) {
    ScreenTerminal screen = new ScreenTerminal(40, 40);
    screen.write(out);
    List<String> lines =
        Arrays.stream(screen.toString().split("\n")).map(String::stripTrailing).toList();
    int from = lines.indexOf("# A title");
    assertTrue(from >= 0, () -> String.join("\n", lines));
    return lines.subList(from, Math.min(lines.size(), from + 10));
  }

  private static final List<String> LINES =
      List.of(
          "# A title",
          "",
          "The **wind carried** the smell of",
          "`bread` across the **square, but",
          "nobody** who crossed it.",
          "",
          "- one **two**",
          "```",
          "int x = **p;",
          "```");

  @Test
  void shouldStyleAnAnswer() throws Exception {
    String out = chat(Map.of(), onTerminal());
    assertEquals(LINES, seen(out));
    assertTrue(out.contains(TerminalMarkdown.BOLD + "# A title" + TerminalMarkdown.PLAIN), out);
    assertTrue(out.contains(TerminalMarkdown.CODE + "int x = **p;"), out);
    assertTrue(out.contains(TerminalMarkdown.BOLD + "nobody"), out);
  }

  @Test
  void shouldStyleNothingWhereThatIsNotWanted() throws Exception {
    String out = chat(Map.of("NO_COLOR", "1"), onTerminal());
    assertEquals(LINES, seen(out));
    assertFalse(out.contains(TerminalMarkdown.BOLD), out);
    assertFalse(out.contains(TerminalMarkdown.CODE), out);
    String dumb = chat(Map.of("TERM", "dumb"), onTerminal());
    assertFalse(dumb.contains("\u001b["), dumb);
    assertTrue(dumb.replace("\r\n", "\n").contains(ANSWER), dumb);
  }

  @Test
  void shouldWriteToPipesWhatTheModelSays() throws Exception {
    assertEquals(ANSWER, chat(Map.of(), List.of()));
  }
}
