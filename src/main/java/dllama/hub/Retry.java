package dllama.hub;

import dllama.error.UserException;
import java.io.IOException;

/// Tries again what may work the next time, with pauses that grow.
record Retry(Patience patience) {
  /// Something that a server is needed for.
  interface Attempt<T> {
    T run() throws IOException, InterruptedException;
  }

  /// Tries until it works.
  ///
  /// @throws UserException if it does not
  <T> T until(Attempt<T> attempt) throws InterruptedException {
    for (int failures = 1; ; failures++) {
      try {
        return attempt.run();
      } catch (IOException e) {
        pause(e, failures);
      }
    }
  }

  /// Waits before the next try.
  ///
  /// @param failures so far, one after the other
  /// @throws UserException if they were enough
  void pause(IOException e, int failures) throws InterruptedException {
    if (failures >= patience.tries()) {
      throw new UserException(
          "%s, after %d tries; fetch it again later, and it goes on from there"
              .formatted(UserException.reason(e), failures),
          e);
    }
    long wish = e instanceof Hiccup hiccup ? hiccup.waitMillis() : 0;
    Thread.sleep(Math.max(wish, patience.pauseMillis(failures)));
  }
}
