package dllama.tensor;

/// What scales the codes of 32 columns of a row: a value is `scale · code + shift`. Kept as the
/// file has it, in one to three lines of shorts: those of a long block once in front of its tiles
/// ([#shared]), the others behind the planes of a tile. Made into floats where it is used; both are
/// exact.
enum TileScales {
  /// A float16.
  HALF(0, 1, 1, false),

  /// A float16, and one that is added.
  HALF_AND_SHIFT(0, 2, 1, true),

  /// A power of two, as the upper half of a float.
  POWER(0, 1, 1, false),

  /// A float16, and what it is multiplied with, a signed byte.
  PRODUCT(1, 2, 1, false),

  /// The same with a byte for each 16 columns, the first 16 low.
  PRODUCTS(1, 2, 2, false),

  /// Two float16 and two bytes: scale = first · low byte, shift = −second · high byte.
  PRODUCT_AND_SHIFT(2, 3, 1, true),

  /// The same for each 16 columns with a byte, the first 16 low: scale = first · low nibble, shift
  /// = −second · high nibble.
  PRODUCTS_AND_SHIFTS(2, 3, 2, true);

  /// What is added where nothing is: keeps even the sign of zero.
  private static final float NOTHING = -0f;

  private final int shared;
  private final int lines;
  private final int parts;
  private final boolean shifts;

  TileScales(int shared, int lines, int parts, boolean shifts) {
    this.shared = shared;
    this.lines = lines;
    this.parts = parts;
    this.shifts = shifts;
  }

  /// How many of the lines, the first ones, are those of all tiles of a block: its float16.
  int shared() {
    return shared;
  }

  /// Lines of shorts.
  int lines() {
    return lines;
  }

  /// Scales of 32 columns, one or two.
  int parts() {
    return parts;
  }

  /// Whether anything is added.
  boolean shifts() {
    return shifts;
  }

  /// @param first of the shorts of the lines, as are the other two where there are as many
  float scale(short first, short second, short third, int part) {
    return switch (this) {
      case HALF, HALF_AND_SHIFT -> Tiles.half(first);
      case POWER -> Float.intBitsToFloat(first << 16);
      case PRODUCT, PRODUCTS -> Tiles.half(first) * (byte) (second >> (8 * part));
      case PRODUCT_AND_SHIFT -> Tiles.half(first) * (third & 0xff);
      case PRODUCTS_AND_SHIFTS -> Tiles.half(first) * (third >> (8 * part) & 15);
    };
  }

  float shift(short first, short second, short third, int part) {
    return switch (this) {
      case HALF_AND_SHIFT -> Tiles.half(second);
      case PRODUCT_AND_SHIFT -> -(Tiles.half(second) * (third >> 8 & 0xff));
      case PRODUCTS_AND_SHIFTS -> -(Tiles.half(second) * (third >> (8 * part + 4) & 15));
      case HALF, POWER, PRODUCT, PRODUCTS -> NOTHING;
    };
  }
}
