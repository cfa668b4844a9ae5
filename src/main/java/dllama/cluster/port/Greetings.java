package dllama.cluster.port;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Finds the connection that a TLS engine is about: Akka makes both, and tells neither of the
/// other, but the first bytes of a TLS connection are random ones of the other end's, which both
/// see. Any thread.
final class Greetings {
  private static final Map<ByteBuffer, GuardedChannel> OPEN = new ConcurrentHashMap<>();

  private Greetings() {}

  /// Makes a connection known by what it began with.
  ///
  /// @return false if another open connection began alike
  static boolean announce(byte[] greeting, GuardedChannel channel) {
    return OPEN.putIfAbsent(ByteBuffer.wrap(greeting.clone()), channel) == null;
  }

  static void forget(byte[] greeting, GuardedChannel channel) {
    OPEN.remove(ByteBuffer.wrap(greeting), channel);
  }

  static @Nullable GuardedChannel of(byte[] greeting) {
    return OPEN.get(ByteBuffer.wrap(greeting));
  }
}
