package dllama.hub;

import java.io.IOException;

/// What may be over when it is tried again: a cut, a busy server. Everything else is a
/// `UserException` at once.
final class Hiccup extends IOException {
  private static final long serialVersionUID = 1;

  private final long waitMillis;

  Hiccup(String message) {
    this(message, 0);
  }

  /// @param waitMillis as the server wishes
  Hiccup(String message, long waitMillis) {
    super(message);
    this.waitMillis = waitMillis;
  }

  long waitMillis() {
    return waitMillis;
  }
}
