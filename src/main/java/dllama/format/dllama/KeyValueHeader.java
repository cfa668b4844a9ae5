package dllama.format.dllama;

import dllama.format.file.InputFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The header that `.m` and `.t` files share: magic, header size in bytes (8 + 8n), then n pairs of
/// int32 (key, value), little-endian.
final class KeyValueHeader {
  private static final int PREFIX_BYTES = 8;
  private static final int MAX_BYTES = PREFIX_BYTES + 8 * 64;

  private final InputFile file;
  private final Map<Integer, String> names;
  private final int size;
  private final Map<Integer, Integer> values;

  private KeyValueHeader(
      InputFile file, Map<Integer, String> names, int size, Map<Integer, Integer> values) {
    this.file = file;
    this.names = names;
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
    return new KeyValueHeader(file, names, size, values);
  }

  /// A header whose values stand one after the other behind the magic number, without keys.
  ///
  /// @param keys what the values mean
  static KeyValueHeader fixed(InputFile file, Map<Integer, String> names, List<Integer> keys) {
    int size = Integer.BYTES * (1 + keys.size());
    ByteBuffer bytes = file.read(0, size);
    if (bytes.remaining() < size) {
      throw file.damaged("it ends inside the header of %d bytes".formatted(size));
    }
    Map<Integer, Integer> values = new HashMap<>();
    for (int i = 0; i < keys.size(); i++) {
      values.put(keys.get(i), bytes.getInt(Integer.BYTES * (1 + i)));
    }
    return new KeyValueHeader(file, names, size, values);
  }

  /// A header to be written, pairs in the order of the map.
  static ByteBuffer bytes(int magic, Map<Integer, Integer> pairs) {
    int size = PREFIX_BYTES + 8 * pairs.size();
    ByteBuffer bytes = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(magic).putInt(size);
    pairs.forEach((key, value) -> bytes.putInt(key).putInt(value));
    return bytes.flip();
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

  /// The value of a key that must be there.
  int require(int key) {
    Integer value = values.get(key);
    if (value == null) {
      throw file.damaged("the header does not tell %s".formatted(names.get(key)));
    }
    return value;
  }

  /// The value of a key that must be there and within limits.
  int require(int key, int min, int max) {
    return check(key, require(key), min, max);
  }

  /// The value of a key, or a default; within limits.
  int optional(int key, int otherwise, int min, int max) {
    return check(key, get(key, otherwise), min, max);
  }

  private int check(int key, int value, int min, int max) {
    if (value < min || value > max) {
      throw file.damaged(
          "the header says %s=%d, which is not within %d to %d"
              .formatted(names.get(key), value, min, max));
    }
    return value;
  }
}
