package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;

/// An element type of tensors, of exchanged partials and of cached keys and values: how blocks of
/// values stand in a file, how the kernels' layout is made of them, and how they are multiplied.
///
/// All that is special to a type is in its class, and named in the list below; the rest of the
/// program asks it. [#dot] is the specification of its products; [#decodeProducts] and
/// [#prefillProducts] are its vector kernels, which have the same bits. Stateless.
@SuppressWarnings("ClassInitializationDeadlock") // nobody reaches a type's class but through here
public abstract class DType {
  public static final DType F32 = new F32();
  public static final DType F16 = new F16();
  public static final DType BF16 = new BF16();
  public static final DType Q4_0 = new Q4_0();
  public static final DType Q4_1 = new Q4_1();
  public static final DType Q5_0 = new Q5_0();
  public static final DType Q5_1 = new Q5_1();
  public static final DType Q8_0 = new Q8_0();
  public static final DType Q2_K = new Q2_K();
  public static final DType Q3_K = new Q3_K();
  public static final DType Q4_K = new Q4_K();
  public static final DType Q5_K = new Q5_K();
  public static final DType Q6_K = new Q6_K();
  public static final DType IQ4_NL = new IQ4_NL();
  public static final DType IQ4_XS = new IQ4_XS();
  public static final DType MXFP4 = new MXFP4();

  private static final List<DType> ALL =
      List.of(
          F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL,
          IQ4_XS, MXFP4);

  private final String name;
  private final int blockSize;
  private final int blockBytes;
  private final InputForm input;

  /// Binary logarithm of the tiles of a block.
  private final int tilesShift;

  /// @param blockSize values of a block: 1, or, where they share what scales them, 32 or a power of
  ///     two above
  /// @param blockBytes of a block in a file
  /// @param input what the other factor of products has to be like
  DType(String name, int blockSize, int blockBytes, InputForm input) {
    this.name = name;
    this.blockSize = blockSize;
    this.blockBytes = blockBytes;
    this.input = input;
    if (Integer.bitCount(blockSize) != 1) {
      throw new IllegalArgumentException("blockSize=" + blockSize);
    }
    tilesShift = Integer.numberOfTrailingZeros(Math.max(Tiles.COLS, blockSize) / Tiles.COLS);
  }

  /// All types of weights.
  public static List<DType> all() {
    return ALL;
  }

  /// The type of a name as [#name] gives it, whatever its case and with or without underscores:
  /// `q40` is Q4_0.
  ///
  /// @throws IllegalArgumentException for an unknown one
  public static DType named(String name) {
    return ALL.stream()
        .filter(type -> plain(type.name).equals(plain(name)))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no type " + name));
  }

  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replace("_", "");
  }

  /// As the field calls it, such as Q4_0.
  public final String name() {
    return name;
  }

  @Override
  public final String toString() {
    return name;
  }

  /// As on the command line and in JSON, such as q40.
  public final String option() {
    return plain(name);
  }

  /// Values of a block; a row of a matrix is a whole number of blocks.
  public final int blockSize() {
    return blockSize;
  }

  /// Bytes of a block in a file.
  public final int blockBytes() {
    return blockBytes;
  }

  /// Whether values share a scale per block.
  public final boolean quantized() {
    return blockSize > 1;
  }

  /// Columns of a matrix may be cut at multiples of this: packed, a block that is longer than a
  /// tile falls into parts that can be computed with alone.
  public int columnUnit() {
    return Math.min(blockSize, Tiles.COLS);
  }

  /// Bytes of `elements` values in a file.
  ///
  /// @throws IllegalArgumentException if they are not whole blocks
  public final long byteSize(long elements) {
    if (elements % blockSize != 0) {
      throw new IllegalArgumentException(
          "elements=%d is not a multiple of %d".formatted(elements, blockSize));
    }
    return elements / blockSize * blockBytes;
  }

  /// What the other factor of products has to be like.
  final InputForm input() {
    return input;
  }

  /// The form that products with one token need.
  InputForm inputOfOne() {
    return input;
  }

  /// The form that products with more than a bundle of tokens need.
  InputForm inputOfMany() {
    return input;
  }

  /// Bytes of a tile of 32 rows × 32 columns as [#packTile] makes it.
  int tileBytes() {
    return Tiles.ROWS * Tiles.COLS / blockSize * blockBytes;
  }

  /// Bytes of what the tiles of a block have in common ([#packShared]).
  int sharedBytes() {
    return 0;
  }

  /// Successive tiles of a group that have these bytes once, in front of them: a *stripe*. Those of
  /// a block, or each tile alone where columns are cut through blocks.
  private int stripe(int cols) {
    return 1 << stripeShift(cols);
  }

  /// Its binary logarithm: kernels ask for each few blocks, and divisions are slow.
  private int stripeShift(int cols) {
    return (cols & (blockSize - 1)) == 0 ? tilesShift : 0;
  }

  /// Bytes of a group of 32 rows.
  final long groupBytes(int cols) {
    return sharedAt(cols, Math.ceilDiv(cols, Tiles.COLS));
  }

  /// Byte of a group where the tile of 32 columns begins.
  final long tileAt(int cols, int block) {
    int inStripe = block & (stripe(cols) - 1);
    return sharedAt(cols, block) + sharedBytes() + (long) inStripe * tileBytes();
  }

  /// Byte of a group where the shared bytes of this tile begin.
  final long sharedAt(int cols, int block) {
    int shift = stripeShift(cols);
    return (block >> shift) * (sharedBytes() + ((long) tileBytes() << shift));
  }

  /// Bytes from a tile to the next of the same block.
  final int tileStep(int cols) {
    return tileBytes() + (stripe(cols) > 1 ? 0 : sharedBytes());
  }

  /// The same of their shared bytes: none where they are the same.
  final int sharedStep(int cols) {
    return stripe(cols) > 1 || sharedBytes() == 0 ? 0 : sharedBytes() + tileBytes();
  }

  /// Packs what the tiles of a block share, of 32 rows; as [#packTile].
  void packShared(byte[] lines, int at, int stride, byte[] tiles, int to) {}

  /// Packs a tile: the same columns of 32 rows.
  ///
  /// @param lines blocks as a file has them
  /// @param at byte of the block of the first row that holds the columns
  /// @param stride bytes from a row to the next
  /// @param part which 32 columns of the block it is, 0 unless blocks are longer than a tile
  abstract void packTile(byte[] lines, int at, int stride, int part, byte[] tiles, int to);

  /// The product of a row of packed weights with a token's input; every rounding is written out.
  abstract float dot(PackedMatrix w, int row, Activations x, int token);

  /// Vector kernels for one token that are worth trying on this machine, the best known first. A
  /// type without any is computed with [#dot].
  List<VectorProduct> decodeProducts() {
    return List.of();
  }

  /// The same for a bundle of tokens.
  List<VectorProduct> prefillProducts() {
    return decodeProducts();
  }

  /// `sum = values`, or `sum += values` when `accumulate`: exactly what `size` values from byte
  /// `at` on stand for.
  public abstract void decode(
      MemorySegment from, long at, int size, boolean accumulate, float[] sum, int sumAt);

  /// Writes `size` values, whole blocks, from byte `at` on, rounded as the type needs.
  ///
  /// @throws IllegalArgumentException if nothing rounds to this type
  public void encode(float[] x, int xAt, int size, MemorySegment to, long at) {
    throw new IllegalArgumentException("nothing rounds to " + name);
  }

  /// The same for weights: as distributed-llama's converter rounds them. Values have to be numbers,
  /// and none larger than [#largest].
  ///
  /// @throws IllegalArgumentException if nothing rounds to this type
  public void round(float[] x, int xAt, int size, MemorySegment to, long at) {
    encode(x, xAt, size, to, at);
  }

  /// The largest magnitude that [#round] can take.
  public float largest() {
    return Float.MAX_VALUE;
  }

  /// Whether all values of whole blocks are numbers; where they share scales, these tell.
  abstract boolean isFinite(MemorySegment blocks);

  /// Appends a block of made-up values with mean 0 and standard deviation `deviation`.
  ///
  /// @param bits random ones
  public abstract void noise(LongSupplier bits, float deviation, ByteBuffer to);

  /// The same from `blockBytes / 8` random words at most, as quickly as possible; the mean may be a
  /// little off.
  public void quickNoise(LongSupplier bits, double deviation, ByteBuffer to) {
    noise(bits, (float) deviation, to);
  }

  /// @throws IllegalArgumentException if `size` values are not whole blocks
  final void checkBlocks(int size) {
    if (size % blockSize != 0) {
      throw new IllegalArgumentException("size=" + size + " is not whole blocks");
    }
  }
}
