package dllama.format.gguf;

import dllama.format.file.FileKind;
import dllama.format.file.InputFile;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// One GGUF file: version 2 or 3 (they differ in nothing that matters here), metadata, where the
/// tensors are. Everything is checked while it is read, in time and memory that do not depend on
/// what the file claims.
///
/// @param bytes the mapped file
/// @param tensors in the order of the file
record GgufPart(
    InputFile file, MemorySegment bytes, GgufMetadata metadata, List<GgufTensor> tensors) {
  private static final int MAGIC = 0x46554747;
  private static final int OLDEST_VERSION = 2;
  private static final int NEWEST_VERSION = 3;

  /// More than any model has: DeepSeek's first files had a tensor for each of 15,000 experts.
  private static final int MOST_TENSORS = 1 << 16;

  private static final int MOST_DIMS = 4;
  private static final int LONGEST_NAME = 64;

  /// Bytes of the description of a tensor with an empty name and one dimension.
  private static final int LEAST_DESCRIPTION = 32;

  private static final String ALIGNMENT_KEY = "general.alignment";
  private static final int ALIGNMENT = 32;
  private static final int MOST_ALIGNMENT = 1 << 20;

  /// Reads a file.
  ///
  /// @param index of this part of the model
  static GgufPart read(InputFile file, MemorySegment bytes, int index) {
    GgufCursor cursor = new GgufCursor(file, bytes);
    if (bytes.byteSize() == 0) {
      throw file.damaged("it is empty");
    }
    if (cursor.int32() != MAGIC) {
      throw FileKind.refused(file, ".gguf");
    }
    checkVersion(file, cursor.int32());
    int tensorCount = (int) cursor.count("tensors", LEAST_DESCRIPTION, MOST_TENSORS);
    GgufMetadata metadata = GgufMetadata.read(file, cursor);
    int alignment = metadata.u32(ALIGNMENT_KEY, ALIGNMENT);
    if (Integer.bitCount(alignment) != 1 || alignment > MOST_ALIGNMENT) {
      throw file.damaged("%s is %d, no power of two".formatted(ALIGNMENT_KEY, alignment));
    }
    List<Description> descriptions = new ArrayList<>();
    for (int i = 0; i < tensorCount; i++) {
      cursor.enter("the description of tensor " + i);
      descriptions.add(Description.read(cursor));
    }
    long data = cursor.at() + alignment - 1 & -alignment;
    List<GgufTensor> tensors = new ArrayList<>(tensorCount);
    for (Description description : descriptions) {
      tensors.add(tensor(file, description, index, data, alignment));
    }
    checkOverlaps(file, tensors);
    return new GgufPart(file, bytes, metadata, List.copyOf(tensors));
  }

  private static void checkVersion(InputFile file, int version) {
    int swapped = Integer.reverseBytes(version);
    if (swapped > 0 && swapped <= NEWEST_VERSION) {
      throw file.refused("it is big-endian", "take the little-endian file, or convert it again");
    }
    if (version < OLDEST_VERSION || version > NEWEST_VERSION) {
      throw file.refused(
          "GGUF version %d is not supported, only 2 and 3"
              .formatted(Integer.toUnsignedLong(version)),
          "convert the model again");
    }
  }

  /// What the file says of a tensor.
  private record Description(String name, long[] dims, int type, long offset) {
    static Description read(GgufCursor cursor) {
      String name = cursor.name(LONGEST_NAME);
      if (name.chars().anyMatch(Character::isISOControl)) {
        throw cursor.damaged("has a name with a control character");
      }
      cursor.enter("the description of tensor " + name);
      int count = cursor.int32();
      if (count < 1 || count > MOST_DIMS) {
        throw cursor.damaged(
            "has %d dimensions; 1 to 4 are possible".formatted(Integer.toUnsignedLong(count)));
      }
      long[] dims = new long[count];
      for (int axis = 0; axis < count; axis++) {
        dims[axis] = cursor.int64();
      }
      return new Description(name, dims, cursor.int32(), cursor.int64());
    }
  }

  private static GgufTensor tensor(
      InputFile file, Description from, int index, long data, int alignment) {
    String name = from.name;
    GgmlType type =
        GgmlType.of(from.type)
            .orElseThrow(
                () ->
                    file.refused(
                        "tensor %s has type %d, which is unknown or was removed"
                            .formatted(name, Integer.toUnsignedLong(from.type)),
                        "the file is damaged, or has to be converted again"));
    long length = length(file, name, type, from.dims);
    long room = file.size() - data;
    if (from.offset < 0 || from.offset > room || length > room - from.offset) {
      throw file.damaged(
          "tensor %s has %d bytes from offset %s on, but the file ends before"
              .formatted(name, length, Long.toUnsignedString(from.offset)));
    }
    if (from.offset % alignment != 0) {
      throw file.damaged(
          "tensor %s has offset %d, no multiple of the alignment %d"
              .formatted(name, from.offset, alignment));
    }
    return new GgufTensor(name, type, from.dims, index, data + from.offset, length);
  }

  private static long length(InputFile file, String name, GgmlType type, long[] dims) {
    if (dims[0] % type.blockSize() != 0) {
      throw file.damaged(
          "tensor %s has rows of %d values, no multiple of the %d of a block of %s"
              .formatted(name, dims[0], type.blockSize(), type));
    }
    long blocks = 1;
    for (int axis = 0; axis < dims.length; axis++) {
      long factor = axis == 0 ? dims[0] / type.blockSize() : dims[axis];
      // A block has at least a byte, so there are fewer than the file has bytes.
      if (factor < 1 || Math.multiplyHigh(blocks, factor) != 0 || blocks * factor < 0) {
        throw file.damaged(
            "tensor %s has a dimension of %d, which can not be".formatted(name, dims[axis]));
      }
      blocks *= factor;
      if (blocks > file.size() / type.blockBytes()) {
        throw file.damaged("tensor %s is larger than the file".formatted(name));
      }
    }
    return blocks * type.blockBytes();
  }

  private static void checkOverlaps(InputFile file, List<GgufTensor> tensors) {
    long end = 0;
    for (GgufTensor tensor :
        tensors.stream().sorted(Comparator.comparingLong(GgufTensor::offset)).toList()) {
      if (tensor.offset() < end) {
        throw file.damaged("tensor %s overlaps with another one".formatted(tensor.name()));
      }
      end = tensor.offset() + tensor.length();
    }
  }
}
