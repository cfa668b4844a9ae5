package dllama.cluster.port;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Reads along what one connection sends, and says when that is nothing that a node sends.
///
/// Not thread-safe; allocates nothing as long as all is well.
public interface ByteCheck {
  /// Reads the bytes of `bytes` from index `from` up to `to`, and leaves the buffer as it is.
  ///
  /// @return false if this connection has to end, [#objection] says why
  boolean read(ByteBuffer bytes, int from, int to);

  /// Frames, or records, that have arrived as a whole.
  long frames();

  /// Bytes of a frame that has not arrived as a whole yet, as they lie in memory.
  int unfinishedBytes();

  /// Why this connection has to end, as the end of a sentence; null while it does not.
  @Nullable String objection();

  /// What the other end began with, by which its TLS engine tells who it is; null where there is no
  /// TLS, or too little has come yet.
  default byte @Nullable [] greeting() {
    return null;
  }
}
