package dllama.template;

import java.util.ArrayList;
import java.util.List;

/// Breaks a line between words, as Python's `textwrap` does.
final class WordWrap {
  private final int width;
  private final boolean breaksWords;
  private final boolean breaksAtHyphens;
  private final Context context;

  WordWrap(int width, boolean breaksWords, boolean breaksAtHyphens, Context context) {
    this.width = width;
    this.breaksWords = breaksWords;
    this.breaksAtHyphens = breaksAtHyphens;
    this.context = context;
  }

  List<String> wrapped(String line) {
    context.budget.text(line.length());
    List<String> lines = new ArrayList<>();
    StringBuilder current = new StringBuilder();
    List<String> chunks = chunks(line);
    for (int i = 0; i < chunks.size(); i++) {
      context.budget.elements(2);
      String chunk = chunks.get(i);
      boolean blank = Blanks.only(chunk, 0);
      if (current.isEmpty() && blank && !lines.isEmpty()) {
        continue; // no line but the first begins with blanks
      }
      if (current.length() + chunk.length() <= width) {
        current.append(chunk);
      } else if (chunk.length() > width && !blank) {
        tooLong(chunk, current, lines);
      } else {
        flush(current, lines);
        current.append(blank ? "" : chunk);
      }
    }
    flush(current, lines);
    return lines;
  }

  private static void flush(StringBuilder current, List<String> lines) {
    String line = Blanks.stripEnd(current.toString());
    if (!line.isEmpty()) {
      lines.add(line);
    }
    current.setLength(0);
  }

  /// A word that fits into no line.
  private void tooLong(String word, StringBuilder current, List<String> lines) {
    if (!breaksWords) {
      flush(current, lines);
      current.append(word);
      return;
    }
    int at = 0;
    while (word.length() - at > width - current.length()) {
      context.budget.elements(2);
      int room = Math.max(1, width - current.length());
      if (current.length() >= width) {
        flush(current, lines);
        continue;
      }
      current.append(word, at, at + room);
      at += room;
      flush(current, lines);
    }
    current.append(word, at, word.length());
  }

  /// Words and the blanks between them; a word also ends behind a hyphen between letters.
  private List<String> chunks(String line) {
    List<String> chunks = new ArrayList<>();
    int from = 0;
    for (int at = 1; at <= line.length(); at++) {
      if (at == line.length() || breaksAt(line, from, at)) {
        context.budget.elements(1);
        chunks.add(line.substring(from, at));
        from = at;
      }
    }
    return chunks;
  }

  private boolean breaksAt(String line, int from, int at) {
    char before = line.charAt(at - 1);
    char next = line.charAt(at);
    if (Blanks.is(before) != Blanks.is(next)) {
      return true;
    }
    return breaksAtHyphens
        && before == '-'
        && at - from > 2
        && Character.isLetter(line.charAt(at - 2))
        && (Character.isLetter(line.charAt(at - 3)) || line.charAt(at - 3) == '-')
        && Character.isLetter(next)
        && at + 1 < line.length()
        && (Character.isLetter(line.charAt(at + 1)) || line.charAt(at + 1) == '-');
  }
}
