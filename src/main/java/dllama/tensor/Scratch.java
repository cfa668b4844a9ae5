package dllama.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// What one thread needs between the parts of a vector kernel; stays in the first level cache.
final class Scratch {
  private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

  private static final int GROUPS = VectorProduct.MAX_GROUPS;

  /// Two float16 of eight blocks at most, of 32 rows.
  static final long SHARED_BYTES = 2 * 8 * Tiles.F32_LINE;

  private static final float[] ZEROS = new float[Activations.BUNDLE * Tiles.ROWS];

  /// Results of a pass, `[groups, tokens, 32 rows]`, at least eight tokens.
  final float[] acc = new float[GROUPS * VectorProduct.MAX_TOKENS * Tiles.ROWS];

  /// Sums of a pass of decoding, `[groups, 32 rows]`; each group's begins with a cache line.
  final MemorySegment results = Arena.ofAuto().allocate(GROUPS * Tiles.F32_LINE, Tiles.F32_LINE);

  /// Integer sums of a chunk of blocks; outside the heap, where no vector straddles cache lines.
  final MemorySegment sums =
      Arena.ofAuto().allocate(Q4_0Prefill.CHUNK * Q4_0Prefill.BLOCK_SUMS, Tiles.LINE);

  /// Weight scales of a chunk of blocks.
  final float[] scales = new float[Q4_0Prefill.CHUNK * Vectors.SHORTS.length()];

  /// What is added to weights, likewise.
  final float[] shifts = new float[scales.length];

  /// Tiles that are unpacked, their scales and results ([CodeTiles], [ByteTiles], [FloatTiles]).
  final MemorySegment tile = Arena.ofAuto().allocate(CodeTiles.BYTES, Tiles.F32_LINE);

  /// What tiles share, as floats; of each group of a pass [#SHARED_BYTES].
  final MemorySegment shared = Arena.ofAuto().allocate(GROUPS * SHARED_BYTES, Tiles.F32_LINE);

  /// Integer sums of theirs.
  final MemorySegment runs =
      Arena.ofAuto()
          .allocate(
              Math.max(
                  Math.max(CodeTiles.SUMS_BYTES, ByteTiles.SUMS_BYTES),
                  Math.max(SixSums.SUMS_BYTES, SixDecode.SUMS_BYTES)),
              Tiles.LINE);

  /// Tiles that are floats, their scales and sums ([CodePrefill]), or scales of groups
  /// ([FiveDecode]), on pages of their own.
  final MemorySegment floats =
      Arena.ofAuto().allocate(Math.max(CodePrefill.BYTES, FiveDecode.SCALES_BYTES), 4096);

  final float[] factors = new float[CodePrefill.FACTORS];

  /// 1 / Σ weight of heads that attend together.
  final float[] inverse = new float[Kernels.HEADS_TOGETHER];

  private Scratch() {}

  /// Clears results of some groups in [#tile], `[tokens, 32 rows]` each; slices of it would be an
  /// object each time.
  ///
  /// @param at byte of the first group's
  /// @param next bytes to those of the next one
  /// @param count tokens, a bundle at most
  void zero(int groups, long at, long next, int count) {
    for (int g = 0; g < groups; g++) {
      MemorySegment.copy(ZEROS, 0, tile, Tiles.FLOAT, at + g * next, count * Tiles.ROWS);
    }
  }

  /// Makes them those of the pass ([#acc]), from its group `first` on.
  void take(int groups, long at, long next, int count, int first) {
    int stride = Activations.BUNDLE * Tiles.ROWS;
    for (int g = 0; g < groups; g++) {
      int to = (first + g) * stride;
      MemorySegment.copy(tile, Tiles.FLOAT, at + g * next, acc, to, count * Tiles.ROWS);
    }
  }

  /// Makes [#results] of some groups those of the pass, of one token.
  void takeResults(int groups) {
    int stride = Activations.BUNDLE * Tiles.ROWS;
    for (int g = 0; g < groups; g++) {
      MemorySegment.copy(results, Tiles.FLOAT, g * Tiles.F32_LINE, acc, g * stride, Tiles.ROWS);
    }
  }

  static Scratch ofThread() {
    return OF_THREAD.get();
  }
}
