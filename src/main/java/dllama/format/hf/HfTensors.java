package dllama.format.hf;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dllama.format.file.KeyHeadRows;
import dllama.format.hf.HfArchitecture.Trait;
import dllama.format.safetensors.SafetensorsFile;
import dllama.format.safetensors.SafetensorsTensor;
import dllama.format.safetensors.SafetensorsType;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.TensorRole;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import dllama.tensor.RowOrder;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;

/// The tensors of a folder as those of the model: where they are, in which order, and what the
/// values of vectors become.
final class HfTensors {
  private final SafetensorsFile file;
  private final HfArchitecture architecture;

  HfTensors(SafetensorsFile file, HfArchitecture architecture) {
    this.file = file;
    this.architecture = architecture;
  }

  /// The tensor that is this one, or that it is in.
  Optional<SafetensorsTensor> find(TensorRole.Name name) {
    return find(architecture.tensor(name))
        .or(
            () ->
                architecture.otherNames(name).stream()
                    .flatMap(called -> find(called).stream())
                    .findFirst());
  }

  private Optional<SafetensorsTensor> find(String called) {
    return file.tensor(called)
        .or(
            () ->
                HfArchitecture.placesInSeeing(called).stream()
                    .flatMap(place -> file.tensor(place).stream())
                    .findFirst());
  }

  /// Whether a tensor has blocks of [DType#MXFP4] without their exponents.
  static boolean isBlocks(SafetensorsTensor tensor) {
    return tensor.name().endsWith(HfMxfp4.BLOCKS);
  }

  /// The tensor with the exponents of such blocks.
  SafetensorsTensor scales(SafetensorsTensor blocks) {
    String name = blocks.name();
    String called = name.substring(0, name.length() - HfMxfp4.BLOCKS.length()) + HfMxfp4.SCALES;
    return file.tensor(called)
        .orElseThrow(
            () -> file.refused(blocks, "has no %s beside it".formatted(called), "copy it again"));
  }

  /// A matrix as it stands in the files.
  Matrix matrix(TensorRole.Name name, SafetensorsTensor tensor, ModelSpec spec) {
    long rows = name.rows(spec);
    long cols = name.cols(spec);
    if (name.role().isOfExpert(spec.architecture()) && tensor.shape().size() > 2) {
      return ofAllExperts(name, tensor, spec);
    }
    MemorySegment data = file.data(tensor);
    Optional<HfNames.Fused> fused = architecture.fused(name.role());
    if (fused.isPresent()) {
      long all = rows(fused.get().parts(), name.layer(), spec);
      check(tensor, List.of(all, cols));
      if (fused.get().byKeyHead()) {
        RowOrder order = new KeyHeadRows(spec.deltaNet(), name.role());
        return new Matrix(data, stored(tensor), rows, cols, order);
      }
      long rowBytes = data.byteSize() / all;
      List<TensorRole> before =
          fused.get().parts().stream().takeWhile(part -> part != name.role()).toList();
      data = data.asSlice(rows(before, name.layer(), spec) * rowBytes, rows * rowBytes);
    } else {
      check(tensor, List.of(rows, cols));
    }
    DType type = stored(tensor);
    Optional<RowOrder> order = HfHeads.order(name.role(), spec.deltaNet());
    return order.isPresent()
        ? new Matrix(data, type, rows, cols, order.get())
        : Matrix.ofHeads(data, type, rows, cols, pairedHeads(name.role(), spec));
  }

  private static long rows(List<TensorRole> parts, int layer, ModelSpec spec) {
    return parts.stream().mapToLong(part -> part.rows().size(spec, layer)).sum();
  }

  /// One expert's part of a tensor that holds those of all; gates and ups are together in it.
  private Matrix ofAllExperts(TensorRole.Name name, SafetensorsTensor tensor, ModelSpec spec) {
    long rows = name.rows(spec);
    long cols = name.cols(spec);
    long experts = spec.experts();
    int each = name.role() == TensorRole.W2 ? 1 : 2;
    int part = name.role() == TensorRole.W3 ? 1 : 0;
    if (isBlocks(tensor)) {
      long blocks = cols / DType.MXFP4.blockSize();
      SafetensorsTensor scales = scales(tensor);
      check(tensor, List.of(experts, each * rows, blocks, (long) DType.MXFP4.blockBytes() - 1));
      check(scales, List.of(experts, each * rows, blocks));
      bytes(tensor);
      bytes(scales);
      RowOrder order = new HfMxfp4(part(scales, name.expert(), spec), part, each);
      return new Matrix(part(tensor, name.expert(), spec), DType.MXFP4, rows, cols, order);
    }
    DType type = stored(tensor);
    if (architecture.has(Trait.ALTERNATING_EXPERTS)) {
      check(tensor, List.of(experts, cols, each * rows));
      RowOrder order = new HfTransposed(type, each * rows, part, each);
      return new Matrix(part(tensor, name.expert(), spec), type, rows, cols, order);
    }
    check(tensor, List.of(experts, each * rows, cols));
    long bytes = rows * type.byteSize(cols);
    MemorySegment own = part(tensor, name.expert(), spec).asSlice(part * bytes, bytes);
    return new Matrix(own, type, rows, cols);
  }

  /// One expert's part of what all have.
  private MemorySegment part(SafetensorsTensor tensor, int expert, ModelSpec spec) {
    MemorySegment all = file.data(tensor);
    long bytes = all.byteSize() / spec.experts();
    return all.asSlice(expert * bytes, bytes);
  }

  private void bytes(SafetensorsTensor tensor) {
    if (tensor.type() != SafetensorsType.U8) {
      throw file.refused(
          tensor, "has %s where bytes are needed".formatted(tensor.type()), "copy it again");
    }
  }

  /// A vector as F32, which all models have of them.
  Matrix vector(TensorRole.Name name, SafetensorsTensor tensor, ModelSpec spec) {
    int size = name.cols(spec);
    DType type = stored(tensor);
    Matrix column = column(name, tensor, type, size, spec);
    MemorySegment values = column.rounded(DType.F32, 0, size, 0, 1).data();
    if (architecture.addsOne(name.role())) {
      change(values, value -> (float) value + 1);
    } else if (name.role() == TensorRole.DELTA_DECAY) {
      change(values, value -> -StrictMath.exp(value));
    }
    return new Matrix(values, DType.F32, 1, size);
  }

  /// A row for each value: they are in the order of the rows of a matrix.
  private Matrix column(
      TensorRole.Name name, SafetensorsTensor tensor, DType type, int size, ModelSpec spec) {
    if (name.role().isOfExpert(spec.architecture())) {
      int each = name.role() == TensorRole.W2_BIAS ? 1 : 2;
      int part = name.role() == TensorRole.W3_BIAS ? 1 : 0;
      check(tensor, List.of((long) spec.experts(), (long) each * size));
      RowOrder order = new HfTransposed(type, (long) each * size, part, each);
      return new Matrix(part(tensor, name.expert(), spec), type, size, 1, order);
    }
    check(tensor, shape(name.role(), size, spec));
    MemorySegment data = file.data(tensor);
    Optional<RowOrder> order = HfHeads.order(name.role(), spec.deltaNet());
    return order.isPresent()
        ? new Matrix(data, type, size, 1, order.get())
        : Matrix.ofHeads(data, type, size, 1, pairedHeads(name.role(), spec));
  }

  /// The shape that a vector of the model has in files.
  private static List<Long> shape(TensorRole role, long size, ModelSpec spec) {
    return switch (role) {
      case SHARED_GATE -> List.of(1L, size); // a matrix of one row
      case DELTA_FILTER -> {
        long kernel = spec.deltaNet().kernel();
        yield List.of(size / kernel, 1L, kernel);
      }
      default -> List.of(size);
    };
  }

  private static void change(MemorySegment values, DoubleUnaryOperator to) {
    var layout = JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    for (long at = 0; at < values.byteSize(); at += Float.BYTES) {
      values.set(layout, at, (float) to.applyAsDouble(values.get(layout, at)));
    }
  }

  /// Heads whose rows have to be put in the order of pairs, 0 for none.
  private int pairedHeads(TensorRole role, ModelSpec spec) {
    boolean pairs = spec.architecture().rope() == Architecture.RopeStyle.ADJACENT;
    if (!pairs || architecture.has(Trait.PAIRS)) {
      return 0;
    }
    return switch (role) {
      case WQ, QUERY_BIAS -> spec.heads();
      case WK, KEY_BIAS -> spec.kvHeads();
      default -> 0;
    };
  }

  /// The type of a tensor's weights.
  DType stored(SafetensorsTensor tensor) {
    return tensor
        .type()
        .weights()
        .orElseThrow(
            () ->
                file.refused(
                    tensor,
                    "has %s weights, which are not supported".formatted(tensor.type()),
                    "take files with BF16, F16 or F32"));
  }

  private void check(SafetensorsTensor tensor, List<Long> shape) {
    if (!tensor.shape().equals(shape)) {
      throw file.refused(
          tensor,
          "is %s where %s is needed by config.json"
              .formatted(
                  tensor.shapeText(),
                  String.join(" × ", shape.stream().map(Object::toString).toList())),
          "they do not belong together: copy the folder again");
    }
  }
}
