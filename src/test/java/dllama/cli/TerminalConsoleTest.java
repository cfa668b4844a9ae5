package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class TerminalConsoleTest {
  @Test
  void shouldDimOnlyWhereThatIsWanted() {
    assertTrue(TerminalConsole.styled(null, "xterm-256color"));
    assertTrue(TerminalConsole.styled("", "xterm"), "an empty value says nothing");
    assertFalse(TerminalConsole.styled("1", "xterm"));
    assertFalse(TerminalConsole.styled(null, "dumb"));
    assertFalse(TerminalConsole.styled(null, null));
  }
}
