package dllama.engine;

import dllama.tensor.Kernels;

/// Adds arrays as a binary tree over neighbours, ((0 + 1) + (2 + 3)) + …, for a power of two of
/// them:
///
/// ```
/// for (int i = 0; i < addends; i++) {
///   fill sum.place(i);
///   sum.add(i, 0, size);
/// }
/// sum.total();
/// ```
///
/// Every branch is added as soon as it is complete, so that there are no more places than the tree
/// has levels. Values are summed independently of each other; threads may have a part each.
final class TreeSum {
  private final Kernels kernels;
  private final float[][] levels;

  TreeSum(Kernels kernels, int addends, int size) {
    this.kernels = kernels;
    levels = new float[Integer.bitCount(addends - 1) + 1][size];
  }

  float[] total() {
    return levels[0];
  }

  /// Where `addend` has to be put: behind the branches that are complete but not added yet, of
  /// which there is one for every bit of its number.
  float[] place(int addend) {
    return levels[Integer.bitCount(addend)];
  }

  /// Adds all branches that are complete with `addend`, `size` values from `at` on.
  void add(int addend, int at, int size) {
    int level = Integer.bitCount(addend);
    for (int rest = addend; (rest & 1) != 0; rest >>= 1, level--) {
      kernels.add(levels[level - 1], at, levels[level], at, size);
    }
  }
}
