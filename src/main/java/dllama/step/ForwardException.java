package dllama.step;

/// A step could not be finished because of the nodes that compute it, such as a worker that went
/// away. The message is for the user.
public final class ForwardException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public ForwardException(String message) {
    super(message);
  }
}
