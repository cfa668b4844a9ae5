package dllama.tensor;

import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.L;

import java.util.Arrays;
import java.util.List;

/// Groups of 32 rows of weights with nibbles as in Q4_0 times a bundle of eight tokens:
/// [Q4_0Decode] with the unpacking shared by the tokens, and the broadcasts of the codes by two
/// vectors of rows.
///
/// The integer sums of a chunk of blocks go to memory first, by the form that the machine's vectors
/// allow, [Q4_0PrefillEight] or [Q4_0PrefillFour]; then [Q4_0PrefillScales] or [ShiftedScales]
/// keeps the accumulators of four tokens in registers. The parts are methods of their own because
/// one would be too large for the compiler, and the accumulators too many for the registers.
final class Q4_0Prefill implements VectorProduct {
  /// Blocks between two passes of scaling; their sums fill 16 KB.
  static final int CHUNK = 512 / L;

  /// Groups of one pass: a vector of rows is a whole one at 512 bit, and a pass takes two vectors.
  private static final int GROUPS = L == Tiles.ROWS ? 2 : 1;

  /// Whether passes of eight tokens are worth trying, whose sums fit the registers at 512 bit;
  /// where not, the compiler need not look at the code for them.
  private static final boolean EIGHT = L == Tiles.ROWS;

  /// The most tiles that share bytes ([DType#sharedBytes]); a chunk is a multiple of it.
  private static final int STRIPE = 8;

  private static final int BUNDLE = Activations.BUNDLE;

  /// Bytes of a vector of sums.
  private static final long SUM = (long) Short.BYTES * L;

  /// Bytes of the sums of a block, `[2, 8, L]`.
  static final long BLOCK_SUMS = 2 * BUNDLE * SUM;

  private final int tokensOfPass;
  private final DType type;
  private final TileScales kind;
  private final VectorProduct decode;

  private Q4_0Prefill(int tokensOfPass, DType type, TileScales kind, VectorProduct decode) {
    this.tokensOfPass = tokensOfPass;
    this.type = type;
    this.kind = kind;
    this.decode = decode;
  }

  /// Those that are worth trying, the default first.
  ///
  /// @param decode what multiplies with one token
  static List<VectorProduct> forms(DType type, TileScales kind, VectorProduct decode) {
    VectorProduct byFour = new Q4_0Prefill(Q4_0PrefillFour.TOKENS, type, kind, decode);
    return EIGHT
        ? List.of(new Q4_0Prefill(Q4_0PrefillEight.TOKENS, type, kind, decode), byFour)
        : List.of(byFour);
  }

  @Override
  public String name() {
    return tokensOfPass + " tokens a pass";
  }

  @Override
  public int groups() {
    return GROUPS;
  }

  @Override
  public int tokens() {
    return BUNDLE;
  }

  @Override
  public void pass(
      long at, long groupBytes, int groups, Activations x, int token, int count, Scratch scratch) {
    if (count > 1) {
      groups(at, groupBytes, groups, x, token, count, scratch);
    } else {
      decode.pass(at, groupBytes, groups, x, token, count, scratch);
    }
  }

  /// Writes results of the first `tokens` of the bundle that begins with `token` to `acc[groups,
  /// 8, 32]`.
  private void groups(
      long at, long groupBytes, int groups, Activations x, int token, int tokens, Scratch s) {
    Arrays.fill(s.acc, 0, groups * BUNDLE * Tiles.ROWS, 0);
    for (int block = 0; block < x.blocks(); block += CHUNK) {
      int count = Math.min(CHUNK, x.blocks() - block);
      int codeAt = x.codeAt(token) + block * Activations.BLOCK_STRIDE;
      int scaleAt = x.scaleAt(token) + block * BUNDLE;
      if (L == Tiles.ROWS) {
        long second = at + (groups - 1) * groupBytes;
        vectors(at, second, block, count, x, codeAt, scaleAt, tokens, s, 0, BUNDLE * Tiles.ROWS);
      } else {
        for (int part = 0; part < Tiles.ROWS; part += 2 * L) {
          long first = at + 2L * part;
          int acc = part / 2;
          long second = first + 2L * L;
          vectors(first, second, block, count, x, codeAt, scaleAt, tokens, s, acc, acc + F);
        }
      }
    }
  }

  /// Two vectors of rows; their accumulators are in `s.acc` from `acc0` and from `acc1` on.
  private void vectors(
      long at0,
      long at1,
      int from,
      int count,
      Activations x,
      int codeAt,
      int scaleAt,
      int tokens,
      Scratch s,
      int acc0,
      int acc1) {
    int[] codes = x.codes(InputForm.CARRIED_CODES);
    int[] offsets = x.offsets();
    long sums = s.sums.address();
    int step = type.tileStep(x.cols());
    long tile = 0;
    for (int b = 0; b < count; b++) {
      tile = b % STRIPE == 0 ? type.tileAt(x.cols(), from + b) : tile + step;
      for (int t = 0; t < tokens; ) {
        int code = codeAt + b * Activations.BLOCK_STRIDE + t * Activations.TOKEN_CODES;
        int offset = scaleAt + b * BUNDLE + t;
        long to = sums + b * BLOCK_SUMS + t * SUM;
        if (EIGHT && tokensOfPass == Q4_0PrefillEight.TOKENS && tokens > Q4_0PrefillFour.TOKENS) {
          Q4_0PrefillEight.sums(at0 + tile, at1 + tile, codes, code, offsets, offset, to);
          t += Q4_0PrefillEight.TOKENS;
        } else {
          Q4_0PrefillFour.sums(at0 + tile, at1 + tile, codes, code, offsets, offset, to);
          t += Q4_0PrefillFour.TOKENS;
        }
      }
    }
    scaled(at0, from, count, sums, x, scaleAt, tokens, s, acc0);
    scaled(at1, from, count, sums + BUNDLE * SUM, x, scaleAt, tokens, s, acc1);
  }

  /// What is scaled past `tokens` nobody reads.
  private void scaled(
      long at,
      int from,
      int count,
      long sums,
      Activations x,
      int scaleAt,
      int tokens,
      Scratch s,
      int acc) {
    long tile = at + type.tileAt(x.cols(), from);
    switch (kind) {
      case HALF_AND_SHIFT -> ShiftedScales.ofHalves(tile, count, s.scales, s.shifts);
      case PRODUCT_AND_SHIFT -> products(at, from, count, x.cols(), s);
      default -> Q4_0PrefillScales.ofWeights(tile, count, s.scales);
    }
    for (int t = 0; t < tokens; t += Q4_0PrefillScales.TOKENS) {
      int to = acc + t * Tiles.ROWS;
      long sumsAt = sums + t * SUM;
      if (kind.shifts()) {
        float[] factors = x.shiftFactors();
        ShiftedScales.add(
            sumsAt, count, s.scales, s.shifts, x.scales(), factors, scaleAt + t, s.acc, to);
      } else {
        Q4_0PrefillScales.add(sumsAt, count, s.scales, x.scales(), scaleAt + t, s.acc, to);
      }
    }
  }

  /// Scales and shifts, of as many tiles at a time as may share some.
  private void products(long at, int from, int count, int cols, Scratch s) {
    int sharedStep = type.sharedStep(cols);
    long shared = s.shared.address();
    for (int b = 0; b < count; b += STRIPE) {
      int blocks = Math.min(STRIPE, count - b);
      long sharedAt = at + type.sharedAt(cols, from + b);
      CodeScales.sharedOfVector(kind, sharedAt, 0, 1, sharedStep, blocks, shared);
      long step = CodeScales.sharedStep(kind, sharedStep);
      long own = at + type.tileAt(cols, from + b) + TilePlanes.FOUR.bytes();
      int tileStep = type.tileStep(cols);
      ShiftedScales.ofProducts(own, tileStep, shared, step, blocks, s.scales, s.shifts, b * L);
    }
  }
}
