package dllama.template;

import java.util.ArrayList;
import java.util.List;

/// Cuts a template into text and tags. Blanks around tags go as Hugging Face sets Jinja up: a tag
/// that stands first in a line loses the blanks in front of it, and one line end behind it, unless
/// a `+` keeps them; a `-` takes all blanks on its side. Linear in the length.
final class Lexer {
  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;

  /// Whether what is at hand begins a line.
  private boolean lineStart = true;

  private Lexer(String source) {
    String unix = source.replace("\r\n", "\n").replace('\r', '\n');
    this.source = unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix;
  }

  static List<Token> tokens(String source) {
    Lexer lexer = new Lexer(source);
    lexer.run();
    return lexer.tokens;
  }

  private void run() {
    while (at < source.length()) {
      int tag = nextTag();
      if (tag < 0) {
        addText(source.substring(at));
        break;
      }
      String text = source.substring(at, tag);
      char kind = source.charAt(tag + 1);
      char sign = sign(tag + 2);
      addText(stripped(text, sign, kind != '{'));
      line += lines(text);
      at = tag + (sign == 0 ? 2 : 3);
      switch (kind) {
        case '#' -> comment();
        case '{' -> tag(Token.Kind.PRINT, "}}", Token.Kind.PRINT_END);
        default -> {
          if (!raw()) {
            tag(Token.Kind.BLOCK, "%}", Token.Kind.BLOCK_END);
          }
        }
      }
      lineStart = source.charAt(at - 1) == '\n';
    }
    tokens.add(new Token(Token.Kind.END, "end of template", line));
  }

  private int nextTag() {
    for (int tag = source.indexOf('{', at); tag >= 0; tag = source.indexOf('{', tag + 1)) {
      char next = tag + 1 < source.length() ? source.charAt(tag + 1) : 0;
      if (next == '%' || next == '{' || next == '#') {
        return tag;
      }
    }
    return -1;
  }

  /// The sign at a place, 0 for none.
  private char sign(int place) {
    char c = place < source.length() ? source.charAt(place) : 0;
    return c == '-' || c == '+' ? c : 0;
  }

  /// The text in front of a tag.
  private String stripped(String text, char sign, boolean strip) {
    if (sign == '-') {
      return Blanks.stripEnd(text);
    }
    if (sign == '+' || !strip) {
      return text;
    }
    int from = text.lastIndexOf('\n') + 1;
    return (from > 0 || lineStart) && Blanks.only(text, from) ? text.substring(0, from) : text;
  }

  private void addText(String text) {
    if (!text.isEmpty()) {
      tokens.add(new Token(Token.Kind.TEXT, text, line));
    }
  }

  private void comment() {
    int end = source.indexOf("#}", at);
    if (end < 0) {
      throw new TemplateException("a comment has no end '#}'", line);
    }
    // A sign may stand alone in a comment, `{#-#}`: then it belongs to its beginning.
    char sign = end > at ? sign(end - 1) : 0;
    int from = at;
    at = end + 2;
    after(sign);
    line += lines(source.substring(from, at));
  }

  /// Behind a tag.
  private void after(char sign) {
    if (sign == '-') {
      at = Blanks.skip(source, at);
    } else if (sign == 0 && at < source.length() && source.charAt(at) == '\n') {
      at++;
    }
  }

  private void tag(Token.Kind opening, String end, Token.Kind closing) {
    tokens.add(new Token(opening, opening.name(), line));
    TagLexer tag = new TagLexer(source, at, line, tokens);
    int closed = tag.until(end);
    char sign = sign(closed);
    int from = closed;
    at = closed + (sign == 0 ? 2 : 3);
    tokens.add(new Token(closing, "end of tag", tag.line()));
    if (closing == Token.Kind.PRINT_END) {
      at = sign == '-' ? Blanks.skip(source, at) : at;
    } else {
      after(sign);
    }
    line = tag.line() + lines(source.substring(from, at));
  }

  /// Reads `raw … endraw`, where this is one.
  private boolean raw() {
    int word = Blanks.skip(source, at);
    int end = Blanks.skip(source, word + 3);
    boolean minus = sign(end) == '-';
    if (!source.startsWith("raw", word) || !source.startsWith("%}", minus ? end + 1 : end)) {
      return false;
    }
    int from = end + (minus ? 3 : 2);
    if (minus) {
      from = Blanks.skip(source, from);
    }
    line += lines(source.substring(at, from));
    lineStart = source.charAt(from - 1) == '\n';
    for (int tag = source.indexOf("{%", from); tag >= 0; tag = source.indexOf("{%", tag + 2)) {
      if (endRaw(from, tag)) {
        return true;
      }
    }
    throw new TemplateException("a raw block has no 'endraw'", line);
  }

  private boolean endRaw(int from, int tag) {
    char sign = sign(tag + 2);
    int word = Blanks.skip(source, tag + (sign == 0 ? 2 : 3));
    int end = Blanks.skip(source, word + 6);
    char endSign = sign(end);
    int close = endSign == 0 ? end : end + 1;
    if (!source.startsWith("endraw", word) || !source.startsWith("%}", close)) {
      return false;
    }
    addText(stripped(source.substring(from, tag), sign, true));
    at = close + 2;
    after(endSign);
    line += lines(source.substring(from, at));
    return true;
  }

  private static int lines(String text) {
    return (int) text.chars().filter(c -> c == '\n').count();
  }
}
