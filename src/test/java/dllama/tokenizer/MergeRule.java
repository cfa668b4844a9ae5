package dllama.tokenizer;

import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.List;

/// The merging half of encoding as the rule is worded: all pairs are searched before every merge.
final class MergeRule {
  private MergeRule() {}

  /// @param ids changed by merging
  /// @param end ids from here on are neither merged nor merged to
  static int[] merge(Vocabulary vocabulary, List<Integer> ids, int end) {
    while (true) {
      int best = -1;
      int bestAt = -1;
      for (int i = 0; i + 1 < ids.size(); i++) {
        int left = ids.get(i);
        int right = ids.get(i + 1);
        if (left >= end || right >= end) {
          continue;
        }
        int id = find(vocabulary, vocabulary.text(left) + vocabulary.text(right), end);
        if (id >= 0 && (best < 0 || vocabulary.scores()[id] > vocabulary.scores()[best])) {
          best = id;
          bestAt = i;
        }
      }
      if (best < 0) {
        return ids.stream().mapToInt(Integer::intValue).toArray();
      }
      ids.set(bestAt, best);
      ids.remove(bestAt + 1);
    }
  }

  /// The lowest id below `end` of a piece; −1 if there is none.
  static int find(Vocabulary vocabulary, String piece, int end) {
    for (int id = 0; id < end; id++) {
      if (vocabulary.text(id).equals(piece)) {
        return id;
      }
    }
    return -1;
  }
}
