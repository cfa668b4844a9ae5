package dllama.template;

import dllama.error.VisibleText;

/// A template that can not be read, or refused its input. The message is one short line, but for
/// one that the template itself gave with `raise_exception`, which is passed on as it is.
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1;
  private static final int MAX_LENGTH = 300;

  private final int line;
  private final boolean raised;
  private final String text;

  TemplateException(String message) {
    this(VisibleText.line(message, MAX_LENGTH), 0, false);
  }

  TemplateException(String message, int line) {
    this(VisibleText.line(message, MAX_LENGTH), line, false);
  }

  private TemplateException(String text, int line, boolean raised) {
    super(raised || line == 0 ? text : "line %d: %s".formatted(line, text));
    this.text = text;
    this.line = line;
    this.raised = raised;
  }

  /// What the template says is wrong with its input.
  static TemplateException raised(String message) {
    return new TemplateException(message, 0, true);
  }

  /// The same with a line, where none is known yet.
  TemplateException at(int where) {
    return line > 0 ? this : new TemplateException(text, where, raised);
  }

  /// Line of the template, from 1; 0 where it is unknown.
  public int line() {
    return line;
  }

  /// Whether the template itself refused the input.
  public boolean raised() {
    return raised;
  }
}
