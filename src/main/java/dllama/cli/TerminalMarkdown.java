package dllama.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Styles a text in Markdown while it streams, piece by piece: headings, lists, code, what is bold.
///
/// Not a character is left out, added or moved: what marks a text stays, only fainter. So what is
/// copied is the text itself, and nothing that is not Markdown after all gets lost. What can not be
/// told yet is held back, some characters of a marker at most. No style goes on in the next
/// line but that of a block of code. Not thread-safe.
final class TerminalMarkdown {
  /// Takes the text, and the style of what follows.
  interface Output {
    void text(String text);

    void style(String code);
  }

  static final String PLAIN = "\u001b[0m";
  static final String FAINT = "\u001b[0;2m";
  static final String BOLD = "\u001b[0;1m";
  static final String CODE = "\u001b[0;36m";

  /// A line that may still begin with something of the second pattern.
  private static final Pattern OPEN =
      Pattern.compile("[ \t]*(?:`{0,2}|~{0,2}|#{1,6}|[-*+]|\\d{1,9}[.)]?)");

  private static final Pattern HEADING = Pattern.compile(" {0,3}#{1,6}[ \t]");
  private static final Pattern ITEM = Pattern.compile("([ \t]*)((?:[-*+]|\\d{1,9}[.)])[ \t])");
  private static final Pattern FENCE = Pattern.compile("[ \t]*(`{3}|~{3})");
  private static final Pattern IN_CODE = Pattern.compile("[ \t]*(?:`{0,2}|~{0,2})");

  /// Longer beginnings of lines are nothing of the kind.
  private static final int MOST_HELD = 64;

  private final StringBuilder held = new StringBuilder();
  private boolean lineBegins;
  private boolean heading;

  /// What a block of code ends with; empty outside of one.
  private String fence;

  /// The line that begins or ends one, so far; empty if this is none.
  private final StringBuilder fenceLine = new StringBuilder();

  /// `*` or `_` where a text is bold, else 0.
  private char bold;

  /// Backticks that end the code in this line; 0 outside of one.
  private int code;

  private char before;
  private String style;

  TerminalMarkdown() {
    fence = "";
    style = PLAIN;
    reset();
  }

  /// Another text begins.
  void reset() {
    held.setLength(0);
    fence = "";
    style = PLAIN;
    line();
  }

  private void line() {
    lineBegins = true;
    heading = false;
    fenceLine.setLength(0);
    bold = 0;
    code = 0;
    before = '\n';
  }

  /// The next piece.
  void accept(String piece, Output out) {
    for (int i = 0; i < piece.length(); i++) {
      char c = piece.charAt(i);
      if (c == '\n') {
        finish(out);
        put(PLAIN, "\n", out);
        endLine();
      } else {
        held.append(c);
        settle(out);
      }
    }
  }

  /// Nothing may be held back any more.
  void finish(Output out) {
    if (lineBegins) {
      inline(out);
    }
    marker('\n', out);
    release(out);
  }

  private void endLine() {
    String marks = fenceLine.toString().strip();
    if (!marks.isEmpty()) {
      if (fence.isEmpty()) {
        String begun = marks.replaceFirst("[^" + marks.charAt(0) + "].*", "");
        fence =
            marks.indexOf(marks.charAt(0), begun.length()) < 0 ? begun : ""; // ```code``` is none
      } else if (marks.startsWith(fence) && marks.replace(marks.substring(0, 1), "").isEmpty()) {
        fence = "";
      }
    }
    line();
  }

  private void settle(Output out) {
    if (!lineBegins) {
      next(out);
    } else if (FENCE.matcher(held).matches()) {
      lineBegins = false;
      fenceLine.append(held);
      release(out);
    } else if (!fence.isEmpty()) {
      if (!IN_CODE.matcher(held).matches() || held.length() > MOST_HELD) {
        lineBegins = false;
        release(out);
      }
    } else {
      begin(out);
    }
  }

  /// The beginning of a line that is no code.
  private void begin(Output out) {
    Matcher item = ITEM.matcher(held);
    if (HEADING.matcher(held).matches()) {
      heading = true;
      lineBegins = false;
      release(out);
    } else if (item.matches()) {
      lineBegins = false;
      put(PLAIN, item.group(1), out);
      put(CODE, item.group(2), out);
      held.setLength(0);
      before = ' ';
    } else if (!OPEN.matcher(held).matches() || held.length() > MOST_HELD) {
      inline(out);
    }
  }

  /// The line has begun with nothing special: what was held of it is looked at again.
  private void inline(Output out) {
    lineBegins = false;
    String text = held.toString();
    held.setLength(0);
    for (int i = 0; i < text.length(); i++) {
      held.append(text.charAt(i));
      next(out);
    }
  }

  /// One more character of a line, the last one that is held; before it there may be a marker.
  private void next(Output out) {
    int last = held.length() - 1;
    char c = held.charAt(last);
    if (!fenceLine.isEmpty()) {
      fenceLine.append(c);
      release(out);
    } else if (!fence.isEmpty()) {
      release(out);
    } else if (last > 0 && held.charAt(0) != c) {
      held.setLength(last);
      marker(c, out);
      held.append(c);
    }
    if (!held.isEmpty() && !isMark(c)) {
      release(out);
    }
  }

  private boolean isMark(char c) {
    return c == '`' || (code == 0 && (c == '*' || c == '_'));
  }

  /// What the marker that is held means, before `next`.
  private void marker(char next, Output out) {
    int count = held.length();
    if (count == 0 || !isMark(held.charAt(0))) {
      return;
    }
    char mark = held.charAt(0);
    if (mark == '`') {
      if (code == 0 && next != '\n') {
        release(FAINT, out);
        code = count;
      } else if (code == count) {
        code = 0;
        release(FAINT, out);
      }
    } else if (count >= 2 && bold == mark && !Character.isWhitespace(before)) {
      bold = 0;
      release(FAINT, out);
    } else if (count >= 2
        && bold == 0
        && !Character.isWhitespace(next)
        && !Character.isLetterOrDigit(before)) {
      release(FAINT, out);
      bold = mark;
    }
    release(out);
  }

  private void release(Output out) {
    release(styleNow(), out);
  }

  private void release(String as, Output out) {
    if (!held.isEmpty()) {
      put(as, held.toString(), out);
      before = held.charAt(held.length() - 1);
      held.setLength(0);
    }
  }

  private String styleNow() {
    if (!fenceLine.isEmpty()) {
      return FAINT;
    }
    if (!fence.isEmpty() || code > 0) {
      return CODE;
    }
    return heading || bold != 0 ? BOLD : PLAIN;
  }

  private void put(String as, String text, Output out) {
    if (text.isEmpty()) {
      return;
    }
    if (!as.equals(style)) {
      style = as;
      out.style(as);
    }
    out.text(text);
  }
}
