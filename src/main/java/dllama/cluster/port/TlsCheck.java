package dllama.cluster.port;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Reads along a connection that is encrypted (`transport = tls-tcp`): what is in its records only
/// the TLS engine sees, so this looks at their headers: a type, the major version, and a length
/// (RFC 8446, 5.1). Whoever gets further than a handshake has a certificate that this node trusts.
final class TlsCheck implements ByteCheck {
  private static final int HEADER_BYTES = 5;
  private static final int TYPE = 0;
  private static final int MAJOR_VERSION = 1;
  private static final int LENGTH = 3;
  private static final int HANDSHAKE = 22;
  private static final int FIRST_TYPE = 20;
  private static final int LAST_TYPE = 23;

  /// What a record may have at most, with the room that TLS 1.2 leaves for encryption.
  private static final int MAX_RECORD_BYTES = (1 << 14) + 2048;

  private final byte[] header = new byte[HEADER_BYTES];
  private int have;
  private int length;
  private int left;
  private long records;
  private @Nullable String objection;
  private boolean foreign;

  @Override
  public boolean read(ByteBuffer bytes, int from, int to) {
    int at = from;
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
    if (!known || header[MAJOR_VERSION] != 3 || length > MAX_RECORD_BYTES) {
      foreign = records == 0;
      objection = "sends what is no TLS";
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
  public @Nullable String objection() {
    return objection;
  }

  @Override
  public boolean isForeign() {
    return foreign;
  }
}
