package dllama.format;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/// The header that `.m` and `.t` files share: magic, header size in bytes (8 + 8n), then n pairs of
/// int32 (key, value), little-endian.
final class KeyValueHeader {
  private static final int PREFIX_BYTES = 8;
  private static final int MAX_BYTES = PREFIX_BYTES + 8 * 64;

  private final InputFile file;
  private final int size;
  private final Map<Integer, Integer> values;

  private KeyValueHeader(InputFile file, int size, Map<Integer, Integer> values) {
    this.file = file;
    this.size = size;
    this.values = values;
  }

  /// The first four bytes of the file.
  static int magic(InputFile file) {
    ByteBuffer start = file.read(0, Integer.BYTES);
    if (start.remaining() < Integer.BYTES) {
      throw file.damaged("it has only %d bytes".formatted(start.remaining()));
    }
    return start.getInt();
  }

  /// Reads the pairs; the caller has looked at the magic number.
  ///
  /// @param names by key; a key without a name is refused
  static KeyValueHeader read(InputFile file, Map<Integer, String> names) {
    ByteBuffer bytes = file.read(0, MAX_BYTES);
    if (bytes.remaining() < PREFIX_BYTES) {
      throw file.damaged("it ends inside the header");
    }
    int size = bytes.getInt(Integer.BYTES);
    if (size < PREFIX_BYTES || size > MAX_BYTES || size % 8 != 0) {
      throw file.damaged("header size %d is not possible".formatted(size));
    }
    if (size > bytes.remaining()) {
      throw file.damaged("it ends inside the header of %d bytes".formatted(size));
    }
    Map<Integer, Integer> values = new HashMap<>();
    for (int at = PREFIX_BYTES; at < size; at += 8) {
      int key = bytes.getInt(at);
      if (!names.containsKey(key)) {
        throw file.refused(
            "unknown header key %d".formatted(key), "it needs a newer version of this program");
      }
      if (values.put(key, bytes.getInt(at + 4)) != null) {
        throw file.damaged("%s appears twice in the header".formatted(names.get(key)));
      }
    }
    return new KeyValueHeader(file, size, values);
  }

  /// Bytes of the header, which is where the content starts.
  int size() {
    return size;
  }

  boolean has(int key) {
    return values.containsKey(key);
  }

  int get(int key, int otherwise) {
    return values.getOrDefault(key, otherwise);
  }

  /// The value of a key that must be there and within limits.
  int require(int key, String name, int min, int max) {
    Integer value = values.get(key);
    if (value == null) {
      throw file.damaged("the header does not tell %s".formatted(name));
    }
    return check(name, value, min, max);
  }

  /// The value of a key, or a default; within limits.
  int optional(int key, String name, int otherwise, int min, int max) {
    return check(name, values.getOrDefault(key, otherwise), min, max);
  }

  private int check(String name, int value, int min, int max) {
    if (value < min || value > max) {
      throw file.damaged(
          "the header says %s=%d, which is not within %d to %d".formatted(name, value, min, max));
    }
    return value;
  }
}
