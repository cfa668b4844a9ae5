package dllama.tokenizer;

import java.util.Arrays;

/// A set of characters, by their classes or one by one.
@FunctionalInterface
interface CharSet {
  boolean has(CodePoints text, int index);

  /// Those of any of some classes of [CodePoints].
  static CharSet of(int classes) {
    return (text, index) -> text.is(index, classes);
  }

  /// Those of none of some classes.
  static CharSet not(int classes) {
    return (text, index) -> !text.is(index, classes);
  }

  /// Those of a list.
  static CharSet chars(String chars) {
    return (text, index) -> chars.indexOf(text.codePoint(index)) >= 0;
  }

  /// Those of ranges: pairs of first and last characters, in order.
  static CharSet ranges(String pairs) {
    int[] borders = pairs.codePoints().toArray();
    for (int i = 1; i < borders.length; i += 2) {
      borders[i]++; // now the set is left at every second border
    }
    return (text, index) -> {
      int found = Arrays.binarySearch(borders, text.codePoint(index));
      int passed = found >= 0 ? found + 1 : -found - 1;
      return passed % 2 == 1;
    };
  }

  default CharSet or(CharSet other) {
    return (text, index) -> has(text, index) || other.has(text, index);
  }

  default CharSet without(CharSet other) {
    return (text, index) -> has(text, index) && !other.has(text, index);
  }

  /// Where a run of these characters ends that begins at `from`.
  default int run(CodePoints text, int from, int limit) {
    int end = from;
    while (end < limit && has(text, end)) {
      end++;
    }
    return end;
  }
}
