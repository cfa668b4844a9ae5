package dllama.generation;

import dllama.logits.Adjustments;
import dllama.sampling.Penalties;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/// Makes adjustments of logits out of penalties, bias and the text so far. Keeps nothing of the
/// text, so a step that is done again has the same ones.
final class TokenAdjuster {
  private final Penalties penalties;
  private final Map<Integer, Float> bias;

  private static final class Entry {
    float factor = 1;
    float addend;
  }

  TokenAdjuster(Penalties penalties, Map<Integer, Float> bias) {
    this.penalties = penalties;
    this.bias = bias;
  }

  /// What logits of the next token become.
  ///
  /// @param tokens prompt and answer, and room for more
  /// @param answer where the answer begins
  /// @param end where it ends so far
  Adjustments next(int[] tokens, int answer, int end) {
    if (penalties.isNone() && bias.isEmpty()) {
      return Adjustments.NONE;
    }
    Map<Integer, Entry> entries = new TreeMap<>();
    bias.forEach((token, addend) -> entry(entries, token).addend = addend);
    if (penalties.repeats()) {
      for (int i = Math.max(0, end - penalties.repeatLast()); i < end; i++) {
        entry(entries, tokens[i]).factor = penalties.repeat();
      }
    }
    if (penalties.counts()) {
      count(tokens, Math.max(answer, end - Penalties.ANSWER_WINDOW), end, entries);
    }
    return of(entries);
  }

  private void count(int[] tokens, int from, int end, Map<Integer, Entry> entries) {
    int[] sorted = Arrays.copyOfRange(tokens, from, end);
    Arrays.sort(sorted);
    for (int i = 0; i < sorted.length; ) {
      int first = i;
      while (i < sorted.length && sorted[i] == sorted[first]) {
        i++;
      }
      entry(entries, sorted[first]).addend -=
          penalties.presence() + (i - first) * penalties.frequency();
    }
  }

  private static Entry entry(Map<Integer, Entry> entries, int token) {
    return entries.computeIfAbsent(token, _ -> new Entry());
  }

  private static Adjustments of(Map<Integer, Entry> entries) {
    int[] tokens = new int[entries.size()];
    float[] factors = new float[tokens.length];
    float[] addends = new float[tokens.length];
    int at = 0;
    for (Map.Entry<Integer, Entry> entry : entries.entrySet()) {
      tokens[at] = entry.getKey();
      factors[at] = entry.getValue().factor;
      addends[at++] = entry.getValue().addend;
    }
    return new Adjustments(tokens, factors, addends);
  }
}
