package dllama.tensor;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/// A batch of input rows `[maxTokens, cols]` of matrix products, in the forms that weights of some
/// types need ([InputForm]): usually in one, in several where matrices of different types share
/// their input.
///
/// Filled row by row with [Kernels#load], read by [Kernels#matmul]. Rows of a batch may be loaded
/// by different threads.
///
/// Floats: `[maxTokens, cols padded to 32, and a cache line more]`.
///
/// Codes, of blocks of 32 columns, in bundles of eight tokens: `[bundle, block, 9, 32]`, of which
/// eight are used (the ninth keeps one token's blocks out of the same few cache sets), scales,
/// offsets and shift factors `[bundle, block, 8]`, sums `[bundle, block, 2, 8]`, the same for all
/// forms of codes. A code is an int that holds the
/// same short twice, so that a broadcast of ints is one of shorts; it comes from an array because
/// that is the access that fills least of what the compiler takes into one method. For more tokens
/// than a bundle there may also be codes that are floats ([CodePrefill]).
///
/// Carried codes stand in for the codes a₀ … a₃ of four neighbouring columns: a₀, a₁ − 16·a₀,
/// a₂ − 16·a₁, a₃ − 16·a₂. Then no kernel has to cut the nibbles w₀ … w₃ out of their short v,
/// because modulo 2^16 it is
///
/// ```
/// w₀·a₀ + w₁·a₁ + w₂·a₂ + w₃·a₃ =
///     v·a₀ + (v >>> 4)·(a₁ − 16·a₀) + (v >>> 8)·(a₂ − 16·a₁) + (v >>> 12)·(a₃ − 16·a₂)
/// ```
///
/// Paired codes are a₀, a₁ − 64·a₀, a₂, a₃ − 64·a₂, a₄, a₅ − 64·a₄, a₆, a₇ of eight neighbouring
/// columns, for pairs of weights of six bits ([TilePlanes#SIX]); with them go the offsets of eight
/// columns, `[bundle, block, 4, 8]`.
///
/// Triple codes are for weights of five bits, three in a short and a bit of a fourth one
/// ([TilePlanes#FIVE]): of each 16 columns −16 · Σ code, which is what the offset of the weights
/// comes to, and for line k with columns 3k … 3k + 2 the codes a₀, a₁ − 32·a₀, a₂ − 32·a₁,
/// 2^k · a₁₅ − 32·a₂; `[bundle, block, 9, 2, 21]`.
public final class Activations {
  /// Tokens that stand side by side.
  public static final int BUNDLE = 8;

  /// Codes of one token's block.
  static final int TOKEN_CODES = Tiles.COLS;

  /// Distance between the codes of one block of a bundle and the next.
  static final int BLOCK_STRIDE = (BUNDLE + 1) * TOKEN_CODES;

  /// Triple codes of 16 columns, with what their offset comes to.
  static final int TRIPLE_RUN = 21;

  private static final int TRIPLES = 2 * TRIPLE_RUN;

  /// Distance between the triple codes of one block of a bundle and the next.
  static final int TRIPLE_STRIDE = (BUNDLE + 1) * TRIPLES;

  /// Floats of a cache line.
  private static final int CACHE_LINE = 16;

  private static final int[] CARRIES = new int[Tiles.COLS];
  private static final int[] PAIRED_CARRIES = new int[Tiles.COLS];
  private static final int[] NO_CARRIES = new int[Tiles.COLS];

  /// Columns whose sum has an offset of its own among those for paired codes.
  private static final int RUN = 8;

  private static final int RUNS = Tiles.COLS / RUN;

  static {
    Arrays.setAll(CARRIES, column -> column % 4 == 0 ? 0 : 16);
    Arrays.setAll(PAIRED_CARRIES, column -> column % 2 == 1 && column % 8 < 6 ? 64 : 0);
  }

  private final InputForm[] forms;
  private final int first;
  private final int maxTokens;
  private final int cols;
  private final int blocks;
  private final int valueStride;
  private final float[] values;

  private final int[] codes;
  private final int[] carriedCodes;
  private final int[] pairedCodes;
  private final int[] tripleCodes;
  private final float[] floatCodes;
  private final int[] runOffsets;
  private final float[] scales;
  private final int[] offsets;
  private final float[] sums;
  private final float[] shiftFactors;

  /// For weights of one type.
  public Activations(DType weights, int maxTokens, int cols) {
    this(List.of(weights), maxTokens, cols);
  }

  /// For weights of any of these types.
  ///
  /// @throws IllegalArgumentException if `cols` is not a multiple of 32 and one of them is
  ///     multiplied with codes
  public Activations(Collection<DType> weights, int maxTokens, int cols) {
    forms =
        weights.stream()
            .flatMap(
                type ->
                    Stream.of(
                        type.input(),
                        type.inputOfOne(),
                        maxTokens > BUNDLE ? type.inputOfMany() : type.input()))
            .distinct()
            .sorted()
            .toArray(InputForm[]::new);
    boolean rounds = weights.stream().anyMatch(type -> type.input().rounds());
    if (maxTokens <= 0 || cols <= 0 || (rounds && cols % Tiles.COLS != 0)) {
      throw new IllegalArgumentException(
          "maxTokens=%d cols=%d for weights=%s".formatted(maxTokens, cols, weights));
    }
    first = 0;
    this.maxTokens = maxTokens;
    this.cols = cols;
    blocks = Math.ceilDiv(cols, Tiles.COLS);
    long perBundle = (maxTokens + BUNDLE - 1L) / BUNDLE * blocks;
    valueStride = blocks * Tiles.COLS + CACHE_LINE;
    long floats = (long) maxTokens * valueStride;
    values = new float[has(InputForm.FLOATS) ? Math.toIntExact(floats) : 0];
    int size = rounds ? Math.toIntExact(perBundle * BLOCK_STRIDE) : 0;
    codes = new int[has(InputForm.CODES) ? size : 0];
    carriedCodes = new int[has(InputForm.CARRIED_CODES) ? size : 0];
    pairedCodes = new int[has(InputForm.PAIRED_CODES) ? size : 0];
    tripleCodes = new int[has(InputForm.TRIPLE_CODES) ? size / TOKEN_CODES * TRIPLES : 0];
    floatCodes = new float[has(InputForm.FLOAT_CODES) ? size : 0];
    runOffsets = new int[pairedCodes.length / (BUNDLE + 1)];
    scales = new float[rounds ? Math.toIntExact(perBundle * BUNDLE) : 0];
    offsets = new int[scales.length];
    sums = new float[2 * scales.length];
    shiftFactors = new float[scales.length];
  }

  private Activations(Activations whole, int first) {
    forms = whole.forms;
    this.first = whole.first + first;
    maxTokens = whole.maxTokens - first;
    cols = whole.cols;
    blocks = whole.blocks;
    valueStride = whole.valueStride;
    values = whole.values;
    codes = whole.codes;
    carriedCodes = whole.carriedCodes;
    pairedCodes = whole.pairedCodes;
    tripleCodes = whole.tripleCodes;
    floatCodes = whole.floatCodes;
    runOffsets = whole.runOffsets;
    scales = whole.scales;
    offsets = whole.offsets;
    sums = whole.sums;
    shiftFactors = whole.shiftFactors;
  }

  /// A view of the rows from `token` on, which becomes token 0.
  ///
  /// @param token a multiple of [#BUNDLE], which kernels take as one
  public Activations from(int token) {
    if (token % BUNDLE != 0 || token < 0 || token >= maxTokens) {
      throw new IllegalArgumentException("token=%d of %d".formatted(token, maxTokens));
    }
    return new Activations(this, token);
  }

  /// The forms that rows are kept in, each once.
  InputForm[] forms() {
    return forms;
  }

  private boolean has(InputForm form) {
    for (InputForm kept : forms) {
      if (kept == form) {
        return true;
      }
    }
    return false;
  }

  public int maxTokens() {
    return maxTokens;
  }

  public int cols() {
    return cols;
  }

  /// Blocks of 32 columns, the last one padded with zeros.
  int blocks() {
    return blocks;
  }

  float[] values() {
    return values;
  }

  /// Index of the first value of `token`.
  int valueAt(int token) {
    return (first + token) * valueStride;
  }

  /// Distance between the values of one token and the next: no multiple of the size of a cache
  /// way, so that tokens do not evict each other.
  int valueStride() {
    return valueStride;
  }

  /// Codes in one of the forms that rows are kept in.
  int[] codes(InputForm form) {
    return switch (form) {
      case CARRIED_CODES -> carriedCodes;
      case PAIRED_CODES -> pairedCodes;
      case CODES, FLOATS, TRIPLE_CODES, FLOAT_CODES -> codes;
    };
  }

  /// Triple codes, where they are kept.
  int[] tripleCodes() {
    return tripleCodes;
  }

  /// Index of the first triple code of block 0 of `token`; the next block is [#TRIPLE_STRIDE]
  /// further.
  int tripleAt(int token) {
    return codeAt(token) / TOKEN_CODES * TRIPLES;
  }

  /// Makes the triple codes of a row whose codes are there.
  void putTriples(int token) {
    int from = codeAt(token);
    int to = tripleAt(token);
    for (int block = 0; block < blocks; block++, from += BLOCK_STRIDE, to += TRIPLE_STRIDE) {
      putTriples(from, to);
      putTriples(from + TOKEN_CODES / 2, to + TRIPLE_RUN);
    }
  }

  private void putTriples(int from, int to) {
    int last = codes[from + TOKEN_CODES / 2 - 1];
    int sum = last;
    for (int k = 0; k < 5; k++) {
      int first = codes[from + 3 * k];
      int second = codes[from + 3 * k + 1];
      int third = codes[from + 3 * k + 2];
      sum += first + second + third;
      int at = to + 1 + 4 * k;
      tripleCodes[at] = first;
      tripleCodes[at + 1] = twice(second - 32 * first);
      tripleCodes[at + 2] = twice(third - 32 * second);
      tripleCodes[at + 3] = twice((last << k) - 32 * third);
    }
    tripleCodes[to] = twice(-16 * sum);
  }

  /// Codes that are floats, where they are kept.
  float[] floatCodes() {
    return floatCodes;
  }

  /// Index of the first of the 32 codes of block 0 of `token`; the next block is [#BLOCK_STRIDE]
  /// further.
  int codeAt(int token) {
    int row = first + token;
    return row / BUNDLE * blocks * BLOCK_STRIDE + row % BUNDLE * TOKEN_CODES;
  }

  /// What is taken off a code for each unit of the one before it, by column; see the class.
  static int[] carries(InputForm form) {
    return switch (form) {
      case CARRIED_CODES -> CARRIES;
      case PAIRED_CODES -> PAIRED_CARRIES;
      case CODES, FLOATS, TRIPLE_CODES, FLOAT_CODES -> NO_CARRIES;
    };
  }

  /// A code as it was rounded, whatever form it is kept in.
  int code(InputForm form, int token, int block, int column) {
    int at = codeAt(token) + block * BLOCK_STRIDE;
    int code = 0;
    for (int c = column & -4; c <= column; c++) {
      code = (short) (codes(form)[at + c] + carries(form)[c] * code);
    }
    return code;
  }

  float scale(int token, int block) {
    return scales[scaleAt(token) + block * BUNDLE];
  }

  /// Scale of each block.
  float[] scales() {
    return scales;
  }

  /// Σ code of the first and of the last 16 columns of each block: `[block, 2, 8]`.
  float[] sums() {
    return sums;
  }

  /// Scale · Σ code of each block: what a shift of its weights is multiplied with.
  float[] shiftFactors() {
    return shiftFactors;
  }

  /// Takes scale and sums of a block.
  ///
  /// @param at index of its scale
  void putScale(int at, float scale, int firstSum, int secondSum) {
    scales[at] = scale;
    offsets[at] = twice(-8 * (firstSum + secondSum));
    int first = sumAt(at);
    sums[first] = firstSum;
    sums[first + BUNDLE] = secondSum;
    shiftFactors[at] = scale * (firstSum + secondSum);
  }

  /// Index of the first sum of the block whose scale is at `scaleAt`.
  static int sumAt(int scaleAt) {
    return 2 * scaleAt - scaleAt % BUNDLE;
  }

  /// −8 · Σ code of each block, doubled like a code: what the offset of Q4_0's nibbles comes to.
  int[] offsets() {
    return offsets;
  }

  /// −32 · Σ code of each eight columns, doubled like a code: what the offset of the weights of
  /// paired codes comes to.
  int[] runOffsets() {
    return runOffsets;
  }

  /// Index of the first of a block whose scale is at `scaleAt`; the next are [#BUNDLE] further.
  static int runOffsetAt(int scaleAt) {
    return RUNS * scaleAt - (RUNS - 1) * (scaleAt % BUNDLE);
  }

  /// Writes the [#runOffsets] of a block whose paired codes are there.
  void putRunOffsets(int codeAt, int scaleAt) {
    int at = runOffsetAt(scaleAt);
    for (int c = codeAt; c < codeAt + Tiles.COLS; c += RUN, at += BUNDLE) {
      int first = pairedCodes[c] + pairedCodes[c + 2] + pairedCodes[c + 4];
      int second = pairedCodes[c + 1] + pairedCodes[c + 3] + pairedCodes[c + 5];
      int alone = pairedCodes[c + 6] + pairedCodes[c + 7];
      // A second code of a pair lacks 64 times the first one.
      runOffsets[at] = twice(-32 * (65 * first + second + alone));
    }
  }

  /// Index of scale and offset of block 0 of `token`; the next block is [#BUNDLE] further.
  int scaleAt(int token) {
    int row = first + token;
    return row / BUNDLE * blocks * BUNDLE + row % BUNDLE;
  }

  /// The short of the low 16 bits in both halves of an int.
  static int twice(int value) {
    return (value & 0xffff) * 0x10001;
  }

  /// @throws IllegalArgumentException if `w` can not be multiplied with `tokens` rows of this
  void check(PackedMatrix w, int fromGroup, int toGroup, int tokens) {
    if (w.cols() != cols || !has(w.dtype().input())) {
      throw new IllegalArgumentException(
          "w is %s[%d, %d], x is %s[·, %d]"
              .formatted(w.dtype(), w.rows(), w.cols(), Arrays.toString(forms), cols));
    }
    Objects.checkFromToIndex(fromGroup, toGroup, w.groups());
    Objects.checkFromIndexSize(0, tokens, maxTokens);
  }
}
