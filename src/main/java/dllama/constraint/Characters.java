package dllama.constraint;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// A set of characters: ranges of code points in order, apart from each other. Surrogates are none.
///
/// @param ranges pairs of first and last
record Characters(List<int[]> ranges) {
  static final Characters ALL = of(0, 0xD7FF, 0xE000, Character.MAX_CODE_POINT);
  static final Characters DIGITS = of('0', '9');
  static final Characters WORD = of('0', '9', 'A', 'Z', '_', '_', 'a', 'z');

  /// As ECMAScript has them.
  static final Characters SPACES =
      of(
          9, 0xD, ' ', ' ', 0xA0, 0xA0, 0x1680, 0x1680, 0x2000, 0x200A, 0x2028, 0x2029, 0x202F,
          0x202F, 0x205F, 0x205F, 0x3000, 0x3000, 0xFEFF, 0xFEFF);

  /// What `.` means; U+0085, because some readers of patterns leave it out.
  static final Characters NO_LINE_ENDS =
      of('\n', '\n', '\r', '\r', 0x85, 0x85, 0x2028, 0x2029).complement();

  /// Of pairs of first and last, which may overlap.
  static Characters of(int... bounds) {
    List<int[]> ranges = new ArrayList<>();
    for (int i = 0; i < bounds.length; i += 2) {
      ranges.add(new int[] {bounds[i], bounds[i + 1]});
    }
    return union(ranges);
  }

  /// Of ranges in any order.
  static Characters union(List<int[]> ranges) {
    List<int[]> sorted = new ArrayList<>(ranges);
    sorted.sort(Comparator.comparingInt(range -> range[0]));
    List<int[]> merged = new ArrayList<>();
    for (int[] range : sorted) {
      if (!merged.isEmpty() && range[0] <= merged.getLast()[1] + 1) {
        merged.getLast()[1] = Math.max(merged.getLast()[1], range[1]);
      } else {
        merged.add(range.clone());
      }
    }
    return new Characters(merged);
  }

  Characters complement() {
    List<int[]> others = new ArrayList<>();
    int from = 0;
    for (int[] range : ranges) {
      if (range[0] > from) {
        others.add(new int[] {from, range[0] - 1});
      }
      from = range[1] + 1;
    }
    if (from <= Character.MAX_CODE_POINT) {
      others.add(new int[] {from, Character.MAX_CODE_POINT});
    }
    return new Characters(others).within(0, 0xD7FF, 0xE000, Character.MAX_CODE_POINT);
  }

  /// Those that are in one of the given ranges, which are in order.
  Characters within(int... bounds) {
    List<int[]> common = new ArrayList<>();
    for (int[] range : ranges) {
      for (int i = 0; i < bounds.length; i += 2) {
        int from = Math.max(range[0], bounds[i]);
        int to = Math.min(range[1], bounds[i + 1]);
        if (from <= to) {
          common.add(new int[] {from, to});
        }
      }
    }
    return new Characters(common);
  }

  boolean contains(int character) {
    return ranges.stream().anyMatch(range -> character >= range[0] && character <= range[1]);
  }
}
