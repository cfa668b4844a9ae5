package dllama.cluster.tls;

import dllama.cluster.port.PortGuard;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Whoever has opened a connection to this node. The port knows from which address, and waits for
/// him to show the key; by what his greeting begins with both know which connection it is.
final class Caller implements GuardedEngine.Party {
  private byte @Nullable [] greeting;

  @Override
  public void heard(ByteBuffer bytes) {
    if (greeting == null && bytes.remaining() >= PortGuard.GREETING_BYTES) {
      byte[] first = new byte[PortGuard.GREETING_BYTES];
      bytes.get(bytes.position(), first);
      greeting = first;
    }
  }

  @Override
  public void known() {
    if (greeting != null) {
      PortGuard.known(greeting);
    }
  }

  @Override
  public void refused(String why) {
    if (greeting != null) {
      PortGuard.refused(greeting, why);
    }
  }
}
