package dllama.tokenizer;

import java.util.Arrays;
import java.util.PriorityQueue;

/// The merging half of byte-pair encoding. Regular pieces are runs of one text, kept as a doubly
/// linked list in arrays; candidates wait in a heap and are dropped when one of their halves has
/// changed meanwhile.
final class PairMerger {
  /// A concatenation that is a piece: of entry `left` and the one after it, `length` bytes
  /// together.
  private record Candidate(float score, int left, int length, int id)
      implements Comparable<Candidate> {
    @Override
    public int compareTo(Candidate other) {
      int byScore = Float.compare(other.score, score);
      return byScore != 0 ? byScore : Integer.compare(left, other.left);
    }
  }

  /// Scores at or below are never merged, as in distributed-llama.
  private static final float WORST_SCORE = -1e10f;

  private static final int GAP = -1;
  private static final int MERGED = -2;

  private final byte[] text;
  private final PieceTable regular;
  private final float[] scores;
  private final PriorityQueue<Candidate> candidates = new PriorityQueue<>();

  private final int[] ids;
  private final int[] starts;
  private final int[] lengths;
  private int[] previous = {};
  private int[] next = {};
  private int count;

  PairMerger(byte[] text, PieceTable regular, float[] scores) {
    this.text = text;
    this.regular = regular;
    this.scores = scores;
    int capacity = Math.max(1, text.length);
    this.ids = new int[capacity];
    this.starts = new int[capacity];
    this.lengths = new int[capacity];
  }

  /// A piece of the text that starts at byte `start`.
  void addRegular(int id, int start, int length) {
    ids[count] = id;
    starts[count] = start;
    lengths[count] = length;
    count++;
  }

  /// A token that is never merged.
  void addSpecial(int id) {
    ids[count++] = id;
  }

  /// Bytes without a token; what stands on both sides is not adjacent.
  void addGap() {
    ids[count++] = GAP;
  }

  int[] merge() {
    previous = new int[count];
    next = new int[count];
    for (int i = 0; i < count; i++) {
      previous[i] = i - 1;
      next[i] = i + 1;
    }
    for (int i = 0; i < count; i++) {
      propose(i);
    }
    for (Candidate best = candidates.poll(); best != null; best = candidates.poll()) {
      int right = next[best.left];
      if (ids[best.left] >= 0
          && right < count
          && lengths[best.left] + lengths[right] == best.length) {
        join(best, right);
      }
    }
    return Arrays.stream(ids, 0, count).filter(id -> id >= 0).toArray();
  }

  private void join(Candidate best, int right) {
    int left = best.left;
    ids[left] = best.id;
    lengths[left] = best.length;
    ids[right] = MERGED;
    next[left] = next[right];
    if (next[right] < count) {
      previous[next[right]] = left;
    }
    propose(left);
    if (previous[left] >= 0) {
      propose(previous[left]);
    }
  }

  /// Considers entry `left` and its neighbour.
  private void propose(int left) {
    int right = next[left];
    if (right >= count || lengths[left] == 0 || lengths[right] == 0) {
      return;
    }
    int length = lengths[left] + lengths[right];
    int id = regular.find(text, starts[left], starts[left] + length);
    if (id >= 0 && scores[id] > WORST_SCORE) {
      candidates.add(new Candidate(scores[id], left, length, id));
    }
  }
}
