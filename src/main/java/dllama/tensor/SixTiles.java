package dllama.tensor;

import static dllama.tensor.Vectors.L;

/// Groups of 32 rows of [Codes] of six bits times one to eight tokens; one has [SixDecode].
///
/// Weights are multiplied as they come from memory, eight columns at a time: of a pair in a short
/// the lower one is multiplied with all that is above it, which the other one's code makes good
/// ([Activations]), and only the columns that are in the lowest bits have to be put together. The
/// sum of such a *run* fits a short: 8 · 32 · 127 < 2^15. Two of them share a scale, and are added
/// as ints ([CodeTiles]).
final class SixTiles implements VectorProduct {
  private static final int GROUPS = MAX_GROUPS;
  private static final int BUNDLE = Activations.BUNDLE;
  private static final long LINE = Tiles.F32_LINE;

  /// Of a group in [Scratch#tile]: scales, `[SixSums#CHUNK, 2, 32]`, then results, `[8, 32]`.
  private static final long RESULTS = 2 * SixSums.CHUNK * LINE;

  private static final long NEXT = RESULTS + BUNDLE * LINE;

  private final Codes type;
  private final SixDecode decoder;

  SixTiles(Codes type) {
    this.type = type;
    decoder = new SixDecode(type);
  }

  @Override
  public String name() {
    return GROUPS + " groups a pass";
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
      long at, long groupBytes, int groups, Activations x, int token, int count, Scratch s) {
    if (count == 1) {
      decoder.decode(at, groupBytes, groups, x, token, s);
      return;
    }
    s.zero(groups, RESULTS, NEXT, count);
    for (int from = 0; from < x.blocks(); from += SixSums.CHUNK) {
      int blocks = Math.min(SixSums.CHUNK, x.blocks() - from);
      chunk(at, groupBytes, groups, from, blocks, x, token, count, s);
    }
    s.take(groups, RESULTS, NEXT, count, 0);
  }

  private void chunk(
      long at,
      long groupBytes,
      int groups,
      int from,
      int blocks,
      Activations x,
      int token,
      int count,
      Scratch s) {
    int codeAt = x.codeAt(token) + from * Activations.BLOCK_STRIDE;
    int scaleAt = x.scaleAt(token) + from * BUNDLE;
    long rows = at + type.tileAt(x.cols(), from);
    for (int part = 0; part < Tiles.ROWS; part += L) {
      // Behind the codes of the first part, whose lines come before them in memory.
      for (int g = 0; part == 0 && g < groups; g++) {
        long group = at + g * groupBytes;
        long to = s.tile.address() + g * NEXT;
        long shared = s.shared.address();
        CodeScales.ofGroup(type, group, from, blocks, x.cols(), shared, to, to);
      }
      for (int g = 0; g < groups; g++) {
        long row = 2L * part;
        sums(rows + g * groupBytes + row, blocks, x, codeAt, scaleAt, count, s);
        for (int t = 0; t < count; t++) {
          long sums = s.runs.address() + t * SixSums.TOKEN_SUMS;
          scaled(s.tile.address() + g * NEXT + row, t, sums, blocks, x, scaleAt);
        }
      }
    }
  }

  /// Of several tokens, and one vector of rows.
  private void sums(
      long rows, int blocks, Activations x, int codeAt, int scaleAt, int count, Scratch s) {
    for (int t = 0; t < count; t += 4) {
      SixSums.four(
          rows,
          type.tileStep(x.cols()),
          blocks,
          x.codes(InputForm.PAIRED_CODES),
          codeAt + t * Activations.TOKEN_CODES,
          x.runOffsets(),
          Activations.runOffsetAt(scaleAt) + t,
          s.runs.address() + t * SixSums.TOKEN_SUMS,
          2,
          4,
          6);
    }
  }

  private static void scaled(long rows, int t, long sums, int blocks, Activations x, int scaleAt) {
    CodeTiles.add(sums, 2 * blocks, rows, x.scales(), scaleAt + t, 1, rows + RESULTS + t * LINE);
  }
}
