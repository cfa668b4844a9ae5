package dllama.error;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class VisibleTextTest {
  @Test
  void shouldLeaveTextAsItIs() {
    String text = "a line\n\twith tabs, ümlauts, 漢字, ✓, 👩‍🚀 and עברית\n";
    assertSame("plain\n", VisibleText.of("plain\n"));
    assertEquals(text, VisibleText.of(text));
  }

  @Test
  void shouldShowWhatTerminalsObey() {
    assertEquals("\\u001b[2J", VisibleText.of("\u001b[2J"));
    assertEquals("\\u0000\\u0008\\u000e\\u007f\\u009b", VisibleText.of("\0\b\u000e\u007f\u009b"));
    for (char c = 0; c < 0xA0; c++) {
      if (c < 0x20 && c != '\n' && c != '\t' || c >= 0x7F) {
        assertEquals("\\u%04x".formatted((int) c), VisibleText.of(String.valueOf(c)));
      }
    }
  }

  @Test
  void shouldShowWhatTurnsTheDirectionOfText() {
    assertEquals("user\\u202enimda\\u202c", VisibleText.of("user\u202enimda\u202c"));
    for (char c : "\u061c\u200e\u200f\u202a\u202e\u2066\u2069\u2028\u2029".toCharArray()) {
      assertEquals("\\u%04x".formatted((int) c), VisibleText.of(String.valueOf(c)));
    }
  }

  @Test
  void shouldTakeTheLineEndsOfOtherSystems() {
    assertEquals("a\nb", VisibleText.of("a\r\nb"));
    assertEquals("a\\u000db", VisibleText.of("a\rb"), "which would be overwritten");
  }

  @Test
  void shouldShowHalvesOfCharacters() {
    assertEquals("\\ud83d", VisibleText.of("\ud83d"));
    assertEquals("😀", VisibleText.of("😀"));
  }

  @Test
  void shouldMakeOneLineOfAnyText() {
    assertEquals(
        "gone\\nroot: enter\\tyour\\u000dpassword:",
        VisibleText.line("gone\nroot: enter\tyour\rpassword:", 100));
    assertEquals("abc", VisibleText.line("abc", 3));
    assertEquals("ab…", VisibleText.line("abcd", 3));
    assertEquals("😀😀…", VisibleText.line("😀😀😀😀", 3));
    assertEquals(20, VisibleText.line("\u001b".repeat(1 << 20), 20).length());
    assertTrue(VisibleText.line("x".repeat(1 << 20), 20).endsWith("x…"));
  }
}
