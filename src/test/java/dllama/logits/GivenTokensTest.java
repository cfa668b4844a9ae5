package dllama.logits;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.logits.LogitsPart.Given;
import dllama.model.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GivenTokensTest {
  private static final float[][] ROWS = {
    {0, (float) Math.log(3), (float) Math.log(4), 0}, {5, 5, 5, 5}
  };

  private static double[] logprobs(int ranks, int[] tokens, float[]... rows) {
    var wanted = new LogitsWanted.Given(tokens);
    return FullLogits.told(wanted, Adjustments.NONE, ranks, new ArrayList<>(), rows).given(wanted);
  }

  @Test
  void shouldTellLogProbabilities() {
    for (int ranks : new int[] {1, 2, 4}) {
      double[] told = logprobs(ranks, new int[] {1, 3}, ROWS);
      assertEquals(Math.log(3 / 9.0), told[0], 1e-7);
      assertEquals(Math.log(1 / 4.0), told[1], 1e-7);
    }
  }

  @Test
  void shouldGiveTheSameBitsHoweverTheVocabularyIsCut() {
    Random random = new Random(1);
    float[][] rows = new float[LogitsWanted.Given.MAX_ROWS][1003];
    int[] tokens = new int[rows.length];
    for (int row = 0; row < rows.length; row++) {
      for (int i = 0; i < rows[row].length; i++) {
        rows[row][i] = (float) (20 * random.nextGaussian() * (row + 1) / rows.length);
      }
      tokens[row] = random.nextInt(rows[row].length);
    }
    double[] alone = logprobs(1, tokens, rows);
    for (int row = 0; row < rows.length; row++) {
      assertEquals(plain(rows[row], tokens[row]), alone[row], 1e-9);
    }
    for (int ranks : new int[] {2, 3, 4, 8, 16}) {
      assertArrayEquals(alone, logprobs(ranks, tokens, rows));
    }
  }

  private static double plain(float[] logits, int token) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - max);
    }
    return logits[token] - max - Math.log(sum);
  }

  /// Neighbours of such logits are as good as impossible.
  @Test
  void shouldTakeHugeLogitsForCertain() {
    float[] huge = {-3e38f, 0, 3e38f, 1e30f};
    for (int ranks : new int[] {1, 2, 4}) {
      assertEquals(0, logprobs(ranks, new int[] {2}, huge)[0]);
      assertEquals(-3e38f, logprobs(ranks, new int[] {1}, huge)[0], 1e31);
      float[] low = {-3e38f, -2e9f, -3e38f, 1};
      assertEquals(0, logprobs(ranks, new int[] {3}, low)[0], 1e-6);
    }
  }

  @Test
  void shouldRefuseTokensThatAreNone() {
    assertThrows(IllegalArgumentException.class, () -> new LogitsWanted.Given(new int[0]));
    assertThrows(IllegalArgumentException.class, () -> new LogitsWanted.Given(new int[33]));
    assertThrows(IllegalArgumentException.class, () -> new LogitsWanted.Given(new int[] {-1}));
    assertThrows(IllegalArgumentException.class, () -> logprobs(1, new int[] {4}, ROWS[0]));
  }

  @Test
  void shouldSayWhichLogitIsNoNumber() {
    var wanted = new LogitsWanted.Given(new int[] {1});
    float[] logits = {1, 2, Float.NaN, 3};
    LogitsPart part =
        new LogitsReducer(new Range(4, 8)).strayed(wanted, Adjustments.NONE, logits, 0);
    assertTrue(LogitsCheck.fits(part, wanted, new Range(4, 8), 64));
    var told = new RunLogits(List.of(new Range(4, 8)), List.of(part), _ -> List.of());
    UserException e = assertThrows(UserException.class, () -> told.given(wanted));
    assertTrue(e.getMessage().contains("the logit of token 6"), e.getMessage());
  }

  @Test
  void shouldRefusePartsThatMakeNoSense() {
    Range range = new Range(0, 2);
    var wanted = new LogitsWanted.Given(new int[] {1});
    assertTrue(LogitsCheck.fits(part(1, 2, 3, -1), wanted, range, 64));
    assertFalse(
        LogitsCheck.fits(part(1, 2, 3, -1), new LogitsWanted.Best(1), range, 64), "not asked");
    assertFalse(LogitsCheck.fits(part(1, 2, 3, 2), wanted, range, 64), "a token of another rank");
    assertFalse(LogitsCheck.fits(part(Float.NaN, 2, 3, -1), wanted, range, 64), "no number");
    assertFalse(LogitsCheck.fits(part(1, Float.NaN, 3, -1), wanted, range, 64), "no number");
    assertFalse(LogitsCheck.fits(part(1, 2, -3, -1), wanted, range, 64), "a weight below nothing");
    var two = new LogitsWanted.Given(new int[] {1, 1});
    assertFalse(LogitsCheck.fits(part(1, 2, 3, -1), two, range, 64), "of fewer rows");
  }

  private static Given part(float logit, float largest, long sum, int strayed) {
    long[] sums = new long[TokenWeights.BINS];
    sums[5] = sum;
    return new Given(1, new float[] {logit}, new float[] {largest}, sums, strayed);
  }
}
