package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jline.utils.ScreenTerminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// On an emulated terminal, of which the lines are read that a person would see.
class WordWrapTest {
  private static final String PROSE =
      "The wind carried the smell of bread across the square, but nobody who crossed it that"
          + " morning had any thought for breakfast. Twenty-three people stood at the fountain.";

  /// What is seen of a text that arrives in pieces of `size` characters.
  private static List<String> seen(String text, int columns, int size) {
    WordWrap wrap = new WordWrap();
    StringBuilder printed = new StringBuilder();
    int[] points = text.codePoints().toArray();
    for (int at = 0; at < points.length; at += size) {
      int end = Math.min(points.length, at + size);
      printed.append(wrap.next(new String(points, at, end - at), columns));
    }
    ScreenTerminal screen = new ScreenTerminal(columns, 40);
    screen.write(printed.toString().replace("\n", "\r\n")); // as a terminal's driver does
    return lines(screen);
  }

  private static List<String> lines(ScreenTerminal screen) {
    return Arrays.stream(screen.toString().split("\n")).map(String::stripTrailing).toList();
  }

  private static List<String> wrapped(String text, int columns) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ")) {
      if (line.length() > 0 && line.length() + 1 + word.length() > columns - 1) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.length() > 0 ? " " : "").append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  private static List<String> withoutEmptyEnd(List<String> lines) {
    int size = lines.size();
    while (size > 0 && lines.get(size - 1).isEmpty()) {
      size--;
    }
    return lines.subList(0, size);
  }

  @ParameterizedTest
  @ValueSource(ints = {20, 21, 22, 23, 24, 25, 31, 40, 79, 80, 200})
  void shouldCutNoWordHoweverTheTextArrives(int columns) {
    for (int size : new int[] {1, 2, 3, 5, 1000}) {
      assertEquals(wrapped(PROSE, columns), withoutEmptyEnd(seen(PROSE, columns, size)));
    }
  }

  /// Characters that are seen, with their styles, of Markdown that arrives in pieces.
  private static ScreenTerminal styled(String text, int columns, int size) {
    WordWrap wrap = new WordWrap();
    TerminalMarkdown markdown = new TerminalMarkdown();
    StringBuilder printed = new StringBuilder();
    for (int at = 0; at < text.length(); at += size) {
      wrap.begin();
      markdown.accept(
          text.substring(at, Math.min(text.length(), at + size)),
          new TerminalMarkdown.Output() {
            @Override
            public void text(String piece) {
              wrap.add(piece, columns, printed);
            }

            @Override
            public void style(String code) {
              wrap.style(code, printed);
            }
          });
    }
    ScreenTerminal screen = new ScreenTerminal(columns, 60);
    screen.write(printed.toString().replace("\n", "\r\n"));
    return screen;
  }

  private static List<Long> cells(ScreenTerminal screen, int columns) {
    long[] cells = new long[columns * 60];
    screen.dump(cells, null);
    return Arrays.stream(cells).filter(cell -> (int) cell > ' ').boxed().toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {20, 23, 31, 40, 79})
  void shouldTakeStylesAlongWithTheWordsThatGoOnInTheNextLine(int columns) {
    String text =
        "The **wind carried** the smell of `bread` across the **square, but** nobody who crossed"
            + " it **that** morning, had `any thought` for **breakfast**.\n- one **two** three\n"
            + "# A heading of more than twenty columns\n```\nint x = 1; // and more of it\n```\n";
    List<Long> expected = cells(styled(text, 400, text.length()), 400);
    List<String> lines = withoutEmptyEnd(seen(text, columns, 1));
    for (int size : new int[] {1, 2, 3, 5, 1000}) {
      ScreenTerminal screen = styled(text, columns, size);
      assertEquals(expected, cells(screen, columns), "in pieces of " + size);
      assertEquals(lines, withoutEmptyEnd(lines(screen)));
    }
  }

  @Test
  void shouldPrintNoLineBreakOfItsOwnAndLoseNothing() {
    WordWrap wrap = new WordWrap();
    String printed = wrap.next(PROSE, 30);
    assertFalse(printed.contains("\n"), printed);
    assertEquals(PROSE, printed.replaceAll(" +", " "));
  }

  @Test
  void shouldKeepTheLinesOfTheText() {
    String text = "one\n\n  two three\nfour five\n";
    assertEquals(
        List.of("one", "", "  two three", "four five"), withoutEmptyEnd(seen(text, 40, 1)));
    assertEquals("if x:\n\treturn\tx\n", new WordWrap().next("if x:\n\treturn\tx\n", 40));
  }

  @Test
  void shouldCutWhatIsLongerThanALine() {
    String url = "https://example.org/" + "x".repeat(40);
    List<String> lines = withoutEmptyEnd(seen("see " + url + " there", 25, 4));
    assertEquals("see", lines.getFirst());
    assertEquals(url + " there", String.join("", lines.subList(1, lines.size())));
  }

  @Test
  void shouldCountWideCharactersTwiceAndCutBetweenThem() {
    String text = "漢字かな交じり文の長い文章です。".repeat(4);
    List<String> lines = withoutEmptyEnd(seen(text, 21, 1));
    assertTrue(lines.size() >= 7, lines.toString());
    assertEquals(text, String.join("", lines).replace(" ", ""));
    assertEquals("ab 😀😀😀 cd", String.join(" ", withoutEmptyEnd(seen("ab 😀😀😀 cd", 60, 1))));
  }

  @Test
  void shouldAgreeWithTheTerminalOnAnyText() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      StringBuilder text = new StringBuilder();
      for (int word = 0; word < 30; word++) {
        text.append("abcdefghijklmnop", 0, 1 + random.nextInt(16)).append(' ');
      }
      int columns = 20 + random.nextInt(30);
      String prose = text.toString().strip();
      assertEquals(
          wrapped(prose, columns),
          withoutEmptyEnd(seen(prose, columns, 1 + random.nextInt(4))),
          "seed %d, round %d, columns %d".formatted(seed, round, columns));
    }
  }
}
