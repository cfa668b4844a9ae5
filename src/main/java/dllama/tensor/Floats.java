package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.util.List;

/// Types whose values stand alone. Columns that do not fill a tile are padded with zeros.
abstract class Floats extends DType {
  Floats(String name, int bytes) {
    super(name, 1, bytes, InputForm.FLOATS);
  }

  /// Element `row` of line `line` of the tiles that begin with byte `at`.
  abstract float element(MemorySegment data, long at, long line, int row);

  @Override
  final float dot(PackedMatrix w, int row, Activations x, int token) {
    long group = w.groupBytes() * (row / Tiles.ROWS);
    int valueAt = x.valueAt(token);
    float acc = 0;
    for (int block = 0; block < x.blocks(); block++) {
      float sum = 0;
      for (int c = 0; c < Tiles.COLS; c++) {
        int line = block * Tiles.COLS + c;
        float weight = element(w.data(), group, line, row % Tiles.ROWS);
        sum = Math.fma(weight, x.values()[valueAt + line], sum);
      }
      acc += sum;
    }
    return acc;
  }

  @Override
  final List<VectorProduct> decodeProducts() {
    return List.of(new FloatTiles(this));
  }
}
