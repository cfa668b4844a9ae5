package dllama.step;

import dllama.error.VisibleText;

/// A step could not be finished because of the nodes that compute it, such as a worker that went
/// away. The message is for the user; it becomes one visible line.
public final class ForwardException extends RuntimeException {
  private static final long serialVersionUID = 1;
  private static final int MAX_LENGTH = 2000;

  public ForwardException(String message) {
    super(VisibleText.line(message, MAX_LENGTH));
  }
}
