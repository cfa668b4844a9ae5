package dllama.format.meta;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dllama.error.UserException;
import dllama.format.file.InputFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// The files in a mapped ZIP archive, also of more than 4 GiB (PKWARE's APPNOTE.TXT, 4.3). Only
/// what is stored as it is: so it can be used where it is, and nothing swells.
final class ZipFolder {
  private static final ValueLayout.OfShort SHORT =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int END = 0x06054b50;
  private static final int END_BYTES = 22;
  private static final int END_64 = 0x06064b50;
  private static final int END_64_BYTES = 56;
  private static final int PLACE_OF_END_64 = 0x07064b50;
  private static final int PLACE_OF_END_64_BYTES = 20;
  private static final int ENTRY = 0x02014b50;
  private static final int ENTRY_BYTES = 46;
  private static final int LOCAL = 0x04034b50;
  private static final int LOCAL_BYTES = 30;
  private static final int LONGEST_COMMENT = 0xffff;

  /// Number of the extra field with sizes and places of 64 bits.
  private static final int WIDE = 1;

  private static final long ALL_ONES = 0xffffffffL;
  private static final int MOST_ENTRIES = 1 << 17;

  private final InputFile file;
  private final MemorySegment bytes;
  private final Map<String, Entry> entries = new HashMap<>();

  /// What the directory says of a file.
  private record Entry(int method, boolean encrypted, long place, long size) {}

  private ZipFolder(InputFile file, MemorySegment bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  /// Reads the directory.
  ///
  /// @throws UserException if it contradicts itself
  static ZipFolder read(InputFile file, MemorySegment bytes) {
    ZipFolder folder = new ZipFolder(file, bytes);
    folder.readDirectory();
    return folder;
  }

  private void readDirectory() {
    long end = end();
    long count = u16(end + 10);
    long size = u32(end + 12);
    long start = u32(end + 16);
    long wide = end - PLACE_OF_END_64_BYTES;
    if (wide >= 0 && i32(wide) == PLACE_OF_END_64) {
      long at = i64(wide + 8);
      check(at >= 0 && at <= end - END_64_BYTES && i32(at) == END_64);
      count = i64(at + 32);
      size = i64(at + 40);
      start = i64(at + 48);
    }
    check(size >= 0 && start >= 0 && start <= end - size);
    check(count >= 0 && count <= MOST_ENTRIES && count * ENTRY_BYTES <= size);
    long at = start;
    for (long i = 0; i < count; i++) {
      at = readEntry(at, start + size);
    }
  }

  /// The record that ends the archive; only a comment may follow it.
  private long end() {
    long last = bytes.byteSize() - END_BYTES;
    for (long at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--) {
      if (i32(at) == END && at + END_BYTES + u16(at + 20) == bytes.byteSize()) {
        return at;
      }
    }
    throw damaged("its directory, which is at the end, is missing");
  }

  private long readEntry(long at, long limit) {
    check(at <= limit - ENTRY_BYTES && i32(at) == ENTRY);
    int nameLength = u16(at + 28);
    int extraLength = u16(at + 30);
    long next = at + ENTRY_BYTES + nameLength + extraLength + u16(at + 32);
    check(next <= limit);
    long packed = u32(at + 20);
    long size = u32(at + 24);
    long place = u32(at + 42);
    long extra = at + ENTRY_BYTES + nameLength;
    long extraEnd = extra + extraLength;
    while (extra <= extraEnd - 4) {
      long field = extra + 4;
      extra = field + u16(extra + 2);
      check(extra <= extraEnd);
      if (u16(field - 4) == WIDE) {
        // Only those that do not fit are there, in this order.
        for (int i = 0; i < 3; i++) {
          long narrow = i == 0 ? size : i == 1 ? packed : place;
          if (narrow == ALL_ONES) {
            check(field <= extra - Long.BYTES);
            long value = i64(field);
            field += Long.BYTES;
            size = i == 0 ? value : size;
            packed = i == 1 ? value : packed;
            place = i == 2 ? value : place;
          }
        }
      }
    }
    String name = text(at + ENTRY_BYTES, nameLength);
    int method = packed == size ? u16(at + 10) : -1;
    boolean encrypted = (u16(at + 8) & 1) != 0;
    if (entries.put(name, new Entry(method, encrypted, place, size)) != null) {
      throw damaged("%s is there twice".formatted(name));
    }
    return next;
  }

  /// The content of a file, by its whole name.
  ///
  /// @throws UserException if it is compressed or encrypted, or where it should be is something
  ///     else
  Optional<MemorySegment> find(String name) {
    return Optional.ofNullable(entries.get(name)).map(entry -> content(name, entry));
  }

  private MemorySegment content(String name, Entry entry) {
    if (entry.method != 0 || entry.encrypted) {
      throw file.refused(
          "%s in it is compressed or encrypted, as torch.save never writes it".formatted(name),
          "get the file from where it was published");
    }
    long at = entry.place;
    check(at >= 0 && at <= bytes.byteSize() - LOCAL_BYTES && i32(at) == LOCAL);
    long start = at + LOCAL_BYTES + u16(at + 26) + u16(at + 28);
    if (entry.size < 0 || start > bytes.byteSize() || entry.size > bytes.byteSize() - start) {
      throw damaged("%s reaches beyond its end".formatted(name));
    }
    return bytes.asSlice(start, entry.size);
  }

  /// The only file whose name ends so; what is before it is the name of the archive.
  String only(String ending) {
    String found = null;
    for (String name : entries.keySet()) {
      if (name.endsWith(ending)) {
        if (found != null) {
          throw damaged("%s is in it more than once".formatted(ending));
        }
        found = name;
      }
    }
    if (found == null) {
      throw file.refused(
          "it is a ZIP archive without %s".formatted(ending),
          "name a folder with consolidated.*.pth, as torch.save writes them");
    }
    return found;
  }

  private void check(boolean right) {
    if (!right) {
      throw damaged("its directory contradicts itself");
    }
  }

  private UserException damaged(String what) {
    return file.damaged(what);
  }

  private String text(long at, int length) {
    return new String(
        bytes.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
  }

  private int u16(long at) {
    return Short.toUnsignedInt(bytes.get(SHORT, at));
  }

  private int i32(long at) {
    return bytes.get(INT, at);
  }

  private long u32(long at) {
    return Integer.toUnsignedLong(bytes.get(INT, at));
  }

  private long i64(long at) {
    return bytes.get(LONG, at);
  }
}
