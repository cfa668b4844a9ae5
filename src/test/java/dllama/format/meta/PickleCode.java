package dllama.format.meta;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// A pickle, put together operation by operation so that it may be wrong.
final class PickleCode {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  PickleCode() {
    op(0x80).raw(2);
  }

  PickleCode op(int operation) {
    bytes.write(operation);
    return this;
  }

  PickleCode raw(int... values) {
    for (int value : values) {
      bytes.write(value);
    }
    return this;
  }

  PickleCode int32(int value) {
    bytes.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
    return this;
  }

  PickleCode text(String text) {
    byte[] content = text.getBytes(UTF_8);
    op('X').int32(content.length);
    bytes.writeBytes(content);
    return this;
  }

  PickleCode number(int value) {
    return op('J').int32(value);
  }

  PickleCode global(String module, String name) {
    op('c');
    bytes.writeBytes((module + "\n" + name + "\n").getBytes(UTF_8));
    return this;
  }

  /// A storage, as torch.save refers to it.
  PickleCode storage(String type, String key, int values) {
    return op('(')
        .text("storage")
        .global("torch", type)
        .text(key)
        .text("cpu")
        .number(values)
        .op('t')
        .op('Q');
  }

  /// A tensor of a storage.
  PickleCode tensor(String type, String key, int values, int offset, int[] shape, int[] strides) {
    global("torch._utils", "_rebuild_tensor_v2").op('(');
    storage(type, key, values).number(offset);
    tuple(shape).tuple(strides).op(0x89);
    return global("collections", "OrderedDict").op(')').op('R').op('t').op('R');
  }

  PickleCode tuple(int... values) {
    op('(');
    for (int value : values) {
      number(value);
    }
    return op('t');
  }

  /// The whole pickle.
  byte[] end() {
    op('.');
    return bytes.toByteArray();
  }
}
