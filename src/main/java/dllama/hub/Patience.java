package dllama.hub;

import java.time.Duration;

/// How long to try.
///
/// @param tries without a single byte of progress
/// @param pause before the second try; doubled before each further one
/// @param silence after which a server that sends nothing counts as gone
public record Patience(int tries, Duration pause, Duration silence) {
  public static final Patience USUAL =
      new Patience(7, Duration.ofMillis(500), Duration.ofSeconds(30));

  private static final int MOST_DOUBLINGS = 6;

  /// Milliseconds before the next try.
  long pauseMillis(int failures) {
    return pause.toMillis() << Math.min(failures - 1, MOST_DOUBLINGS);
  }
}
