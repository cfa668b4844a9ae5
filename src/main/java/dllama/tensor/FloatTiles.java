package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.ORDER;
import static dllama.tensor.Vectors.floats;
import static dllama.tensor.Vectors.highHalf;
import static dllama.tensor.Vectors.lowHalf;
import static dllama.tensor.Vectors.shorts;
import static jdk.incubator.vector.VectorOperators.LSHL;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// One group of 32 rows of F32, F16 or BF16 weights times one to eight tokens. Each tile is brought
/// to the first level cache as floats, and read from there for all tokens.
final class FloatTiles implements VectorProduct {
  /// Bytes of a line of a tile of floats, and of a vector.
  private static final long LINE = Tiles.F32_LINE;

  private static final long V = Float.BYTES * (long) F;

  private final DType type;

  FloatTiles(Floats type) {
    this.type = type;
  }

  @Override
  public String name() {
    return "vectors";
  }

  @Override
  public int tokens() {
    return Activations.BUNDLE;
  }

  @Override
  public void pass(
      long at, long groupBytes, int groups, Activations x, int token, int count, Scratch s) {
    Arrays.fill(s.acc, 0, Activations.BUNDLE * Tiles.ROWS, 0);
    for (int block = 0; block < x.blocks(); block++) {
      if (type == DType.F32) {
        copy(at, s.tile.address());
      } else if (type == DType.F16) {
        widen(at, s.tile.address());
      } else {
        fill(at, s.tile.address());
      }
      at += type.tileBytes();
      int xAt = x.valueAt(token) + block * Tiles.COLS;
      if (count == 1) {
        addOne(s.tile.address(), x.values(), xAt, s.acc);
      } else {
        // Tokens that are not there are computed as copies of the last one and ignored.
        for (int first = 0; first < count; first += 4) {
          int last = count - 1 - first;
          addFour(
              s.tile.address(),
              x.values(),
              xAt + first * x.valueStride(),
              xAt + (first + Math.min(1, last)) * x.valueStride(),
              xAt + (first + Math.min(2, last)) * x.valueStride(),
              xAt + (first + Math.min(3, last)) * x.valueStride(),
              s.acc,
              first * Tiles.ROWS);
        }
      }
    }
  }

  private static void copy(long at, long tile) {
    for (long i = 0; i < F32.TILE_BYTES; i += V) {
      floats(at + i).intoMemorySegment(ALL, (tile & ADDRESSES) + i, ORDER);
    }
  }

  private static void widen(long at, long tile) {
    for (int part = 0; part < Tiles.LINE; part += 2 * L) {
      for (int c = 0; c < Tiles.COLS; c++) {
        IntVector halves = shorts(at + part, c * Tiles.LINE).reinterpretAsInts();
        long to = (tile & ADDRESSES) + part + c * LINE;
        lowHalf(halves).intoMemorySegment(ALL, to, ORDER);
        highHalf(halves).intoMemorySegment(ALL, to + LINE / 2, ORDER);
      }
    }
  }

  /// Of upper halves.
  private static void fill(long at, long tile) {
    for (int part = 0; part < Tiles.LINE; part += 2 * L) {
      for (int c = 0; c < Tiles.COLS; c++) {
        IntVector halves = shorts(at + part, c * Tiles.LINE).reinterpretAsInts();
        long to = (tile & ADDRESSES) + part + c * LINE;
        halves.lanewise(LSHL, 16).reinterpretAsFloats().intoMemorySegment(ALL, to, ORDER);
        halves.and(0xffff0000).reinterpretAsFloats().intoMemorySegment(ALL, to + LINE / 2, ORDER);
      }
    }
  }

  private static void addOne(long tile, float[] x, int xAt, float[] acc) {
    for (int row = 0; row < Tiles.ROWS; row += 2 * F) {
      long at = (tile & ADDRESSES) + (long) Float.BYTES * row;
      FloatVector a = FloatVector.zero(FLOATS);
      FloatVector b = a;
      for (int c = 0; c < Tiles.COLS; c++, at += LINE) {
        FloatVector value = FloatVector.broadcast(FLOATS, x[xAt + c]);
        a = FloatVector.fromMemorySegment(FLOATS, ALL, at, ORDER).fma(value, a);
        b = FloatVector.fromMemorySegment(FLOATS, ALL, at + V, ORDER).fma(value, b);
      }
      FloatVector.fromArray(FLOATS, acc, row).add(a).intoArray(acc, row);
      FloatVector.fromArray(FLOATS, acc, row + F).add(b).intoArray(acc, row + F);
    }
  }

  private static void addFour(
      long tile, float[] x, int x0, int x1, int x2, int x3, float[] acc, int accAt) {
    for (int row = 0; row < Tiles.ROWS; row += 2 * F) {
      long at = (tile & ADDRESSES) + (long) Float.BYTES * row;
      FloatVector a0 = FloatVector.zero(FLOATS);
      FloatVector a1 = a0;
      FloatVector a2 = a0;
      FloatVector a3 = a0;
      FloatVector b0 = a0;
      FloatVector b1 = a0;
      FloatVector b2 = a0;
      FloatVector b3 = a0;
      for (int c = 0; c < Tiles.COLS; c++, at += LINE) {
        FloatVector u = FloatVector.fromMemorySegment(FLOATS, ALL, at, ORDER);
        FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, at + V, ORDER);
        FloatVector value = FloatVector.broadcast(FLOATS, x[x0 + c]);
        a0 = u.fma(value, a0);
        b0 = v.fma(value, b0);
        value = FloatVector.broadcast(FLOATS, x[x1 + c]);
        a1 = u.fma(value, a1);
        b1 = v.fma(value, b1);
        value = FloatVector.broadcast(FLOATS, x[x2 + c]);
        a2 = u.fma(value, a2);
        b2 = v.fma(value, b2);
        value = FloatVector.broadcast(FLOATS, x[x3 + c]);
        a3 = u.fma(value, a3);
        b3 = v.fma(value, b3);
      }
      addTo(acc, accAt + row, a0, b0);
      addTo(acc, accAt + Tiles.ROWS + row, a1, b1);
      addTo(acc, accAt + 2 * Tiles.ROWS + row, a2, b2);
      addTo(acc, accAt + 3 * Tiles.ROWS + row, a3, b3);
    }
  }

  private static void addTo(float[] acc, int at, FloatVector a, FloatVector b) {
    FloatVector.fromArray(FLOATS, acc, at).add(a).intoArray(acc, at);
    FloatVector.fromArray(FLOATS, acc, at + F).add(b).intoArray(acc, at + F);
  }
}
