package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TerminalMarkdownTest {
  /// What the styles are written as here.
  private static final String CODES = "pfbc";

  /// The text with its styles as `{b}`, when it arrives in pieces of `size` characters.
  private static String styled(String text, int size) {
    StringBuilder out = new StringBuilder();
    TerminalMarkdown markdown = new TerminalMarkdown();
    TerminalMarkdown.Output to =
        new TerminalMarkdown.Output() {
          @Override
          public void text(String piece) {
            out.append(piece);
          }

          @Override
          public void style(String code) {
            char name =
                switch (code) {
                  case TerminalMarkdown.PLAIN -> CODES.charAt(0);
                  case TerminalMarkdown.FAINT -> CODES.charAt(1);
                  case TerminalMarkdown.BOLD -> CODES.charAt(2);
                  case TerminalMarkdown.CODE -> CODES.charAt(3);
                  default -> throw new AssertionError(code);
                };
            out.append('{').append(name).append('}');
          }
        };
    for (int at = 0; at < text.length(); at += size) {
      markdown.accept(text.substring(at, Math.min(text.length(), at + size)), to);
    }
    markdown.finish(to);
    return out.toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "plain text, nothing else | plain text, nothing else",
        "a **bold** word | a {f}**{b}bold{f}**{p} word",
        "a __bold__ word | a {f}__{b}bold{f}__{p} word",
        "**all of it** | {f}**{b}all of it{f}**",
        "2**3 and 4 ** 5 | 2**3 and 4 ** 5",
        "snake__case__name | snake__case__name",
        "run `a * b` now | run {f}`{c}a * b{f}`{p} now",
        "``a ` b`` | {f}``{c}a ` b{f}``",
        "**use `x` now** | {f}**{b}use {f}`{c}x{f}`{b} now{f}**",
        "# Title | {b}# Title",
        "###### Sub `x` | {b}###### Sub {f}`{c}x{f}`",
        "####### seven | ####### seven",
        "#hashtag | #hashtag",
        "- item **b** | {c}- {p}item {f}**{b}b{f}**",
        "12. item | {c}12. {p}item",
        "1.5 litres | 1.5 litres",
        "* item | {c}* {p}item",
        "*not bold* | *not bold*",
        "--- | ---",
        "- | -",
        "5 | 5",
        "```x``` | {f}```x```",
      })
  void shouldStyleWhatIsMarked(String text, String expected) {
    for (int size = 1; size <= text.length(); size++) {
      assertEquals(expected, styled(text, size), "in pieces of " + size);
    }
  }

  @Test
  void shouldLeaveCodeInItsBlockAlone() {
    String text = "Look:\n```python\ndef f(**kw):\n    # no heading\n- no item\n~~~\n```\n**b**\n";
    String expected =
        "Look:\n{f}```python{p}\n{c}def f(**kw):{p}\n{c}    # no heading{p}\n{c}- no item{p}\n"
            + "{f}~~~{p}\n{f}```{p}\n{f}**{b}b{f}**{p}\n";
    for (int size : new int[] {1, 2, 3, 7, 1000}) {
      assertEquals(expected, styled(text, size));
    }
  }

  @Test
  void shouldEndEveryStyleWithItsLine() {
    assertEquals(
        "a {f}**{b}b{p}\nc `d\n".replace("c `d", "c {f}`{c}d{p}"), styled("a **b\nc `d\n", 1));
    assertEquals("{b}# T{p}\nplain", styled("# T\nplain", 1));
    assertEquals("{c}- {p}a\nplain", styled("- a\nplain", 3));
    assertEquals("{f}```x```{p}\nno code\n", styled("```x```\nno code\n", 1));
  }

  @Test
  void shouldKeepEveryCharacterHoweverTheTextArrives() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    String alphabet = "ab **__``~#-1. \n\t*_`(é😀";
    for (int round = 0; round < 2000; round++) {
      StringBuilder text = new StringBuilder();
      int[] letters = alphabet.codePoints().toArray();
      for (int i = random.nextInt(60); i > 0; i--) {
        text.appendCodePoint(letters[random.nextInt(letters.length)]);
      }
      String whole = styled(text.toString(), 1000);
      assertEquals(text.toString(), whole.replaceAll("\\{[pfbc]}", ""), "seed " + seed);
      assertEquals(whole, styled(text.toString(), 1), "seed " + seed);
    }
  }
}
