package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.LongSupplier;

/// Blocks of 32 values: float16 scale, then 16 bytes; low nibble = value j, high nibble = value j +
/// 16; value = (nibble − 8) · scale.
///
/// A tile is 8 lines of 32 shorts, line k = columns 4k (lowest nibble) … 4k + 3; then 32 scales.
final class Q4_0 extends DType {
  private static final int BLOCK = 32;

  /// Bytes of a block's scale, which comes before its values.
  private static final int SCALE = Short.BYTES;

  /// Byte of a tile's scales.
  static final int SCALES = 8 * Tiles.LINE;

  static final long TILE_BYTES = SCALES + Tiles.LINE;

  /// Standard deviation of the nibbles 1 to 15 minus 8, with 8 twice as frequent.
  private static final float DEVIATION = (float) Math.sqrt(280 / 16.0);

  /// Variance of nibbles around 8 with all values as likely.
  private static final double QUICK_VARIANCE = 21.5;

  Q4_0() {
    super("Q4_0", BLOCK, SCALE + BLOCK / 2, InputForm.CARRIED_CODES);
  }

  /// Two lines and two rows at a time.
  @Override
  void packTile(byte[] lines, int at, int stride, int part, byte[] tiles, int to) {
    Packer.packShorts(lines, at, stride, 1, tiles, to + SCALES);
    for (int row = 0; row < Packer.PAIRS; row++, at += stride, to += Integer.BYTES) {
      for (int half = 0; half < 2; half++) {
        long first = Packer.getLong(lines, at + SCALE + 8 * half);
        long second = Packer.getLong(lines, at + Packer.PAIRS * stride + SCALE + 8 * half);
        int line = to + 2 * half * Tiles.LINE;
        putLines(tiles, line, lowNibbles(first) | lowNibbles(second) << 16);
        line += 4 * Tiles.LINE;
        putLines(tiles, line, lowNibbles(first >>> 4) | lowNibbles(second >>> 4) << 16);
      }
    }
  }

  /// The low nibbles of four bytes each in the low half of each int.
  private static long lowNibbles(long bytes) {
    long pairs = bytes & 0x0f0f0f0f0f0f0f0fL;
    pairs = (pairs | pairs >>> 4) & 0x00ff00ff00ff00ffL;
    return (pairs | pairs >>> 8) & 0x0000ffff0000ffffL;
  }

  private static void putLines(byte[] tiles, int at, long value) {
    Packer.putInt(tiles, at, (int) value);
    Packer.putInt(tiles, at + Tiles.LINE, (int) (value >>> 32));
  }

  @Override
  float dot(PackedMatrix w, int row, Activations x, int token) {
    long lane = w.groupBytes() * (row / Tiles.ROWS) + 2L * Tiles.lane(row % Tiles.ROWS);
    int[] codes = x.codes(InputForm.CARRIED_CODES);
    int codeAt = x.codeAt(token);
    int scaleAt = x.scaleAt(token);
    float acc = 0;
    for (int block = 0; block < x.blocks(); block++) {
      int sum = x.offsets()[scaleAt];
      for (int k = 0; k < 8; k++) {
        int nibbles = Short.toUnsignedInt(Tiles.getShort(w.data(), lane + (long) k * Tiles.LINE));
        for (int j = 0; j < 4; j++) {
          sum += (nibbles >> (4 * j)) * (short) codes[codeAt + 4 * k + j];
        }
      }
      float scale = Tiles.half(Tiles.getShort(w.data(), lane + SCALES));
      acc = Math.fma((float) (short) sum, scale * x.scales()[scaleAt], acc);
      lane += TILE_BYTES;
      codeAt += Activations.BLOCK_STRIDE;
      scaleAt += Activations.BUNDLE;
    }
    return acc;
  }

  @Override
  List<VectorProduct> decodeProducts() {
    return List.of(new Q4_0Decode());
  }

  @Override
  List<VectorProduct> prefillProducts() {
    return Q4_0Prefill.forms(this, TileScales.HALF, new Q4_0Decode());
  }

  @Override
  public void decode(
      MemorySegment from, long at, int size, boolean accumulate, float[] sum, int sumAt) {
    checkBlocks(size);
    for (int end = sumAt + size; sumAt < end; sumAt += BLOCK, at += blockBytes()) {
      float scale = Float.float16ToFloat(Tiles.getShort(from, at));
      for (int i = 0; i < BLOCK; i++) {
        int pair = from.get(ValueLayout.JAVA_BYTE, at + SCALE + i % 16);
        float value = scale * ((i < 16 ? pair & 15 : pair >> 4 & 15) - 8);
        sum[sumAt + i] = accumulate ? sum[sumAt + i] + value : value;
      }
    }
  }

  /// The value of largest magnitude becomes −8, others the nearest code, of two the upper one.
  @Override
  public void round(float[] x, int xAt, int size, MemorySegment to, long at) {
    checkBlocks(size);
    for (int end = xAt + size; xAt < end; xAt += BLOCK, at += blockBytes()) {
      float min = Float.POSITIVE_INFINITY;
      float max = Float.NEGATIVE_INFINITY;
      for (int i = xAt; i < xAt + BLOCK; i++) {
        min = Math.min(min, x[i]);
        max = Math.max(max, x[i]);
      }
      float scale = (-min > max ? min : max) / -8;
      float inverse = Q8Rounding.inverseOf(scale);
      Tiles.putShort(to, at, Float.floatToFloat16(scale));
      for (int i = 0; i < BLOCK / 2; i++) {
        int low = code(x[xAt + i] * inverse);
        int high = code(x[xAt + BLOCK / 2 + i] * inverse);
        to.set(ValueLayout.JAVA_BYTE, at + SCALE + i, (byte) (low | high << 4));
      }
    }
  }

  private static int code(float value) {
    return Math.clamp((int) (value + 8.5f), 0, 15);
  }

  @Override
  public float largest() {
    return 8 * F16.largest();
  }

  @Override
  boolean isFinite(MemorySegment blocks) {
    return Finite.allHalves(blocks, blockBytes());
  }

  @Override
  public void noise(LongSupplier bits, float deviation, ByteBuffer to) {
    to.putShort(Noise.scale(bits, deviation / DEVIATION));
    to.putLong(withoutZeroNibbles(bits.getAsLong()));
    to.putLong(withoutZeroNibbles(bits.getAsLong()));
  }

  /// Nibble 0 stands for −8, which has no positive counterpart: 8, that is 0, takes its place.
  private static long withoutZeroNibbles(long nibbles) {
    long any = nibbles | (nibbles >>> 1) | (nibbles >>> 2) | (nibbles >>> 3);
    return nibbles | ((~any & 0x1111111111111111L) << 3);
  }

  @Override
  public void quickNoise(LongSupplier bits, double deviation, ByteBuffer to) {
    to.putShort(Float.floatToFloat16((float) (deviation / Math.sqrt(QUICK_VARIANCE))));
    to.putLong(bits.getAsLong());
    to.putLong(bits.getAsLong());
  }
}
