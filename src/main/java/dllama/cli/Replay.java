package dllama.cli;

import dllama.generation.Drafter;
import java.util.Arrays;
import java.util.Random;

/// Guesses an answer that is known from an earlier run, with as many mistakes as are wanted: what
/// guessing costs and gains at a given share of guesses that hold. Not thread-safe.
final class Replay implements Drafter {
  private final int[] answer;
  private final int vocabSize;
  private final int percent;
  private final Random random = new Random(1);
  private int at;

  /// @param answer tokens in the order in which they were chosen
  /// @param percent of the guessed tokens that are right
  Replay(int[] answer, int vocabSize, int percent) {
    this.answer = answer;
    this.vocabSize = vocabSize;
    this.percent = percent;
  }

  @Override
  public void begin(int[] tokens) {
    at = 0;
  }

  @Override
  public void follow(int token) {
    at++;
  }

  @Override
  public int[] draft(int max) {
    int[] guess = Arrays.copyOfRange(answer, at, Math.min(answer.length, at + max));
    for (int i = 0; i < guess.length; i++) {
      if (random.nextInt(100) >= percent) {
        guess[i] = (guess[i] + 1) % vocabSize;
      }
    }
    return guess;
  }
}
