package dllama.cluster.port;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Reads along a connection that is encrypted by TLS: what is in its records only the TLS engine
/// sees, so this looks at their headers: a type, the major version, and a length (RFC 8446, 5.1).
/// Whoever gets further than a handshake has the cluster key; its frames are checked behind TLS.
final class TlsCheck implements ByteCheck {
  private static final int HEADER_BYTES = 5;
  private static final int TYPE = 0;
  private static final int MAJOR_VERSION = 1;
  private static final int LENGTH = 3;
  private static final int HANDSHAKE = 22;

  /// A record that begins a handshake has at least a header of its own, a version and 32 random
  /// bytes.
  private static final int GREETING_BYTES = PortGuard.GREETING_BYTES - HEADER_BYTES;

  private static final int FIRST_TYPE = 20;
  private static final int LAST_TYPE = 23;

  /// What a record may have at most, with the room that TLS 1.2 leaves for encryption.
  private static final int MAX_RECORD_BYTES = (1 << 14) + 2048;

  private final byte[] header = new byte[HEADER_BYTES];
  private final byte[] greeting = new byte[PortGuard.GREETING_BYTES];
  private int greeted;
  private int have;
  private int length;
  private int left;
  private long records;
  private @Nullable String objection;

  @Override
  public boolean read(ByteBuffer bytes, int from, int to) {
    int at = from;
    if (greeted < greeting.length && objection == null) {
      int count = Math.min(greeting.length - greeted, to - at);
      bytes.get(at, greeting, greeted, count);
      greeted += count;
    }
    while (at < to && objection == null) {
      if (have < HEADER_BYTES) {
        int count = Math.min(HEADER_BYTES - have, to - at);
        bytes.get(at, header, have, count);
        have += count;
        at += count;
        if (have == HEADER_BYTES) {
          begin();
        }
      } else {
        int count = Math.min(left, to - at);
        left -= count;
        at += count;
      }
      if (have == HEADER_BYTES && left == 0) {
        have = 0;
        records++;
      }
    }
    return objection == null;
  }

  private void begin() {
    int type = header[TYPE];
    length = ((header[LENGTH] & 0xff) << 8) | (header[LENGTH + 1] & 0xff);
    left = length;
    boolean known = records == 0 ? type == HANDSHAKE : type >= FIRST_TYPE && type <= LAST_TYPE;
    boolean greets = records > 0 || length >= GREETING_BYTES;
    if (!known || header[MAJOR_VERSION] != 3 || length > MAX_RECORD_BYTES || !greets) {
      boolean foreign = records == 0 && type != HANDSHAKE;
      objection = foreign ? Protocols.objection(header) : "does not speak TLS as nodes do";
    }
  }

  @Override
  public long frames() {
    return records;
  }

  @Override
  public int unfinishedBytes() {
    return have < HEADER_BYTES ? have : HEADER_BYTES + length - left;
  }

  @Override
  public byte @Nullable [] greeting() {
    return greeted == greeting.length ? greeting : null;
  }

  @Override
  public @Nullable String objection() {
    return objection;
  }
}
