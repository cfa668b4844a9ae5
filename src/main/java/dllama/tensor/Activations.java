package dllama.tensor;

import java.util.Arrays;
import java.util.Objects;

/// A batch of input rows `[maxTokens, cols]` of matrix products, in the form that weights of one
/// type need.
///
/// Filled row by row with [Kernels#load], read by [Kernels#matmul]. Rows of a batch may be loaded
/// by different threads.
///
/// For F32 and F16 weights: floats `[maxTokens, cols padded to 32, and a cache line more]`.
///
/// For Q40 and Q80 weights, in bundles of eight tokens: codes `[bundle, block, 9, 32]`, of which
/// eight are used (the ninth keeps one token's blocks out of the same few cache sets), scales and
/// offsets `[bundle, block, 8]`. A code is an int that holds the same short twice, so that a
/// broadcast of ints is one of shorts; it comes from an array because that is the access that fills
/// least of what the compiler takes into one method.
///
/// For Q40 weights the codes of four neighbouring columns, a₀ … a₃, are kept as a₀, a₁ − 16·a₀,
/// a₂ − 16·a₁, a₃ − 16·a₂. Then no kernel has to cut the nibbles w₀ … w₃ out of their short v,
/// because modulo 2^16 it is
///
/// ```
/// w₀·a₀ + w₁·a₁ + w₂·a₂ + w₃·a₃ =
///     v·a₀ + (v >>> 4)·(a₁ − 16·a₀) + (v >>> 8)·(a₂ − 16·a₁) + (v >>> 12)·(a₃ − 16·a₂)
/// ```
public final class Activations {
  /// Tokens that stand side by side.
  public static final int BUNDLE = 8;

  /// Codes of one token's block.
  static final int TOKEN_CODES = DType.BLOCK;

  /// Distance between the codes of one block of a bundle and the next.
  static final int BLOCK_STRIDE = (BUNDLE + 1) * TOKEN_CODES;

  /// Floats of a cache line.
  private static final int CACHE_LINE = 16;

  private static final int[] Q40_CARRIES = new int[DType.BLOCK];
  private static final int[] NO_CARRIES = new int[DType.BLOCK];

  static {
    Arrays.setAll(Q40_CARRIES, column -> column % 4 == 0 ? 0 : 16);
  }

  private final DType weightType;
  private final int first;
  private final int maxTokens;
  private final int cols;
  private final int blocks;
  private final int valueStride;
  private final float[] values;
  private final int[] codes;
  private final float[] scales;
  private final int[] offsets;
  private final int[] carries;

  /// @throws IllegalArgumentException if `cols` is not a multiple of 32 for a quantized type
  public Activations(DType weightType, int maxTokens, int cols) {
    if (maxTokens <= 0 || cols <= 0 || (weightType.quantized() && cols % DType.BLOCK != 0)) {
      throw new IllegalArgumentException(
          "maxTokens=%d cols=%d for weightType=%s".formatted(maxTokens, cols, weightType));
    }
    this.weightType = weightType;
    first = 0;
    this.maxTokens = maxTokens;
    this.cols = cols;
    blocks = (cols + DType.BLOCK - 1) / DType.BLOCK;
    boolean quantized = weightType.quantized();
    long perBundle = (maxTokens + BUNDLE - 1L) / BUNDLE * blocks;
    valueStride = blocks * DType.BLOCK + CACHE_LINE;
    values = new float[quantized ? 0 : Math.toIntExact((long) maxTokens * valueStride)];
    codes = new int[quantized ? Math.toIntExact(perBundle * BLOCK_STRIDE) : 0];
    scales = new float[quantized ? Math.toIntExact(perBundle * BUNDLE) : 0];
    offsets = new int[scales.length];
    carries = weightType == DType.Q40 ? Q40_CARRIES : NO_CARRIES;
  }

  private Activations(Activations whole, int first) {
    weightType = whole.weightType;
    this.first = whole.first + first;
    maxTokens = whole.maxTokens - first;
    cols = whole.cols;
    blocks = whole.blocks;
    valueStride = whole.valueStride;
    values = whole.values;
    codes = whole.codes;
    scales = whole.scales;
    offsets = whole.offsets;
    carries = whole.carries;
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

  public DType weightType() {
    return weightType;
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

  int[] codes() {
    return codes;
  }

  /// Index of the first of the 32 codes of block 0 of `token`; the next block is [#BLOCK_STRIDE]
  /// further.
  int codeAt(int token) {
    int row = first + token;
    return row / BUNDLE * blocks * BLOCK_STRIDE + row % BUNDLE * TOKEN_CODES;
  }

  /// The code of a column of the block whose codes begin with `at`.
  short code(int at, int column) {
    return (short) codes[at + column];
  }

  void setCode(int at, int column, int code) {
    codes[at + column] = twice(code);
  }

  /// Scale of each block.
  float[] scales() {
    return scales;
  }

  /// −8 · Σ code of each block, doubled like a code: what the offset of Q40's nibbles comes to.
  int[] offsets() {
    return offsets;
  }

  /// Index of scale and offset of block 0 of `token`; the next block is [#BUNDLE] further.
  int scaleAt(int token) {
    int row = first + token;
    return row / BUNDLE * blocks * BUNDLE + row % BUNDLE;
  }

  /// What is taken off a code for each unit of the one before it, by column; see the class.
  int[] carries() {
    return carries;
  }

  /// The short of the low 16 bits in both halves of an int.
  static int twice(int value) {
    return (value & 0xffff) * 0x10001;
  }

  /// @throws IllegalArgumentException if `w` can not be multiplied with `tokens` rows of this
  void check(PackedMatrix w, int fromGroup, int toGroup, int tokens) {
    if (w.cols() != cols || w.dtype().quantized() != weightType.quantized()) {
      throw new IllegalArgumentException(
          "w is %s[%d, %d], x is for %s[·, %d]"
              .formatted(w.dtype(), w.rows(), w.cols(), weightType, cols));
    }
    Objects.checkFromToIndex(fromGroup, toGroup, w.groups());
    Objects.checkFromIndexSize(0, tokens, maxTokens);
  }
}
