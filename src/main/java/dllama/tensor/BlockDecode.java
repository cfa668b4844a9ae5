package dllama.tensor;

import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.L;

/// Groups of 32 rows of [Codes] times one token, where each block is scaled behind its sums: then
/// weights are on their way from memory all the time. Behind the sums of eight blocks, products
/// took a quarter longer. Several vectors of rows are read side by side, line by line, and share
/// what is broadcast: a core does not get all that it could read from one stream.
abstract class BlockDecode {
  /// Blocks whose shared scales are made floats at a time.
  static final int CHUNK = 8;

  /// Bytes of the results of a group.
  static final long NEXT = Tiles.F32_LINE;

  /// Byte of the results of the rows in the high halves of ints; see [Tiles].
  static final long HIGH = NEXT / 2;

  /// Whether a vector holds all rows of a group, so that a pair of vectors is one of groups; else
  /// it is half of the rows of one group, or a quarter.
  static final boolean WHOLE = L == Tiles.ROWS;

  /// Bytes of a vector.
  static final long V = (long) Short.BYTES * L;

  /// Groups in four vectors, and rows of a group in two of them.
  static final int STEP = WHOLE ? 4 : 2;

  static final int PART = WHOLE ? L : 2 * L;

  /// Byte of the results of the second vector of a pair, and of the second pair.
  static final long SECOND = WHOLE ? NEXT : (long) Float.BYTES * F;

  static final long PAIR = WHOLE ? 2 * NEXT : NEXT;

  /// Likewise of what they share.
  static final long SHARED_SECOND = WHOLE ? Scratch.SHARED_BYTES : SECOND;

  static final long SHARED_PAIR = (WHOLE ? 2 : 1) * Scratch.SHARED_BYTES;

  final Codes type;

  BlockDecode(Codes type) {
    this.type = type;
  }

  /// As [VectorProduct#pass].
  final void decode(
      long at, long groupBytes, int groups, Activations x, int token, Scratch scratch) {
    scratch.results.fill((byte) 0);
    for (int from = 0; from < x.blocks(); from += CHUNK) {
      int blocks = Math.min(CHUNK, x.blocks() - from);
      CodeScales.shared(
          type.scales(),
          at + type.sharedAt(x.cols(), from),
          groupBytes,
          groups,
          type.sharedStep(x.cols()),
          blocks,
          scratch.shared.address());
      chunk(at, groupBytes, groups, from, blocks, x, token, scratch);
    }
    scratch.takeResults(groups);
  }

  /// Adds to [Scratch#results] what blocks `from` ≤ block < `from + blocks` give, whose shared
  /// scales are in [Scratch#shared].
  abstract void chunk(
      long at,
      long groupBytes,
      int groups,
      int from,
      int blocks,
      Activations x,
      int token,
      Scratch scratch);

  /// Bytes from what a block shares to that of the next.
  final long sharedStep(int cols) {
    return CodeScales.sharedStep(type.scales(), type.sharedStep(cols));
  }
}
