package dllama.logits;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dllama.model.Range;
import java.lang.management.ManagementFactory;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Adjusting logits makes no garbage that grows with the vocabulary: what is told, no more.
@Tag("without-agent")
class LogitsReducerAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int VOCABULARY = 32_000;
  private static final int RUNS = 100;

  @Test
  void shouldAdjustWithoutAllocation() {
    Random random = new Random(1);
    float[] logits = new float[VOCABULARY];
    for (int i = 0; i < VOCABULARY; i++) {
      logits[i] = (float) random.nextGaussian();
    }
    BitSet allowed = new BitSet();
    for (int i = 0; i < VOCABULARY; i += 1 + random.nextInt(3)) {
      allowed.set(i);
    }
    var some = new Adjustments(new int[] {5, 90}, new float[] {2, 1}, new float[] {0, -100});
    var reducer = new LogitsReducer(new Range(VOCABULARY, 2 * VOCABULARY));
    List<LogitsQuestion> questions =
        List.of(
            new LogitsQuestion.Adjusted(new LogitsWanted.Draw(1), some, allowed),
            new LogitsQuestion.Adjusted(new LogitsWanted.Best(1), some, allowed),
            new LogitsQuestion.Adjusted(
                new LogitsWanted.Given(new int[] {VOCABULARY + 1}), some, allowed),
            new LogitsQuestion.Walk(0, 1, 0.5f, 3, 1e9, 0),
            new LogitsQuestion.Unadjusted(VOCABULARY + 9, 20));
    long deadline = System.nanoTime() + 60_000_000_000L;
    long each;
    do {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < RUNS; i++) {
        reducer.reduce(new LogitsWanted.Draw(1), some, logits, 0);
        for (LogitsQuestion question : questions) {
          reducer.answer(question);
        }
      }
      each = (THREADS.getCurrentThreadAllocatedBytes() - before) / RUNS / (1 + questions.size());
    } while (each > 200 && System.nanoTime() < deadline);
    assertTrue(each <= 200, "bytes per answer: " + each);
  }
}
