package dllama.format.meta;

import dllama.error.UserException;
import dllama.format.file.FileKind;
import dllama.format.file.InputFile;
import dllama.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A file that torch.save has written: a ZIP archive with a pickle that names the tensors
/// (`data.pkl`), and the values of each in a file of its own.
final class TorchFile {
  private static final String PICKLE = "/data.pkl";
  private static final int MOST_PICKLE_BYTES = 8 << 20;
  private static final int MOST_AXES = 8;

  private TorchFile() {}

  /// Its tensors by name, whose values stay in the mapped file.
  ///
  /// @throws UserException for a file that is damaged, or holds more than tensors
  static Map<String, TorchTensor> read(InputFile file, Arena arena) {
    if (!FileKind.of(file).equals(Optional.of(FileKind.ZIP))) {
      throw FileKind.refused(file, ".pth");
    }
    ZipFolder folder = ZipFolder.read(file, file.map(arena));
    String pickle = folder.only(PICKLE);
    String root = pickle.substring(0, pickle.length() - PICKLE.length() + 1);
    folder
        .find(root + "byteorder")
        .ifPresent(
            order -> {
              if (order.byteSize() != 6 || !"little".equals(text(order))) {
                throw file.refused("its numbers are big-endian", "save it on another computer");
              }
            });
    MemorySegment code = folder.find(pickle).orElseThrow();
    if (code.byteSize() > MOST_PICKLE_BYTES) {
      throw file.damaged("its pickle has %,d bytes".formatted(code.byteSize()));
    }
    ByteBuffer copy = ByteBuffer.wrap(code.toArray(ValueLayout.JAVA_BYTE));
    Object value = Pickle.read(file, copy, new Weights(file, folder, root));
    if (!(value instanceof LinkedHashMap<?, ?> named)) {
      throw file.damaged("its pickle is no dictionary of tensors");
    }
    Map<String, TorchTensor> tensors = new LinkedHashMap<>();
    named.forEach(
        (name, tensor) -> {
          if (!(tensor instanceof TorchTensor found)) {
            throw file.refused(
                "%s in it is no tensor".formatted(name), "only Meta's own checkpoints are read");
          }
          tensors.put(String.valueOf(name), found);
        });
    return tensors;
  }

  private static String text(MemorySegment bytes) {
    byte[] copy = bytes.toArray(ValueLayout.JAVA_BYTE);
    return new String(copy, StandardCharsets.US_ASCII);
  }

  /// Values that several tensors may share.
  private record Storage(DType dtype, long size, MemorySegment data) {}

  /// A name that a pickle may use.
  ///
  /// @param dtype of a storage's values; null for other things
  private record Name(String text, @Nullable DType dtype) {
    static final Name DICTIONARY = new Name("collections.OrderedDict", null);
    static final Name TENSOR = new Name("torch._utils._rebuild_tensor_v2", null);

    /// There is nothing else in a checkpoint of weights.
    static final List<Name> ALL =
        List.of(
            DICTIONARY,
            TENSOR,
            new Name("torch.FloatStorage", DType.F32),
            new Name("torch.HalfStorage", DType.F16),
            new Name("torch.BFloat16Storage", DType.BF16));
  }

  private record Weights(InputFile file, ZipFolder folder, String root) implements Pickle.Meaning {
    @Override
    public @Nullable Object global(String name) {
      return Name.ALL.stream().filter(known -> known.text.equals(name)).findFirst().orElse(null);
    }

    @Override
    public @Nullable Object call(Object global, List<?> arguments) {
      if (Name.DICTIONARY.equals(global) && arguments.isEmpty()) {
        return new LinkedHashMap<String, Object>();
      }
      boolean tensor = Name.TENSOR.equals(global) && arguments.size() >= 6;
      return tensor
              && arguments.get(0) instanceof Storage storage
              && arguments.get(1) instanceof Long offset
              && arguments.get(2) instanceof List<?> shape
              && arguments.get(3) instanceof List<?> strides
          ? tensor(storage, offset, shape, strides)
          : null;
    }

    /// `("storage", type, name of the file, device, number of values)`
    @Override
    public @Nullable Object outside(Object id) {
      return id instanceof List<?> of
              && of.size() == 5
              && "storage".equals(of.get(0))
              && of.get(1) instanceof Name type
              && type.dtype != null
              && of.get(2) instanceof String key
              && of.get(4) instanceof Long size
          ? storage(type.dtype, key, size)
          : null;
    }

    private Storage storage(DType dtype, String key, long size) {
      String name = root + "data/" + key;
      MemorySegment data =
          folder.find(name).orElseThrow(() -> file.damaged("%s is missing".formatted(name)));
      if (size < 0
          || size > data.byteSize() / dtype.blockBytes()
          || data.byteSize() != dtype.byteSize(size)) {
        throw file.damaged(
            "%s has %,d bytes, not %,d values of %s".formatted(name, data.byteSize(), size, dtype));
      }
      return new Storage(dtype, size, data);
    }

    private @Nullable TorchTensor tensor(
        Storage storage, long offset, List<?> shape, List<?> strides) {
      if (shape.size() != strides.size() || shape.size() > MOST_AXES) {
        return null;
      }
      long size = 1;
      for (int axis = shape.size() - 1; axis >= 0; axis--) {
        if (!(shape.get(axis) instanceof Long length)
            || !(strides.get(axis) instanceof Long stride)
            || length < 0
            || (length > 1 && stride != size)
            || Math.multiplyHigh(size, length) != 0
            || size * length < 0) {
          throw file.damaged("a tensor in it is not stored row by row");
        }
        size *= length;
      }
      if (offset < 0 || size > storage.size() || offset > storage.size() - size) {
        throw file.damaged("a tensor in it reaches beyond its values");
      }
      DType dtype = storage.dtype();
      MemorySegment data = storage.data().asSlice(dtype.byteSize(offset), dtype.byteSize(size));
      return new TorchTensor(dtype, shape.stream().map(Long.class::cast).toList(), data);
    }
  }
}
