package dllama.template;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Cuts what stands in a tag into names, numbers, strings and operators.
final class TagLexer {
  private static final List<String> OPERATORS =
      List.of(
          "==", "!=", ">=", "<=", "//", "**", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
          "}", ">", "<", "=", ".", ":", "|", ",", ";");

  private final String source;
  private final List<Token> tokens;

  /// What closes the brackets that are open.
  private final Deque<String> open = new ArrayDeque<>();

  private int at;
  private int line;

  TagLexer(String source, int at, int line, List<Token> tokens) {
    this.source = source;
    this.at = at;
    this.line = line;
    this.tokens = tokens;
  }

  /// Reads up to the end of the tag.
  ///
  /// @return where that is, with its sign
  int until(String end) {
    while (true) {
      blanks();
      if (at >= source.length()) {
        throw new TemplateException("a tag has no end '%s'".formatted(end), line);
      }
      if (open.isEmpty() && ends(end)) {
        return at;
      }
      char c = source.charAt(at);
      if (c >= '0' && c <= '9') {
        number();
      } else if (Character.isUnicodeIdentifierStart(source.codePointAt(at)) || c == '_') {
        name();
      } else if (c == '"' || c == '\'') {
        string(c);
      } else {
        operator();
      }
    }
  }

  int line() {
    return line;
  }

  private boolean ends(String end) {
    char c = source.charAt(at);
    boolean signed = c == '-' || (c == '+' && end.equals("%}"));
    return source.startsWith(end, signed ? at + 1 : at);
  }

  private void blanks() {
    while (at < source.length() && Blanks.is(source.charAt(at))) {
      line += source.charAt(at++) == '\n' ? 1 : 0;
    }
  }

  private void add(Token.Kind kind, String text) {
    tokens.add(new Token(kind, text, line));
  }

  private void name() {
    int from = at;
    while (at < source.length() && Character.isUnicodeIdentifierPart(source.codePointAt(at))) {
      at += Character.charCount(source.codePointAt(at));
    }
    add(Token.Kind.NAME, source.substring(from, at));
  }

  private void number() {
    int from = at;
    boolean afterDot = from > 0 && source.charAt(from - 1) == '.';
    int radix = radix();
    if (radix != 10) {
      at += 2;
      int digits = at;
      digits(radix);
      add(Token.Kind.INTEGER, radix + ":" + source.substring(digits, at));
      return;
    }
    digits(10);
    boolean fraction = !afterDot && fraction();
    boolean whole = !(!afterDot && exponent()) && !fraction;
    String text = source.substring(from, at).replace("_", "");
    add(whole ? Token.Kind.INTEGER : Token.Kind.FLOAT, whole ? "10:" + text : text);
  }

  private int radix() {
    if (source.charAt(at) != '0' || at + 2 >= source.length()) {
      return 10;
    }
    int radix =
        switch (source.charAt(at + 1)) {
          case 'x', 'X' -> 16;
          case 'o', 'O' -> 8;
          case 'b', 'B' -> 2;
          default -> 10;
        };
    return Character.digit(source.charAt(at + 2), radix) >= 0 ? radix : 10;
  }

  private void digits(int radix) {
    while (at < source.length() && isDigit(at, radix)) {
      at++;
    }
  }

  private boolean isDigit(int place, int radix) {
    char c = place < source.length() ? source.charAt(place) : 0;
    boolean joins = c == '_' && place > 0 && place + 1 < source.length();
    return c < 128
        && (Character.digit(c, radix) >= 0
            || (joins && Character.digit(source.charAt(place + 1), radix) >= 0));
  }

  private boolean fraction() {
    if (at < source.length() && source.charAt(at) == '.' && isDigit(at + 1, 10)) {
      at++;
      digits(10);
      return true;
    }
    return false;
  }

  private boolean exponent() {
    char e = at < source.length() ? source.charAt(at) : 0;
    if (e != 'e' && e != 'E') {
      return false;
    }
    char sign = at + 1 < source.length() ? source.charAt(at + 1) : 0;
    int digits = sign == '-' || sign == '+' ? at + 2 : at + 1;
    if (!isDigit(digits, 10)) {
      return false;
    }
    at = digits;
    digits(10);
    return true;
  }

  private void string(char quote) {
    int from = ++at;
    while (at < source.length() && source.charAt(at) != quote) {
      at += source.charAt(at) == '\\' ? 2 : 1;
    }
    if (at >= source.length()) {
      throw new TemplateException("a string has no end", line);
    }
    String body = source.substring(from, at++);
    tokens.add(new Token(Token.Kind.STRING, Escapes.resolved(body, line), line));
    line += (int) body.chars().filter(c -> c == '\n').count();
  }

  private void operator() {
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, at)) {
        balance(operator);
        add(Token.Kind.OPERATOR, operator);
        at += operator.length();
        return;
      }
    }
    throw new TemplateException(
        "unexpected character '%s'".formatted(Character.toString(source.codePointAt(at))), line);
  }

  private void balance(String operator) {
    switch (operator) {
      case "(" -> open.push(")");
      case "[" -> open.push("]");
      case "{" -> open.push("}");
      case ")", "]", "}" -> {
        @Nullable String expected = open.poll();
        if (!operator.equals(expected)) {
          throw new TemplateException(
              "unexpected '%s'%s"
                  .formatted(operator, expected == null ? "" : ", expected '" + expected + "'"),
              line);
        }
      }
      default -> {}
    }
  }
}
