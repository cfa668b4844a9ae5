package dllama.format.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Builds what stands before the data of a GGUF file, version 3 (ggml, `docs/gguf.md`): magic,
/// version, counts, then keys with typed values, then a description of each tensor; little-endian,
/// padded to [#ALIGNMENT]. Not thread-safe.
public final class GgufHeaderWriter {
  /// Where tensors begin; offsets count from the end of the header.
  public static final int ALIGNMENT = 32;

  private static final int MAGIC = 0x46554747;
  private static final int VERSION = 3;

  private static final int UINT32 = 4;
  private static final int INT32 = 5;
  private static final int FLOAT32 = 6;
  private static final int BOOL = 7;
  private static final int STRING = 8;
  private static final int ARRAY = 9;

  private final ByteArrayOutputStream pairs = new ByteArrayOutputStream();
  private final ByteArrayOutputStream tensors = new ByteArrayOutputStream();
  private long pairCount;
  private long tensorCount;
  private long dataBytes;

  /// The next multiple of [#ALIGNMENT].
  static long align(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  GgufHeaderWriter put(String key, String value) {
    key(key, STRING);
    string(pairs, value);
    return this;
  }

  GgufHeaderWriter put(String key, int value) {
    key(key, UINT32);
    int32(pairs, value);
    return this;
  }

  GgufHeaderWriter put(String key, float value) {
    key(key, FLOAT32);
    int32(pairs, Float.floatToRawIntBits(value));
    return this;
  }

  GgufHeaderWriter put(String key, boolean value) {
    key(key, BOOL);
    pairs.write(value ? 1 : 0);
    return this;
  }

  GgufHeaderWriter putStrings(String key, List<String> values) {
    array(key, STRING, values.size());
    values.forEach(value -> string(pairs, value));
    return this;
  }

  GgufHeaderWriter putInts(String key, List<Integer> values) {
    array(key, INT32, values.size());
    values.forEach(value -> int32(pairs, value));
    return this;
  }

  GgufHeaderWriter putBools(String key, List<Boolean> values) {
    array(key, BOOL, values.size());
    values.forEach(value -> pairs.write(value ? 1 : 0));
    return this;
  }

  GgufHeaderWriter putFloats(String key, float[] values) {
    array(key, FLOAT32, values.length);
    for (float value : values) {
      int32(pairs, Float.floatToRawIntBits(value));
    }
    return this;
  }

  /// A value with its type, as another file has it.
  GgufHeaderWriter put(String key, byte[] typed) {
    string(pairs, key);
    pairs.writeBytes(typed);
    pairCount++;
    return this;
  }

  /// Describes the next tensor, which begins where the one before it ends, aligned.
  ///
  /// @param type ggml's number of the element type
  /// @param dims values along each axis, the length of a row first
  /// @param bytes of its data
  void tensor(String name, int type, long[] dims, long bytes) {
    string(tensors, name);
    int32(tensors, dims.length);
    for (long size : dims) {
      int64(tensors, size);
    }
    int32(tensors, type);
    int64(tensors, dataBytes);
    dataBytes += align(bytes);
    tensorCount++;
  }

  /// Bytes of all tensors described so far, with padding.
  long dataBytes() {
    return dataBytes;
  }

  ByteBuffer bytes() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    int32(all, MAGIC);
    int32(all, VERSION);
    int64(all, tensorCount);
    int64(all, pairCount);
    all.writeBytes(pairs.toByteArray());
    all.writeBytes(tensors.toByteArray());
    all.writeBytes(new byte[(int) (align(all.size()) - all.size())]);
    return ByteBuffer.wrap(all.toByteArray());
  }

  private void key(String key, int type) {
    string(pairs, key);
    int32(pairs, type);
    pairCount++;
  }

  private void array(String key, int type, int size) {
    key(key, ARRAY);
    int32(pairs, type);
    int64(pairs, size);
  }

  private static void string(ByteArrayOutputStream to, String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    int64(to, bytes.length);
    to.writeBytes(bytes);
  }

  private static void int32(ByteArrayOutputStream to, int value) {
    to.writeBytes(
        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }

  private static void int64(ByteArrayOutputStream to, long value) {
    to.writeBytes(
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
  }
}
