package dllama.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// With times that are made up.
class SpeculationPaceTest {
  private static final double PLAIN = 50e6;

  private final SpeculationPace pace = new SpeculationPace();
  private final StepPace steps = new StepPace();
  private final Random random = new Random(3);
  private int guessed;

  /// Generates as many tokens; how much faster that was than one by one.
  private double speed(int tokens, double acceptance, IntToDoubleFunction costOfLength) {
    return speed(tokens, acceptance, costOfLength, false);
  }

  /// @param repeats whether a step with a wrong guess is done again without guesses, with the next
  private double speed(
      int tokens, double acceptance, IntToDoubleFunction costOfLength, boolean repeats) {
    pace.begin(repeats);
    double time = 0;
    int done = 0;
    int again = 0;
    while (done < tokens) {
      if (again > 0) {
        double step = PLAIN * costOfLength.applyAsDouble(again);
        pace.measured(0, 0, 1 + again, (long) step, steps);
        steps.measured(1 + again, (long) step);
        again = 0;
        time += step;
        done++;
        continue;
      }
      int length = pace.length(Math.min(100, tokens - done - 1), 1, steps);
      int right = 0;
      while (right < length && random.nextDouble() < acceptance) {
        right++;
      }
      double step = PLAIN * costOfLength.applyAsDouble(length) * (0.95 + 0.1 * random.nextDouble());
      measured(length, right, (long) step);
      guessed += length;
      time += step;
      done += right + 1;
      again = repeats && right < length ? right + 1 : 0;
    }
    return done * PLAIN / time;
  }

  private void measured(int length, int right, long nanos) {
    pace.measured(length, right, 1, nanos, steps);
    steps.measured(1 + length, nanos);
  }

  @ParameterizedTest
  @CsvSource({"64, 0.05", "64, 0.25", "64, 1", "1000, 0.05", "1000, 0.25", "1000, 1", "1000, 3"})
  void shouldCostLittleWhereNoGuessHolds(int tokens, double slope) {
    double speed = speed(tokens, 0, length -> 1 + slope * length);
    assertTrue(speed >= 0.97, "speed " + speed);
    assertTrue(guessed > 0, "it has to try");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.02, 0.1, 0.25})
  void shouldGainWhereMostGuessesHold(double slope) {
    double speed = speed(400, 0.9, length -> 1 + slope * length);
    assertTrue(speed >= 1.5, "speed " + speed);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.2, 0.4, 0.6, 0.8, 1})
  void shouldNeverLoseMuchWhereStepsAreDoneAgain(double acceptance) {
    for (double slope : new double[] {0.05, 0.2, 0.5, 0.9, 1.5}) {
      double speed = speed(1500, acceptance, length -> 1 + slope * length, true);
      assertTrue(speed >= 0.96, "speed %s with slope %s".formatted(speed, slope));
    }
  }

  @Test
  void shouldGainWhereStepsAreDoneAgain() {
    double speed = speed(400, 0.9, length -> 1 + 0.1 * length, true);
    assertTrue(speed >= 1.5, "speed " + speed);
  }

  @Test
  void shouldNotGuessWhereALongerStepTakesAsMuchMore() {
    double speed = speed(2000, 0.9, length -> 1 + length);
    assertTrue(speed >= 0.97, "speed " + speed);
  }

  /// The first guessed token is dear, all others are free: short guesses would never pay.
  @Test
  void shouldFindTheLengthThatPays() {
    double speed = speed(3000, 0.95, length -> length == 0 ? 1 : 2);
    assertTrue(speed >= 2, "speed " + speed);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.2, 0.4, 0.6, 0.8, 1})
  void shouldNeverLoseMuch(double acceptance) {
    for (double slope : new double[] {0.05, 0.2, 0.5, 0.9, 1.5}) {
      double speed = speed(1500, acceptance, length -> 1 + slope * length);
      assertTrue(speed >= 0.96, "speed %s with slope %s".formatted(speed, slope));
    }
  }

  @Test
  void shouldNoticeWhenATextBecomesPredictable() {
    speed(1000, 0, length -> 1 + 0.1 * length);
    double speed = speed(400, 0.95, length -> 1 + 0.1 * length);
    assertTrue(speed >= 1.5, "speed " + speed);
    assertTrue(speed(1000, 0, length -> 1 + 0.1 * length) >= 0.94);
  }

  @Test
  void shouldMeasurePlainStepsFirst() {
    for (int i = 0; i < 4; i++) {
      assertEquals(0, pace.length(8, 1, steps));
      measured(0, 0, 1000);
    }
    assertTrue(pace.length(8, 1, steps) > 0);
    assertEquals(0, pace.length(0, 1, steps));
  }

  /// A machine that stood still for a second must not end it for the next hundred.
  @Test
  void shouldForgiveAPause() {
    assertTrue(speed(200, 0.9, length -> 1 + 0.1 * length) > 1.5);
    measured(4, 2, 2_000_000_000);
    assertTrue(speed(200, 0.9, length -> 1 + 0.1 * length) > 1.5);
  }

  /// Where rows cost what they cost because arithmetic is the limit, a row of a guess that holds
  /// takes as long as one of somebody's next token.
  @Test
  void shouldNotGuessInStepsThatAreWideAlready() {
    for (int i = 0; i < 200; i++) {
      int length = pace.length(8, 8, steps);
      assertTrue(length == 0 || length == 2, "at most to find out");
      guessed += length;
      long nanos = (long) PLAIN * (8 + length) / 8;
      pace.measured(length, i % 2 * length, 8, nanos, steps);
      steps.measured(8 + length, nanos);
    }
    assertTrue(guessed <= 40, "guessed " + guessed);
  }
}
