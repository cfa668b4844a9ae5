package dllama.template;

import dllama.error.VisibleText;

/// A template that can not be read, or refused its input. The message is one short line, but for
/// one that the template itself gave with `raise_exception`, which is passed on as it is.
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1;
  private static final int MAX_LENGTH = 300;

  /// Who found that something is wrong.
  private enum Kind {
    ENGINE,
    TEMPLATE,
    LIMIT
  }

  private final int line;
  private final Kind kind;
  private final String text;

  TemplateException(String message) {
    this(VisibleText.line(message, MAX_LENGTH), 0, Kind.ENGINE);
  }

  TemplateException(String message, int line) {
    this(VisibleText.line(message, MAX_LENGTH), line, Kind.ENGINE);
  }

  private TemplateException(String text, int line, Kind kind) {
    super(kind == Kind.TEMPLATE || line == 0 ? text : "line %d: %s".formatted(line, text));
    this.text = text;
    this.line = line;
    this.kind = kind;
  }

  /// What the template says is wrong with its input.
  static TemplateException raised(String message) {
    return new TemplateException(message, 0, Kind.TEMPLATE);
  }

  static TemplateException limit(String message) {
    return new TemplateException(VisibleText.line(message, MAX_LENGTH), 0, Kind.LIMIT);
  }

  /// The same with a line, where none is known yet.
  TemplateException at(int where) {
    return line > 0 ? this : new TemplateException(text, where, kind);
  }

  /// Line of the template, from 1; 0 where it is unknown.
  public int line() {
    return line;
  }

  /// Whether the template itself refused the input.
  public boolean raised() {
    return kind == Kind.TEMPLATE;
  }

  /// Whether it would have used more than it may: no other input need be tried.
  public boolean limit() {
    return kind == Kind.LIMIT;
  }
}
