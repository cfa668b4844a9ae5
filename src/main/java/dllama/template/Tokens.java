package dllama.template;

import java.util.List;

/// The tokens of a template, read from first to last; watches how deeply it is nested.
final class Tokens {
  private final List<Token> tokens;
  private int at;
  private int nesting;

  Tokens(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token peek() {
    return tokens.get(at);
  }

  Token ahead() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = tokens.get(at);
    at = Math.min(at + 1, tokens.size() - 1);
    return token;
  }

  boolean isOperator(String operator) {
    return peek().is(Token.Kind.OPERATOR, operator);
  }

  boolean isName(String name) {
    return peek().is(Token.Kind.NAME, name);
  }

  boolean skipOperator(String operator) {
    boolean found = isOperator(operator);
    if (found) {
      next();
    }
    return found;
  }

  boolean skipName(String name) {
    boolean found = isName(name);
    if (found) {
      next();
    }
    return found;
  }

  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw unexpected("'" + operator + "'");
    }
  }

  void expectName(String name) {
    if (!skipName(name)) {
      throw unexpected("'" + name + "'");
    }
  }

  Token expect(Token.Kind kind, String what) {
    if (peek().kind() != kind) {
      throw unexpected(what);
    }
    return next();
  }

  TemplateException unexpected(String expected) {
    return new TemplateException(
        "expected %s, got %s".formatted(expected, peek().shown()), peek().line());
  }

  /// Down into brackets or a block; each is followed by [#leave], unless reading fails.
  void enter() {
    if (++nesting > Limits.NESTING) {
      throw new TemplateException(
          "brackets or blocks are nested more than %d deep".formatted(Limits.NESTING),
          peek().line());
    }
  }

  void leave() {
    nesting--;
  }
}
