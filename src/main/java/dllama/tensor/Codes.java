package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// Types whose values are small whole numbers, *codes*, times a scale that 16 or 32 of them share,
/// plus, with some types, a shift: the blocks of GGUF.
///
/// A type says how it is read, 32 columns at a time; how its tiles are packed, multiplied and
/// decoded follows from its planes and scales.
abstract class Codes extends DType {
  private static final int PART = Tiles.COLS;

  /// Room for a block of a file and the codes of a part.
  private static final ThreadLocal<byte[]> ROOM = ThreadLocal.withInitial(() -> new byte[512]);

  private static final int LARGEST_BLOCK = 512 - PART;

  private final TilePlanes planes;
  private final TileScales scales;
  private final int bias;
  private final int centre;

  /// @param bias what is added to a code so that it is none below 0 in a plane
  /// @param centre what is taken off the codes of planes before they are multiplied and summed up
  Codes(
      String name,
      int blockSize,
      int blockBytes,
      InputForm input,
      TilePlanes planes,
      TileScales scales,
      int bias,
      int centre) {
    super(name, blockSize, blockBytes, input);
    this.planes = planes;
    this.scales = scales;
    this.bias = bias;
    this.centre = centre;
    if (blockBytes > LARGEST_BLOCK) {
      throw new IllegalArgumentException("blockBytes=" + blockBytes);
    }
  }

  /// Writes the 32 codes of a part of a block, plus the bias.
  abstract void codes(byte[] blocks, int at, int part, byte[] codes, int to);

  /// What stands in line `k` of the tile's scales for a part of a block.
  abstract short scaleLine(byte[] blocks, int at, int part, int k);

  final TilePlanes planes() {
    return planes;
  }

  final TileScales scales() {
    return scales;
  }

  final int centre() {
    return centre;
  }

  @Override
  final int tileBytes() {
    return planes.bytes() + (scales.lines() - scales.shared()) * Tiles.LINE;
  }

  @Override
  final int sharedBytes() {
    return scales.shared() * Tiles.LINE;
  }

  @Override
  void packShared(byte[] lines, int at, int stride, byte[] tiles, int to) {
    for (int row = 0; row < Tiles.ROWS; row++, at += stride) {
      int lane = to + Short.BYTES * Tiles.lane(row);
      for (int k = 0; k < scales.shared(); k++) {
        Packer.putShort(tiles, lane + k * Tiles.LINE, scaleLine(lines, at, 0, k));
      }
    }
  }

  @Override
  void packTile(byte[] lines, int at, int stride, int part, byte[] tiles, int to) {
    byte[] codes = ROOM.get();
    for (int row = 0; row < Tiles.ROWS; row++, at += stride) {
      codes(lines, at, part, codes, 0);
      for (int i = 0; i < PART; i++) {
        codes[i] -= (byte) centre;
      }
      int lane = to + Short.BYTES * Tiles.lane(row);
      planes.pack(codes, 0, tiles, lane);
      lane += planes.bytes();
      for (int k = scales.shared(); k < scales.lines(); k++, lane += Tiles.LINE) {
        Packer.putShort(tiles, lane, scaleLine(lines, at, part, k));
      }
    }
  }

  /// Part by part, of 16 or 32 columns, in order from 0: `acc = fma((float) Σ (c − centre) · x,
  /// scale · xScale, acc)`, where the sum is exact; and where there are shifts `acc =
  /// fma(fma(centre, scale, shift), xScale · (float) Σ x, acc)`.
  @Override
  final float dot(PackedMatrix w, int row, Activations x, int token) {
    long rowAt = w.groupBytes() * (row / Tiles.ROWS) + 2L * Tiles.lane(row % Tiles.ROWS);
    int width = Tiles.COLS / scales.parts();
    float acc = 0;
    for (int block = 0; block < x.blocks(); block++) {
      float xScale = x.scale(token, block);
      long lane = rowAt + tileAt(w.cols(), block);
      long shared = rowAt + sharedAt(w.cols(), block);
      short first = scaleLine(w.data(), shared, lane, 0);
      short second = scaleLine(w.data(), shared, lane, 1);
      short third = scaleLine(w.data(), shared, lane, 2);
      for (int part = 0; part < scales.parts(); part++) {
        int sum = 0;
        int sumOfCodes = 0;
        for (int col = part * width; col < (part + 1) * width; col++) {
          int code = x.code(input(), token, block, col);
          sum += planes.code(w.data(), lane, col) * code;
          sumOfCodes += code;
        }
        float scale = scales.scale(first, second, third, part);
        acc = Math.fma((float) sum, scale * xScale, acc);
        if (scales.shifts()) {
          float shift = Math.fma(centre, scale, scales.shift(first, second, third, part));
          acc = Math.fma(shift, xScale * sumOfCodes, acc);
        }
      }
    }
    return acc;
  }

  private short scaleLine(MemorySegment tiles, long shared, long lane, int k) {
    if (k >= scales.lines()) {
      return 0;
    }
    int own = k - scales.shared();
    long at =
        own < 0 ? shared + (long) k * Tiles.LINE : lane + planes.bytes() + own * (long) Tiles.LINE;
    return Tiles.getShort(tiles, at);
  }

  @Override
  List<VectorProduct> decodeProducts() {
    return List.of(
        switch (planes) {
          case FOUR -> new NibbleDecode(this);
          case FIVE -> new CodeTiles(this, new FiveDecode(this));
          case SIX -> new SixTiles(this);
          case EIGHT -> new ByteTiles(this);
          default -> new CodeTiles(this, null);
        });
  }

  @Override
  List<VectorProduct> prefillProducts() {
    List<VectorProduct> few =
        planes == TilePlanes.FOUR
            ? Q4_0Prefill.forms(this, scales, new NibbleDecode(this))
            : decodeProducts();
    List<VectorProduct> forms = new ArrayList<>();
    if (planes != TilePlanes.FOUR) {
      forms.add(new CodePrefill(this, few.getFirst()));
    }
    forms.addAll(few);
    return List.copyOf(forms);
  }

  @Override
  final InputForm inputOfOne() {
    return planes == TilePlanes.FIVE ? InputForm.TRIPLE_CODES : input();
  }

  @Override
  final InputForm inputOfMany() {
    return planes == TilePlanes.FOUR ? input() : InputForm.FLOAT_CODES;
  }

  @Override
  public final void decode(
      MemorySegment from, long at, int size, boolean accumulate, float[] sum, int sumAt) {
    checkBlocks(size);
    byte[] room = ROOM.get();
    for (int end = sumAt + size; sumAt < end; sumAt += blockSize(), at += blockBytes()) {
      MemorySegment.copy(from, ValueLayout.JAVA_BYTE, at, room, PART, blockBytes());
      for (int part = 0; part < blockSize() / PART; part++) {
        decodePart(room, part, accumulate, sum, sumAt + part * PART);
      }
    }
  }

  private void decodePart(byte[] room, int part, boolean accumulate, float[] sum, int sumAt) {
    codes(room, PART, part, room, 0);
    short first = scaleLine(room, PART, part, 0);
    short second = scales.lines() > 1 ? scaleLine(room, PART, part, 1) : 0;
    short third = scales.lines() > 2 ? scaleLine(room, PART, part, 2) : 0;
    int width = PART / scales.parts();
    for (int i = 0; i < PART; i++) {
      float scale = scales.scale(first, second, third, i / width);
      float shift = scales.shift(first, second, third, i / width);
      float value = scale * (room[i] - bias) + shift;
      sum[sumAt + i] = accumulate ? sum[sumAt + i] + value : value;
    }
  }
}
