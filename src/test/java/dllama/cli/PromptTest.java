package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dllama.error.UserException;
import dllama.settings.Settings;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptTest {
  @TempDir private Path folder;

  private static String text(String prompt, Optional<Path> file, String in) {
    InputStream stream = new ByteArrayInputStream(in.getBytes(StandardCharsets.UTF_8));
    return Prompt.text(new Settings.Inference(prompt, file, 1, false), stream);
  }

  @Test
  void shouldBeTheArgument() {
    assertEquals("@bob", text("@bob", Optional.empty(), ""));
    assertEquals("Hello\n", text("Hello\n", Optional.empty(), ""));
  }

  @Test
  void shouldBeWhatStandardInputHolds() {
    assertEquals("é 漢字\n", text("-", Optional.empty(), "é 漢字\n\n"));
    assertEquals("a", text("-", Optional.empty(), "a\r\n"));
  }

  @Test
  void shouldBeTheContentOfAFileOfAnySize() throws IOException {
    String large = "word ".repeat(40_000);
    Path file = Files.writeString(folder.resolve("prompt"), large + "\n");
    assertEquals(large, text("", Optional.of(file), ""));
    assertThrows(UserException.class, () -> text("both", Optional.of(file), ""));
    assertThrows(UserException.class, () -> text("", Optional.of(folder), ""));
  }
}
