package dllama.engine;

import dllama.model.Range;
import dllama.tensor.Kernels;
import java.util.List;

/// Adds arrays as a binary tree over neighbours, ((0 + 1) + (2 + 3)) + …; what is added may be
/// leaves of that tree or whole branches, and what is left are the branches that they make up:
///
/// ```
/// for (int i = 0; i < addends; i++) {
///   fill sum.place(i);
///   sum.add(i, 0, size);
/// }
/// sum.branch(0), sum.branch(1), …
/// ```
///
/// Every branch is added as soon as it is complete, so that there are no more places than the tree
/// has levels. Values are summed independently of each other; threads may have a part each.
final class TreeSum {
  private final Kernels kernels;
  private final float[][] levels;

  /// Of each addend: its level, and how many branches are complete with it.
  private final int[] level;

  private final int[] complete;

  /// @param addends branches of the tree, one behind the other
  /// @param levels memory for the sums, as many as [#levels] says or more
  TreeSum(Kernels kernels, List<Range> addends, float[][] levels) {
    this.kernels = kernels;
    this.levels = levels;
    level = new int[addends.size()];
    complete = new int[addends.size()];
    var open = new Open();
    for (int i = 0; i < level.length; i++) {
      level[i] = open.depth;
      complete[i] = open.push(addends.get(i));
    }
  }

  /// Arrays that are needed for such addends.
  static int levels(List<Range> addends) {
    var open = new Open();
    int most = 0;
    for (Range addend : addends) {
      most = Math.max(most, open.depth + 1);
      open.push(addend);
    }
    return most;
  }

  /// The branches that are complete but not added yet, from the largest on.
  private static final class Open {
    private final Range[] branches = new Range[Integer.SIZE + 1];
    private int depth;

    /// @return how many branches are complete with this one
    int push(Range addend) {
      branches[depth++] = addend;
      int complete = 0;
      while (depth > 1 && areSiblings(branches[depth - 2], branches[depth - 1])) {
        depth--;
        branches[depth - 1] = new Range(branches[depth - 1].from(), branches[depth].to());
        complete++;
      }
      return complete;
    }

    private static boolean areSiblings(Range left, Range right) {
      return left.size() == right.size() && left.from() % (2 * left.size()) == 0;
    }
  }

  /// What is left, when all is added: the sum of all, or of the `index`th branch.
  float[] branch(int index) {
    return levels[index];
  }

  /// Where `addend` has to be put.
  float[] place(int addend) {
    return levels[level[addend]];
  }

  /// Adds all branches that are complete with `addend`, `size` values from `at` on.
  void add(int addend, int at, int size) {
    int last = level[addend];
    for (int i = 0; i < complete[addend]; i++, last--) {
      kernels.add(levels[last - 1], at, levels[last], at, size);
    }
  }
}
