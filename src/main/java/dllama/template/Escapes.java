package dllama.template;

/// The escapes of string literals, which are Python's.
final class Escapes {
  private final String body;
  private final int line;
  private final StringBuilder text = new StringBuilder();
  private int at;

  private Escapes(String body, int line) {
    this.body = body;
    this.line = line;
  }

  static String resolved(String body, int line) {
    if (body.indexOf('\\') < 0) {
      return body;
    }
    Escapes escapes = new Escapes(body, line);
    escapes.run();
    return escapes.text.toString();
  }

  private void run() {
    while (at < body.length()) {
      char c = body.charAt(at++);
      if (c != '\\' || at == body.length()) {
        text.append(c);
      } else {
        escape(body.charAt(at++));
      }
    }
  }

  private void escape(char c) {
    switch (c) {
      case '\n' -> {}
      case '\\', '\'', '"' -> text.append(c);
      case 'a' -> text.append('\u0007');
      case 'b' -> text.append('\b');
      case 'f' -> text.append('\f');
      case 'n' -> text.append('\n');
      case 'r' -> text.append('\r');
      case 't' -> text.append('\t');
      case 'v' -> text.append('\u000B');
      case 'x' -> number(2, 16);
      case 'u' -> number(4, 16);
      case 'U' -> number(8, 16);
      case 'N' -> named();
      case '0', '1', '2', '3', '4', '5', '6', '7' -> octal();
      default -> text.append('\\').append(c);
    }
  }

  private void octal() {
    int from = --at;
    while (at < body.length() && at < from + 3 && Character.digit(body.charAt(at), 8) >= 0) {
      at++;
    }
    text.append((char) Integer.parseInt(body.substring(from, at), 8));
  }

  private void number(int digits, int radix) {
    int value = 0;
    for (int i = 0; i < digits; i++, at++) {
      int digit = at < body.length() ? Character.digit(body.charAt(at), radix) : -1;
      if (digit < 0 || value >= 1 << 27) {
        throw invalid();
      }
      value = value * radix + digit;
    }
    if (!Character.isValidCodePoint(value)) {
      throw invalid();
    }
    text.appendCodePoint(value);
  }

  private void named() {
    int end = body.indexOf('}', at);
    if (end < 0 || body.charAt(at) != '{') {
      throw invalid();
    }
    try {
      text.appendCodePoint(Character.codePointOf(body.substring(at + 1, end)));
    } catch (IllegalArgumentException e) {
      throw invalid();
    }
    at = end + 1;
  }

  private TemplateException invalid() {
    return new TemplateException("a string has an invalid escape", line);
  }
}
