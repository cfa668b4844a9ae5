package dllama.cluster.wire;

import java.security.SecureRandom;

/// Numbers that nobody guesses: who knows one has been told it. They travel in the clear, so they
/// say nothing about who reads along.
public final class Secret {
  /// Stands for none.
  public static final long NONE = 0;

  private static final SecureRandom RANDOM = new SecureRandom();

  private Secret() {}

  /// A new one: positive, never [#NONE].
  public static long next() {
    return RANDOM.nextLong(1, Long.MAX_VALUE);
  }
}
