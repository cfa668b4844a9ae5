package dllama.cluster.port;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Reads along what one connection sends, before Akka does: Artery takes any length for granted, so
/// it can be made to spin, or to gather bytes until memory is full.
///
/// The bytes of a connection: `AKKA`, the number of a stream, then frames, each a length (int32,
/// little-endian) and that many bytes. A frame starts with a header of 28 bytes, of which the first
/// is the version and those from 12 on are the number of the serializer.
///
/// Not thread-safe; allocates nothing as long as all is well.
final class FrameCheck implements ByteCheck {
  private static final byte[] MAGIC = {'A', 'K', 'K', 'A'};
  private static final int GREETING_BYTES = MAGIC.length + 1;
  private static final int LENGTH_BYTES = 4;
  private static final int FIXED_BYTES = 28;

  /// Of the fixed header so much has to be seen.
  private static final int SEEN_BYTES = 16;

  private static final int SERIALIZER_OFFSET = 12;
  private static final int CONTROL_STREAM = 1;
  private static final int ORDINARY_STREAM = 2;

  private enum Part {
    GREETING,
    LENGTH,
    HEADER,
    BODY
  }

  private final int maxFrameBytes;
  private final byte[] seen = new byte[SEEN_BYTES];
  private Part part = Part.GREETING;
  private int have;
  private int length;
  private int left;
  private long frames;
  private @Nullable String objection;

  /// @param maxFrameBytes what a frame may have at most, without its length
  FrameCheck(int maxFrameBytes) {
    this.maxFrameBytes = maxFrameBytes;
  }

  @Override
  public boolean read(ByteBuffer bytes, int from, int to) {
    int at = from;
    while (at < to && objection == null) {
      if (part == Part.BODY) {
        int count = Math.min(left, to - at);
        at += count;
        left -= count;
        if (left == 0) {
          frames++;
          begin(Part.LENGTH);
        }
      } else {
        int count = Math.min(needed() - have, to - at);
        bytes.get(at, seen, have, count);
        at += count;
        have += count;
        if (have == needed()) {
          next();
        }
      }
    }
    return objection == null;
  }

  private int needed() {
    return switch (part) {
      case GREETING -> GREETING_BYTES;
      case LENGTH -> LENGTH_BYTES;
      case HEADER, BODY -> SEEN_BYTES;
    };
  }

  private void begin(Part next) {
    part = next;
    have = 0;
  }

  private void next() {
    switch (part) {
      case GREETING -> greeted();
      case LENGTH -> lengthSeen();
      case HEADER, BODY -> headerSeen();
    }
  }

  private void greeted() {
    boolean foreign = Arrays.mismatch(seen, MAGIC) < MAGIC.length;
    int stream = seen[MAGIC.length];
    if (foreign) {
      objection = Protocols.objection(seen);
    } else if (stream != CONTROL_STREAM && stream != ORDINARY_STREAM) {
      objection = "opens a stream number " + stream;
    }
    begin(Part.LENGTH);
  }

  private void lengthSeen() {
    length = int32(0);
    if (length < FIXED_BYTES || length > maxFrameBytes) {
      objection =
          "announces a frame of %d bytes (%d to %d are allowed)"
              .formatted(Integer.toUnsignedLong(length), FIXED_BYTES, maxFrameBytes);
    }
    begin(Part.HEADER);
  }

  private void headerSeen() {
    int serializer = int32(SERIALIZER_OFFSET);
    if (seen[0] != 0) {
      objection = "speaks version %d of the protocol".formatted(seen[0]);
    } else if (!Serializers.isAllowed(serializer)) {
      objection = "sends what no node sends (serializer %d)".formatted(serializer);
    }
    begin(Part.BODY);
    left = length - SEEN_BYTES;
  }

  private int int32(int from) {
    return (seen[from] & 0xff)
        | (seen[from + 1] & 0xff) << 8
        | (seen[from + 2] & 0xff) << 16
        | seen[from + 3] << 24;
  }

  @Override
  public long frames() {
    return frames;
  }

  @Override
  public int unfinishedBytes() {
    return switch (part) {
      case GREETING, LENGTH -> have;
      case HEADER -> LENGTH_BYTES + have;
      case BODY -> LENGTH_BYTES + length - left;
    };
  }

  @Override
  public @Nullable String objection() {
    return objection;
  }
}
