package dllama.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PackerTest {
  private final Random random = new Random(1);
  private final Kernels kernels = new ScalarKernels();

  @ParameterizedTest
  @MethodSource("dllama.tensor.DType#all")
  void shouldKeepEveryElementOfASlice(DType dtype) {
    try (var arena = Arena.ofConfined()) {
      boolean quantized = dtype.quantized();
      int cols = Math.max(160, 2 * dtype.blockSize());
      Matrix source = TestData.matrix(random, dtype, 150, cols, arena);
      checkSlice(source, 0, 150, 0, cols, arena);
      checkSlice(source, 37, 101, 32, 128, arena);
      checkSlice(source, 149, 150, 96, 160, arena);
      if (!quantized) {
        checkSlice(source, 5, 55, 7, 50, arena);
        checkSlice(source, 5, 6, 159, 160, arena);
      }
    }
  }

  /// Reads each element back as the product with 127 at one column (a Q8_0 block of scale 1). Where
  /// a shift is added, it is rounded another time.
  private void checkSlice(Matrix source, int fromRow, int toRow, int fromCol, int toCol, Arena a) {
    int rows = toRow - fromRow;
    int cols = toCol - fromCol;
    MemorySegment data = a.allocate(PackedMatrix.byteSize(source.dtype(), rows, cols), 64);
    data.fill((byte) 0x55);
    Packer.pack(source, fromRow, toRow, fromCol, toCol, data, 0);
    var packed = new PackedMatrix(data, source.dtype(), rows, cols);
    var x = new Activations(source.dtype(), 1, cols);
    float[] out = new float[rows];
    float[] bounds = new float[rows];
    for (int row = 0; row < rows && shifts(source.dtype()); row++) {
      bounds[row] = 2e-6f * largest(source, fromRow + row);
    }
    for (int col = 0; col < cols; col++) {
      float[] input = new float[cols];
      input[col] = 127;
      kernels.load(input, 0, x, 0);
      kernels.matmul(packed, 0, packed.groups(), x, 1, out, 0, rows);
      for (int row = 0; row < rows; row++) {
        float expected = 127 * TestData.element(source, fromRow + row, fromCol + col);
        assertEquals(
            expected, out[row], bounds[row], source.dtype() + " row=" + row + " col=" + col);
      }
    }
  }

  private static boolean shifts(DType dtype) {
    return dtype instanceof Codes codes && codes.scales().shifts();
  }

  /// A product with the largest element of a row.
  private static float largest(Matrix source, int row) {
    float[] values = new float[(int) source.cols()];
    DType dtype = source.dtype();
    dtype.decode(
        source.data(), row * dtype.byteSize(values.length), values.length, false, values, 0);
    float max = 0;
    for (float value : values) {
      max = Math.max(max, Math.abs(value));
    }
    return 127 * max;
  }

  @ParameterizedTest
  @MethodSource("dllama.tensor.DType#all")
  void shouldPackGroupByGroupAndPadWithZeros(DType dtype) {
    try (var arena = Arena.ofConfined()) {
      int rows = 75;
      int cols = dtype.quantized() ? Math.max(96, dtype.blockSize()) : 70;
      Matrix source = TestData.matrix(random, dtype, rows, cols, arena);
      PackedMatrix whole = Packer.pack(source, arena);
      MemorySegment pieces = arena.allocate(whole.data().byteSize(), 64);
      pieces.fill((byte) 0x55);
      for (int group = 0; group < whole.groups(); group++) {
        int row = group * 32;
        Packer.pack(
            source, row, Math.min(rows, row + 32), 0, cols, pieces, group * whole.groupBytes());
      }
      assertEquals(-1, pieces.mismatch(whole.data()));
      long last = whole.groupBytes() * 2 + Tiles.lane(31) * 2L;
      var zeros = new Matrix(arena.allocate(rows * dtype.byteSize(cols)), dtype, rows, cols);
      short zero = Tiles.getShort(Packer.pack(zeros, arena).data(), last);
      assertEquals(zero, Tiles.getShort(pieces, last), "padding row");
    }
  }

  @Test
  void shouldRefuseWhatIsNotInTheSource() {
    try (var arena = Arena.ofConfined()) {
      Matrix source = TestData.matrix(random, DType.Q4_0, 32, 64, arena);
      MemorySegment to = arena.allocate(2 * Q4_0.TILE_BYTES);
      assertThrows(IllegalArgumentException.class, () -> Packer.pack(source, 0, 32, 16, 48, to, 0));
      assertThrows(IndexOutOfBoundsException.class, () -> Packer.pack(source, 1, 33, 0, 64, to, 0));
      assertThrows(IndexOutOfBoundsException.class, () -> Packer.pack(source, 0, 32, 0, 96, to, 0));
      assertThrows(
          IndexOutOfBoundsException.class, () -> Packer.pack(source, 0, 32, 0, 64, to, 64));
    }
  }
}
