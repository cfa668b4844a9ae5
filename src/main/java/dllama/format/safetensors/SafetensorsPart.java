package dllama.format.safetensors;

import dllama.error.UserException;
import dllama.format.file.InputFile;
import dllama.format.file.JsonReader;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// One safetensors file: the length of the header in eight bytes, a JSON header that says what
/// tensors there are, then their values without gaps. Everything is checked while it is read, in
/// time and memory that do not depend on what the file claims.
///
/// @param bytes the mapped file
/// @param tensors in the order of their data
record SafetensorsPart(InputFile file, MemorySegment bytes, List<SafetensorsTensor> tensors) {
  /// A header of 30,000 tensors has 4 MB.
  private static final long MOST_HEADER = 32 << 20;

  private static final int MOST_TENSORS = 1 << 17;
  private static final int MOST_DIMS = 8;
  private static final int LONGEST_NAME = 256;
  private static final String ABOUT = "__metadata__";

  /// Reads a file.
  ///
  /// @param index of this part of the model
  static SafetensorsPart read(InputFile file, MemorySegment bytes, int index) {
    if (file.size() < Long.BYTES + 2) {
      throw file.damaged("it has only %d bytes".formatted(file.size()));
    }
    long header = file.read(0, Long.BYTES).getLong();
    if (header < 2 || header > file.size() - Long.BYTES || header > MOST_HEADER) {
      throw file.damaged(
          "its header should have %s bytes, which can not be"
              .formatted(Long.toUnsignedString(header)));
    }
    Header reader = new Header(file, index, Long.BYTES + header);
    try (JsonReader json = JsonReader.of(file, Long.BYTES, Long.BYTES + header)) {
      json.object(name -> reader.field(json, name));
      json.end();
    }
    List<SafetensorsTensor> tensors = new ArrayList<>(reader.tensors);
    tensors.sort(
        Comparator.comparingLong(SafetensorsTensor::offset)
            .thenComparingLong(SafetensorsTensor::length));
    checkGaps(file, tensors, reader.start);
    return new SafetensorsPart(file, bytes, List.copyOf(tensors));
  }

  /// Each tensor begins where the one before ends, and the last one ends with the file.
  private static void checkGaps(InputFile file, List<SafetensorsTensor> tensors, long start) {
    long end = start;
    for (SafetensorsTensor tensor : tensors) {
      if (tensor.offset() != end) {
        throw file.damaged(
            tensor.offset() < end
                ? "tensor %s overlaps with another one".formatted(tensor.name())
                : "there is a gap in front of tensor %s".formatted(tensor.name()));
      }
      end += tensor.length();
    }
    if (end != file.size()) {
      throw file.damaged(
          "its tensors end at byte %,d, but it has %,d bytes".formatted(end, file.size()));
    }
  }

  /// What has been read of a header.
  private static final class Header {
    private final InputFile file;
    private final int index;
    private final long start;
    private final Set<String> names = new HashSet<>();
    private final List<SafetensorsTensor> tensors = new ArrayList<>();

    /// @param start byte of the first tensor
    Header(InputFile file, int index, long start) {
      this.file = file;
      this.index = index;
      this.start = start;
    }

    void field(JsonReader json, String name) {
      if (name.equals(ABOUT)) {
        json.skip();
        return;
      }
      if (name.length() > LONGEST_NAME || name.chars().anyMatch(Character::isISOControl)) {
        throw file.damaged("a tensor has a name of %d characters".formatted(name.length()));
      }
      if (!names.add(name)) {
        throw file.damaged("tensor %s is there twice".formatted(name));
      }
      if (tensors.size() == MOST_TENSORS) {
        throw file.damaged("it has more than %,d tensors".formatted(MOST_TENSORS));
      }
      tensors.add(new Description(name).read(json));
    }

    /// What the header says of a tensor.
    private final class Description {
      private final String name;
      private String type = "";
      private final List<Long> shape = new ArrayList<>();
      private final List<Long> offsets = new ArrayList<>();
      private final Set<String> told = new HashSet<>();

      Description(String name) {
        this.name = name;
      }

      SafetensorsTensor read(JsonReader json) {
        Map<String, Runnable> readers =
            Map.of(
                "dtype", () -> type = json.text(),
                "shape", () -> numbers(json, shape, MOST_DIMS),
                "data_offsets", () -> numbers(json, offsets, 2));
        json.object(
            field -> {
              if (!told.add(field) || !readers.containsKey(field)) {
                throw wrong("its description has %s, once too often".formatted(field));
              }
              readers.get(field).run();
            });
        if (told.size() < readers.size() || offsets.size() != 2) {
          throw wrong("its description lacks dtype, shape or data_offsets");
        }
        return tensor();
      }

      private void numbers(JsonReader json, List<Long> to, int most) {
        json.array(
            () -> {
              if (to.size() == most) {
                throw wrong("it has more than %d dimensions or offsets".formatted(most));
              }
              to.add(json.natural());
            });
      }

      private SafetensorsTensor tensor() {
        SafetensorsType known =
            SafetensorsType.of(type)
                .orElseThrow(
                    () ->
                        file.refused(
                            "tensor %s has type %s, which is not known".formatted(name, type),
                            "take files with BF16, F16 or F32"));
        long length = offsets.getLast() - offsets.getFirst();
        if (offsets.getFirst() > offsets.getLast() || offsets.getLast() > file.size() - start) {
          throw wrong("its data_offsets are %s, outside the file".formatted(offsets));
        }
        if (length % known.bytes() != 0 || !isProduct(length / known.bytes())) {
          throw wrong("%,d bytes are not those of %s %s".formatted(length, shape, type));
        }
        long offset = start + offsets.getFirst();
        return new SafetensorsTensor(name, known, shape, index, offset, length);
      }

      /// Whether the shape has so many values; a product that overflows has more than any file.
      private boolean isProduct(long values) {
        long product = 1;
        boolean overflow = false;
        for (long dim : shape) {
          overflow |= Math.multiplyHigh(product, dim) != 0 || product * dim < 0;
          product *= dim;
        }
        return shape.contains(0L) ? values == 0 : !overflow && product == values;
      }

      private UserException wrong(String what) {
        return file.damaged("tensor %s is not described right: %s".formatted(name, what));
      }
    }
  }
}
