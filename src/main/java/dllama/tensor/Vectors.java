package dllama.tensor;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// The machine's vector width and the conversions that the kernels share.
///
/// What the compiler needs of all code here: vectors live in local variables only (in fields and
/// arrays they are boxed), and loops stay rolled. When a compiled method has grown to some 50 to 70
/// Vector API calls, the compiler inlines no more calls of ours, only the API's own, and boxes what
/// is passed to them; so the long kernels call the API directly instead of the helpers below, and
/// methods that must not be inlined into each other are named in jvm.options.
final class Vectors {
  private static final int BITS = Math.min(VectorShape.preferredShape().vectorBitSize(), 512);
  private static final VectorShape SHAPE = VectorShape.forBitSize(Integer.highestOneBit(BITS));

  static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, SHAPE);
  static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, SHAPE);
  static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, SHAPE);

  /// As many shorts as there are ints in [#INTS].
  static final VectorSpecies<Short> HALF_SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(SHAPE.vectorBitSize() / 2));

  static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  /// Lanes of a vector of shorts: 32 at 512 bit, so that one vector is a line of a tile.
  static final int L = SHORTS.length();

  /// Lanes of a vector of floats.
  static final int F = FLOATS.length();

  private Vectors() {}

  static ShortVector shorts(MemorySegment from, long at) {
    return ShortVector.fromMemorySegment(SHORTS, from, at, ORDER);
  }

  static FloatVector floats(MemorySegment from, long at) {
    return FloatVector.fromMemorySegment(FLOATS, from, at, ORDER);
  }

  /// The low short of each int as a float.
  static FloatVector low(IntVector pairs) {
    return (FloatVector) pairs.lanewise(LSHL, 16).lanewise(ASHR, 16).convert(I2F, 0);
  }

  /// The high short of each int as a float.
  static FloatVector high(IntVector pairs) {
    return (FloatVector) pairs.lanewise(ASHR, 16).convert(I2F, 0);
  }

  /// The float16 in the high half of each int as a float; the low half does not matter. As
  /// [Tiles#half].
  static FloatVector highHalf(IntVector pairs) {
    IntVector magnitude = pairs.and(0x7fff0000).lanewise(LSHR, 3);
    return magnitude
        .reinterpretAsFloats()
        .mul(0x1p112f)
        .reinterpretAsInts()
        .or(pairs.and(0x80000000))
        .reinterpretAsFloats();
  }

  /// The float16 in the low half of each int as a float.
  static FloatVector lowHalf(IntVector pairs) {
    return highHalf(pairs.lanewise(LSHL, 16));
  }
}
