package dllama.cluster.port;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Over a connection to another node nothing comes back: nodes answer over connections of their
/// own.
final class Silence implements ByteCheck {
  private @Nullable String objection;

  @Override
  public boolean read(ByteBuffer bytes, int from, int to) {
    if (to > from) {
      objection = "answers where nodes only listen";
    }
    return objection == null;
  }

  @Override
  public long frames() {
    return 0;
  }

  @Override
  public int unfinishedBytes() {
    return 0;
  }

  @Override
  public @Nullable String objection() {
    return objection;
  }
}
