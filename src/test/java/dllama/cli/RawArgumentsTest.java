package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class RawArgumentsTest {
  private static byte[] commandLine(String... parts) {
    return (String.join("\0", parts) + "\0").getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void shouldTakeTheBytesOfTheSystem() {
    byte[] given = commandLine("java", "-jar", "x.jar", "--text", "é 漢字", "");
    for (String lost : new String[] {"??", "\uFFFD\uFFFD \uFFFD", "Ã©"}) {
      assertArrayEquals(
          new String[] {"--text", "é 漢字", ""},
          RawArguments.of(new String[] {"--text", lost, ""}, given));
    }
  }

  @Test
  void shouldLeaveArgumentsThatOtherBytesStandFor() {
    String[] args = {"--text", "?"};
    assertSame(args, RawArguments.of(args, commandLine("java", "@options")));
    assertSame(args, RawArguments.of(args, commandLine("java", "--other", "x")));
  }

  @Test
  void shouldLeaveWhatEveryJavaDecodes() throws IOException {
    String[] args = {"--text", "Hello, world!"};
    assertSame(args, RawArguments.of(args));
  }

  @Test
  void shouldRefuseWhatIsNotUtf8() {
    byte[] latin1 = "java\0--text\0\u00e9\0".getBytes(StandardCharsets.ISO_8859_1);
    String[] args = {"--text", "\uFFFD"};
    var refused = assertThrows(IllegalArgumentException.class, () -> RawArguments.of(args, latin1));
    assertEquals("argument 2 is not UTF-8 text; give it in UTF-8", refused.getMessage());
  }

  @Test
  void shouldHideWhatAChildWouldNotGet() throws IOException {
    List<String> command = List.of("java", "-Dlauncher.pid=1", "Main", "--text", "é", "");
    String[] args = {"--text", "é", ""};
    List<String> hidden = RawArguments.forChild(command, 1, args);
    assertTrue(hidden.stream().allMatch(part -> part.chars().allMatch(c -> c < 128)));
    assertEquals(List.of("java", "-Dlauncher.pid=1", "Main", "-", "-", "-"), without(hidden, 1));
    String value = hidden.get(1).split("=", 2)[1];
    try {
      System.setProperty("launcher.arguments", value);
      assertArrayEquals(args, RawArguments.inChild(new String[] {"-", "-", "-"}));
    } finally {
      System.clearProperty("launcher.arguments");
    }
    assertSame(command, RawArguments.forChild(command, 1, new String[] {"plain"}));
  }

  private static List<String> without(List<String> list, int index) {
    List<String> rest = new java.util.ArrayList<>(list);
    rest.remove(index);
    return rest;
  }
}
