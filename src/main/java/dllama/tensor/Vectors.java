package dllama.tensor;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.MIN;

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
///
/// Kernels are compiled after a few calls, before the compiler has seen what classes the Vector
/// API's own methods meet. So the class of a vector that a method is called of must follow from the
/// code: it does for what was just read, made or computed, and not for what a loop carries around.
/// That is an argument, never the receiver: `x.add(sum)` and not `sum.add(x)`, and where there is
/// nothing to be called of, `zero.or(carried)`, for which no instruction is made. Else the compiler
/// would leave the call as it is and box for good (`KernelAllocationTest`).
///
/// Conversions name their species (`convertShape`): `convert` asks the vector for it, at a place
/// that all callers share, so the profile there knows two classes, and in one process of three the
/// compiler built code for both and boxed.
final class Vectors {
  private static final VectorShape SHAPE = VectorShape.forBitSize(VectorWidth.bits());

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

  /// What makes a tiny half a half: the difference of the exponents' zeros.
  static final float REBIAS = 0x1p112f;

  private Vectors() {}

  /// All of the process' memory.
  ///
  /// Weights and caches are read by address, without a look at bounds: those are checked once per
  /// call of a kernel. Checked one by one, the reads make the compiler split each inner loop in
  /// pieces, and a third of all instructions goes into that.
  @SuppressWarnings("restricted") // native access is one of the flags in jvm.options
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  /// More than any address of a process; the compiler leaves a check out where it knows the answer.
  static final long ADDRESSES = (1L << 56) - 1;

  static ShortVector shorts(long address) {
    return shorts(address, 0);
  }

  /// @param offset the counter of a loop, which the compiler knows to be positive
  static ShortVector shorts(long address, int offset) {
    return ShortVector.fromMemorySegment(SHORTS, ALL, (address & ADDRESSES) + offset, ORDER);
  }

  static FloatVector floats(long address) {
    return FloatVector.fromMemorySegment(FLOATS, ALL, address & ADDRESSES, ORDER);
  }

  static ShortVector halfShorts(long address) {
    return ShortVector.fromMemorySegment(HALF_SHORTS, ALL, address & ADDRESSES, ORDER);
  }

  /// A code of [Activations] in all lanes.
  static ShortVector broadcast(int code) {
    return IntVector.broadcast(INTS, code).reinterpretAsShorts();
  }

  /// The float16 in the high half of each int as a float; the low half does not matter. As
  /// [Tiles#half].
  ///
  /// Sign, exponent and fraction are moved to where a float has them, and the exponent gets its
  /// other zero by an addition of ints. What has no leading one in a half was given one thereby: n
  /// is 2^-15 + v / 2, and v = 2n − 2^-14, which is more than n wherever n was right. A
  /// multiplication by 2^112 would do all that in one, but takes floats without a leading one, and
  /// some processors need more than a hundred cycles for those.
  static FloatVector highHalf(IntVector pairs) {
    IntVector moved = pairs.lanewise(LSHR, 3).and(IntVector.broadcast(INTS, 0x0fffe000));
    IntVector n = moved.add(IntVector.broadcast(INTS, 0x38000000));
    FloatVector two = FloatVector.broadcast(FLOATS, 2);
    FloatVector value = n.reinterpretAsFloats().fma(two, FloatVector.broadcast(FLOATS, -0x1p-14f));
    IntVector sign = pairs.and(IntVector.broadcast(INTS, 0x80000000));
    return n.lanewise(MIN, value.reinterpretAsInts()).or(sign).reinterpretAsFloats();
  }

  /// The float16 in the low half of each int as a float.
  static FloatVector lowHalf(IntVector pairs) {
    return highHalf(pairs.lanewise(LSHL, 16));
  }

  /// 2^-112 times [#highHalf], with fewer operations: sign, exponent and fraction are where a float
  /// has them, but the exponent counts from another zero.
  static FloatVector tinyHighHalf(IntVector pairs) {
    return pairs.lanewise(ASHR, 3).and(0x8fffe000).reinterpretAsFloats();
  }

  /// 2^-112 times [#lowHalf].
  static FloatVector tinyLowHalf(IntVector pairs) {
    return tinyHighHalf(pairs.lanewise(LSHL, 16));
  }
}
