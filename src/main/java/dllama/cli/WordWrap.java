package dllama.cli;

import org.jline.utils.WCWidth;

/// Wraps a text at words while it streams, piece by piece, on a terminal that wraps by itself at
/// its right edge.
///
/// No line break is printed, because it would be copied with the text. A word that does not fit is
/// taken back as far as it stands there already, the rest of the line is filled with spaces, and
/// the terminal itself goes on in the next line, as which it knows it when text is copied: what is
/// copied has some more spaces between two words, and no break. The last column stays free for the
/// space that ends a line.
///
/// Styles take no columns; a word that is taken back comes again in the style that it began with,
/// and in those that change within it. Not thread-safe.
final class WordWrap {
  /// In fewer columns words are longer than lines.
  static final int NARROWEST = 20;

  private static final int LINE = 100;
  private static final int TAB = 8;
  private static final int WIDE = 2;

  /// Since the last place where a line may end, as far as that is in this line.
  private final StringBuilder word = new StringBuilder();

  /// What the word begins with, and what follows.
  private String wordStyle = "";

  private String style = "";

  private int wordColumns;

  /// How much of the word this call prints, and can take back before anybody has seen it.
  private int wordInCall;

  /// Columns of this line that are filled; all of them while the terminal has yet to go on.
  private int column;

  /// What to print for `text`.
  ///
  /// @param columns of the terminal
  String next(String text, int columns) {
    StringBuilder out = new StringBuilder(text.length() + LINE);
    begin();
    add(text, columns, out);
    return out.toString();
  }

  /// What is printed from here on nobody has seen yet, until the next call.
  void begin() {
    wordInCall = 0;
  }

  /// Puts into `out` what to print for `text`.
  void add(String text, int columns, StringBuilder out) {
    text.codePoints().forEach(c -> add(c, columns, out));
  }

  /// Puts a style for what follows into `out`: a sequence that takes no column, and says all of it.
  void style(String code, StringBuilder out) {
    out.append(code);
    style = code;
    if (word.isEmpty()) {
      wordStyle = code;
    } else {
      addToWord(code, 0);
    }
  }

  /// Something else stands in this line now, or it is ended.
  void reset() {
    column = 0;
    endWord();
  }

  private void add(int c, int columns, StringBuilder out) {
    switch (c) {
      case '\n' -> {
        out.append('\n');
        reset();
      }
      case '\t' -> {
        int to = column / TAB * TAB + TAB;
        out.append(to < columns ? "\t" : " ".repeat(Math.max(0, columns - column)));
        column = Math.min(to, columns);
        endWord();
      }
      case ' ' -> {
        place(" ", 1, columns, out);
        endWord();
      }
      default -> addVisible(c, Math.max(0, WCWidth.wcwidth(c)), columns, out);
    }
  }

  private void addVisible(int c, int width, int columns, StringBuilder out) {
    String text = Character.toString(c);
    if (width == 0) {
      out.append(text);
      addToWord(text, 0);
      return;
    }
    if (width == WIDE) {
      endWord(); // such scripts may be cut anywhere
    }
    if (column < columns && column + width > columns - 1) {
      goOn(columns, out);
    }
    place(text, width, columns, out);
    addToWord(text, width);
    if (width == WIDE) {
      endWord();
    }
  }

  /// Goes on in the next line, with the word that has begun in this one; one that has begun with
  /// the line is cut.
  private void goOn(int columns, StringBuilder out) {
    boolean whole = wordColumns < column && wordColumns < columns - 1;
    String moved = whole ? word.toString() : "";
    int movedColumns = whole ? wordColumns : 0;
    if (wordInCall == word.length()) {
      out.setLength(out.length() - moved.length());
    } else if (movedColumns > 0) {
      out.append("\u001b[").append(movedColumns).append('D');
    }
    if (whole) {
      column -= movedColumns;
      out.append(" ".repeat(columns - column)).append(wordStyle).append(moved);
      column = movedColumns;
    } else {
      endWord();
    }
  }

  /// As the terminal does it: what does not fit in a line begins the next one.
  private void place(String text, int width, int columns, StringBuilder out) {
    out.append(text);
    column = column + width > columns ? width : column + width;
  }

  private void addToWord(String text, int width) {
    word.append(text);
    wordInCall += text.length();
    wordColumns += width;
  }

  private void endWord() {
    word.setLength(0);
    wordStyle = style;
    wordColumns = 0;
    wordInCall = 0;
  }
}
