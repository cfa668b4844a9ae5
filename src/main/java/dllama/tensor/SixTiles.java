package dllama.tensor;

import static dllama.tensor.Vectors.L;

/// Groups of 32 rows of [Codes] of six bits times one to eight tokens.
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

  /// Bytes of a vector.
  private static final long V = (long) Short.BYTES * L;

  /// Of a group in [Scratch#tile]: scales, `[SixSums#CHUNK, 2, 32]`, then results, `[8, 32]`.
  private static final long RESULTS = 2 * SixSums.CHUNK * LINE;

  private static final long NEXT = RESULTS + BUNDLE * LINE;

  private final Codes type;

  SixTiles(Codes type) {
    this.type = type;
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
    s.zero(groups, RESULTS, NEXT, count);
    int chunk = count == 1 ? SixSums.CHUNK : SixSums.BUNDLE_CHUNK;
    for (int from = 0; from < x.blocks(); from += chunk) {
      int blocks = Math.min(chunk, x.blocks() - from);
      chunk(at, groupBytes, groups, from, blocks, x, token, count, s);
    }
    s.take(groups, RESULTS, NEXT, count);
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
    if (count == 1) {
      SixSums.prepare(x.codes(InputForm.PAIRED_CODES), codeAt, blocks, s.floats.address());
    }
    for (int part = 0; part < Tiles.ROWS; part += SixSums.OF_GROUP * L) {
      if (count == 1) {
        sums(rows + 2L * part, groupBytes, groups, blocks, x, codeAt, scaleAt, s);
      }
      // Behind the codes of the first part, whose lines come before them in memory.
      for (int g = 0; part == 0 && g < groups; g++) {
        long group = at + g * groupBytes;
        long to = s.tile.address() + g * NEXT;
        long shared = s.shared.address();
        CodeScales.ofGroup(type, group, from, blocks, x.cols(), shared, to, to);
      }
      for (int vector = 0; vector < groups * SixSums.OF_GROUP; vector++) {
        int g = vector / SixSums.OF_GROUP;
        long row = 2L * part + vector % SixSums.OF_GROUP * V;
        if (count > 1) {
          sums(rows + g * groupBytes + row, blocks, x, codeAt, scaleAt, count, s);
        }
        long of = s.runs.address() + (count == 1 ? vector * SixSums.SUMS : 0);
        for (int t = 0; t < count; t++) {
          long sums = of + t * SixSums.TOKEN_SUMS;
          scaled(s.tile.address() + g * NEXT + row, t, sums, blocks, x, scaleAt);
        }
      }
    }
  }

  /// Of one token.
  private void sums(
      long rows,
      long groupBytes,
      int groups,
      int blocks,
      Activations x,
      int codeAt,
      int scaleAt,
      Scratch s) {
    SixSums.ofOne(
        rows,
        groupBytes,
        groups,
        type.tileStep(x.cols()),
        blocks,
        x.codes(InputForm.PAIRED_CODES),
        codeAt,
        s.floats.address(),
        x.runOffsets(),
        Activations.runOffsetAt(scaleAt),
        s.runs.address());
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
