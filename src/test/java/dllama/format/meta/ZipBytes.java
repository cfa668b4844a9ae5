package dllama.format.meta;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// A ZIP archive, put together by hand so that it may be wrong. Nobody looks at its checksums.
final class ZipBytes {
  private final ByteArrayOutputStream content = new ByteArrayOutputStream();
  private final ByteArrayOutputStream directory = new ByteArrayOutputStream();
  private int count;

  /// Sizes and places have 64 bits, as in archives of more than 4 GiB.
  boolean wide;

  int method;
  int flags;

  /// What is added to what the directory says.
  long sizeError;

  long placeError;
  long countError;

  ZipBytes add(String name, byte[] bytes) {
    byte[] called = name.getBytes(UTF_8);
    int place = content.size();
    content.writeBytes(buffer(30).putInt(0x04034b50).putShort(26, (short) called.length).array());
    content.writeBytes(called);
    content.writeBytes(bytes);
    long size = bytes.length + sizeError;
    ByteBuffer entry = buffer(46).putInt(0x02014b50);
    entry.putShort(8, (short) flags).putShort(10, (short) method);
    entry.putInt(20, wide ? -1 : (int) size).putInt(24, wide ? -1 : (int) size);
    entry.putShort(28, (short) called.length).putShort(30, (short) (wide ? 28 : 0));
    entry.putInt(42, wide ? -1 : (int) (place + placeError));
    directory.writeBytes(entry.array());
    directory.writeBytes(called);
    if (wide) {
      directory.writeBytes(
          buffer(28)
              .putShort((short) 1)
              .putShort((short) 24)
              .putLong(size)
              .putLong(size)
              .putLong(place + placeError)
              .array());
    }
    count++;
    return this;
  }

  byte[] end() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(content.toByteArray());
    int start = all.size();
    all.writeBytes(directory.toByteArray());
    int size = all.size() - start;
    long said = count + countError;
    if (wide) {
      long end = all.size();
      all.writeBytes(
          buffer(56)
              .putInt(0x06064b50)
              .putLong(4, 44)
              .putLong(24, said)
              .putLong(32, said)
              .putLong(40, size)
              .putLong(48, start)
              .array());
      all.writeBytes(buffer(20).putInt(0x07064b50).putLong(8, end).putInt(16, 1).array());
    }
    all.writeBytes(
        buffer(22)
            .putInt(0x06054b50)
            .putShort(10, (short) (wide ? -1 : said))
            .putInt(12, wide ? -1 : size)
            .putInt(16, wide ? -1 : start)
            .array());
    return all.toByteArray();
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
