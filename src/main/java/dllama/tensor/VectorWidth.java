package dllama.tensor;

import jdk.incubator.vector.VectorShape;

/// How wide vectors are, decided once in a process, when [Vectors] is first used: the compiler has
/// to know it, so it is a constant of that class.
final class VectorWidth {
  /// The setting of that name, where it is given as a property; so it may ask for more than there
  /// is.
  private static final String WANTED = "dllama.vector.bits";

  static final int NARROWEST = 128;
  private static final int WIDEST = 512;
  private static volatile int most = WIDEST;

  private VectorWidth() {}

  /// Uses no wider vectors than these; too late once kernels are in use.
  static void limit(int bits) {
    most = bits;
  }

  /// The machine's, or what is asked for: code for vectors that it has not is slow, but right.
  static int bits() {
    int machine = VectorShape.preferredShape().vectorBitSize();
    int bits = wanted() > 0 ? wanted() : Math.min(machine, most);
    return Integer.highestOneBit(Math.min(bits, WIDEST));
  }

  private static int wanted() {
    String wanted = System.getProperty(WANTED, "");
    return wanted.matches("\\d{1,4}") ? Integer.parseInt(wanted) : 0;
  }
}
