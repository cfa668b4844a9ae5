package dllama.format.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// The bytes of a GGUF file, put together by hand so that they may be wrong.
final class GgufBytes {
  private final ByteArrayOutputStream pairs = new ByteArrayOutputStream();
  private final ByteArrayOutputStream tensors = new ByteArrayOutputStream();
  private int version = 3;
  private int pairCount;
  private int tensorCount;
  private int dataBytes;
  private int alignment = 32;

  GgufBytes version(int number) {
    version = number;
    return this;
  }

  GgufBytes alignment(int bytes) {
    alignment = bytes;
    return put("general.alignment", GgufValueType.UINT32, int32(bytes));
  }

  GgufBytes put(String key, GgufValueType type, byte[]... values) {
    string(pairs, key);
    pairs.writeBytes(int32(type.ordinal()));
    for (byte[] value : values) {
      pairs.writeBytes(value);
    }
    pairCount++;
    return this;
  }

  GgufBytes put(String key, String value) {
    return put(key, GgufValueType.STRING, text(value));
  }

  GgufBytes put(String key, int value) {
    return put(key, GgufValueType.UINT32, int32(value));
  }

  GgufBytes put(String key, boolean value) {
    return put(key, GgufValueType.BOOL, new byte[] {(byte) (value ? 1 : 0)});
  }

  GgufBytes array(String key, GgufValueType type, long count, byte[]... values) {
    byte[][] all = new byte[values.length + 2][];
    all[0] = int32(type.ordinal());
    all[1] = int64(count);
    System.arraycopy(values, 0, all, 2, values.length);
    return put(key, GgufValueType.ARRAY, all);
  }

  GgufBytes strings(String key, List<String> values) {
    byte[][] texts = values.stream().map(GgufBytes::text).toArray(byte[][]::new);
    return array(key, GgufValueType.STRING, values.size(), texts);
  }

  GgufBytes ints(String key, int... values) {
    byte[][] all = new byte[values.length][];
    for (int i = 0; i < values.length; i++) {
      all[i] = int32(values[i]);
    }
    return array(key, GgufValueType.INT32, values.length, all);
  }

  GgufBytes floats(String key, float... values) {
    byte[][] all = new byte[values.length][];
    for (int i = 0; i < values.length; i++) {
      all[i] = int32(Float.floatToIntBits(values[i]));
    }
    return array(key, GgufValueType.FLOAT32, values.length, all);
  }

  /// A tensor behind those before; its bytes count up.
  GgufBytes tensor(String name, GgmlType type, int bytes, long... dims) {
    int offset = dataBytes;
    dataBytes += Math.ceilDiv(bytes, alignment) * alignment;
    return describe(name, type.id(), offset, dims);
  }

  /// A tensor as the file describes it, without data.
  GgufBytes describe(String name, int type, long offset, long... dims) {
    string(tensors, name);
    tensors.writeBytes(int32(dims.length));
    for (long dim : dims) {
      tensors.writeBytes(int64(dim));
    }
    tensors.writeBytes(int32(type));
    tensors.writeBytes(int64(offset));
    tensorCount++;
    return this;
  }

  byte[] bytes() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    all.writeBytes(int32(version));
    all.writeBytes(int64(tensorCount));
    all.writeBytes(int64(pairCount));
    all.writeBytes(pairs.toByteArray());
    all.writeBytes(tensors.toByteArray());
    while (all.size() % alignment != 0) {
      all.write(0);
    }
    for (int i = 0; i < dataBytes; i++) {
      all.write(i);
    }
    return all.toByteArray();
  }

  private static void string(ByteArrayOutputStream to, String value) {
    to.writeBytes(text(value));
  }

  static byte[] text(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(int64(bytes.length));
    all.writeBytes(bytes);
    return all.toByteArray();
  }

  static byte[] int32(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }

  static byte[] int64(long value) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
  }
}
