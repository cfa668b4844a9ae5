package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.ORDER;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// Groups of 32 rows of [Codes] times many tokens at once.
///
/// The codes of a few tiles become whole floats in the first level cache, once for all tokens, and
/// are multiplied there with the tokens' codes, which are whole floats, too ([FloatSums]). Products
/// and sums of a scale's columns stay below 2^24, so they are exact whatever their order, and have
/// neither to be held in 16 bits nor to be converted before they are scaled ([FloatScales]).
///
/// Up to a bundle of tokens is left to another product: so few do not pay for the unpacking.
final class CodePrefill implements VectorProduct {
  /// Blocks that are computed with at a time.
  private static final int CHUNK = 4;

  private static final int BUNDLE = Activations.BUNDLE;
  private static final long LINE = Tiles.F32_LINE;

  /// Bytes of a tile of floats.
  private static final long TILE = Tiles.COLS * LINE;

  /// In [Scratch#floats]: tiles, a tile of shorts, scales and shifts, `[2 CHUNK, 32]` each, then
  /// sums of a bundle, `[2 CHUNK, 8, 32]`.
  private static final long SHORTS_AT = CHUNK * TILE;

  private static final long SCALES = SHORTS_AT + CodePlanes.TILE;
  private static final long SHIFTS = SCALES + 2 * CHUNK * LINE;
  private static final long SUMS = SHIFTS + 2 * CHUNK * LINE;
  static final long BYTES = SUMS + 2 * CHUNK * BUNDLE * LINE;

  /// Factors of a chunk's shifts.
  static final int FACTORS = 2 * CHUNK * BUNDLE;

  private final Codes type;
  private final int parts;
  private final VectorProduct few;

  /// @param few what multiplies with up to eight tokens
  CodePrefill(Codes type, VectorProduct few) {
    this.type = type;
    this.few = few;
    parts = type.scales().parts();
  }

  @Override
  public String name() {
    return MAX_TOKENS + " tokens a pass";
  }

  @Override
  public int groups() {
    return few.groups();
  }

  @Override
  public int tokens() {
    return MAX_TOKENS;
  }

  @Override
  public void pass(
      long at, long groupBytes, int groups, Activations x, int token, int count, Scratch s) {
    if (count <= BUNDLE) {
      few.pass(at, groupBytes, groups, x, token, count, s);
      return;
    }
    Arrays.fill(s.acc, 0, groups * count * Tiles.ROWS, 0);
    for (int g = 0; g < groups; g++) {
      for (int from = 0; from < x.blocks(); from += CHUNK) {
        int blocks = Math.min(CHUNK, x.blocks() - from);
        bring(at + g * groupBytes, from, blocks, x.cols(), s);
        for (int t = 0; t < count; t += BUNDLE) {
          bundle(from, blocks, x, token + t, s, (g * count + t) * Tiles.ROWS);
        }
      }
    }
  }

  /// Codes, scales and shifts of a chunk as floats.
  private void bring(long at, int from, int blocks, int cols, Scratch s) {
    long room = s.floats.address();
    long tile = at + type.tileAt(cols, from);
    int tileStep = type.tileStep(cols);
    for (int block = 0; block < blocks; block++, tile += tileStep) {
      CodePlanes.fill(type.planes(), tile, tileStep, 1, room + SHORTS_AT);
      widen(room + SHORTS_AT, room + block * TILE);
    }
    long shared = s.shared.address();
    CodeScales.ofGroup(type, at, from, blocks, cols, shared, room + SCALES, room + SHIFTS);
  }

  /// A tile of shorts to floats.
  private static void widen(long shorts, long to) {
    for (int part = 0; part < Tiles.LINE; part += 2 * L) {
      long from = (shorts & ADDRESSES) + part;
      long at = (to & ADDRESSES) + part;
      for (int c = 0; c < Tiles.COLS; c++, from += Tiles.LINE, at += LINE) {
        IntVector pair = IntVector.fromMemorySegment(INTS, ALL, from, ORDER);
        IntVector low = pair.lanewise(LSHL, 16).lanewise(ASHR, 16);
        ((FloatVector) low.convertShape(I2F, FLOATS, 0)).intoMemorySegment(ALL, at, ORDER);
        IntVector high = pair.lanewise(ASHR, 16);
        ((FloatVector) high.convertShape(I2F, FLOATS, 0))
            .intoMemorySegment(ALL, at + LINE / 2, ORDER);
      }
    }
  }

  /// Adds the products of a chunk with eight tokens to their results at `acc`.
  private void bundle(int from, int blocks, Activations x, int token, Scratch s, int acc) {
    long room = s.floats.address();
    int codeAt = x.codeAt(token) + from * Activations.BLOCK_STRIDE;
    int scaleAt = x.scaleAt(token) + from * BUNDLE;
    float[] codes = x.floatCodes();
    long sums = room + SUMS;
    int width = Tiles.COLS / parts;
    if (FloatSums.EIGHT) {
      FloatSums.eight(room, blocks, width, codes, codeAt, sums);
    } else {
      for (int row = 0; row < Tiles.ROWS; row += 2 * F) {
        long at = (long) Float.BYTES * row;
        for (int t = 0; t < BUNDLE; t += 4) {
          int code = codeAt + t * Activations.TOKEN_CODES;
          FloatSums.four(room + at, blocks, width, codes, code, sums + at + t * LINE);
        }
      }
    }
    scaled(room, blocks * parts, x, scaleAt, s, acc);
  }

  private void scaled(long room, int count, Activations x, int scaleAt, Scratch s, int acc) {
    float[] factors = x.shiftFactors();
    int factorAt = scaleAt;
    if (type.scales().shifts() && parts > 1) {
      factors = s.factors;
      factorAt = 0;
      factors(x, scaleAt, count, factors);
    }
    for (int t = 0; t < BUNDLE; t += 4) {
      for (int row = 0; row < Tiles.ROWS; row += 2 * F) {
        long at = (long) Float.BYTES * row;
        long sums = room + SUMS + at + t * LINE;
        long scales = room + SCALES + at;
        int to = acc + t * Tiles.ROWS + row;
        if (type.scales().shifts()) {
          long shifts = room + SHIFTS + at;
          int factor = factorAt + t;
          FloatScales.addShifted(
              sums,
              count,
              scales,
              shifts,
              x.scales(),
              scaleAt + t,
              parts - 1,
              factors,
              factor,
              s.acc,
              to);
        } else {
          FloatScales.add(sums, count, scales, x.scales(), scaleAt + t, parts - 1, s.acc, to);
        }
      }
    }
  }

  /// What shifts are multiplied with where there are two of a block.
  private static void factors(Activations x, int scaleAt, int count, float[] factors) {
    float[] scales = x.scales();
    float[] sums = x.sums();
    for (int i = 0; i < count; i++) {
      int at = scaleAt + i / 2 * BUNDLE;
      int sumAt = Activations.sumAt(at) + i % 2 * BUNDLE;
      for (int t = 0; t < BUNDLE; t++) {
        factors[i * BUNDLE + t] = scales[at + t] * sums[sumAt + t];
      }
    }
  }
}
