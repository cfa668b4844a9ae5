package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.model.Mixture;
import dllama.model.Mixture.Scores;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RoutingTest {
  private static final float[] NO_BIAS = {};

  @Test
  void shouldShareByTheSoftmaxOfTheLargest() {
    Routing routing = new Routing(4, 2, Mixture.PLAIN, 1);
    routing.assign(new float[] {1, 3, -2, 2}, NO_BIAS, 1);
    assertEquals(0, routing.count(0));
    assertEquals(1, routing.count(1));
    assertEquals(1, routing.count(3));
    assertEquals(1 / (1 + Math.exp(-1)), routing.share(routing.firstSlot(1)), 1e-6);
    assertEquals(1 / (1 + Math.exp(1)), routing.share(routing.firstSlot(3)), 1e-6);
  }

  @Test
  void shouldTakeScoresForShares() {
    Routing routing = new Routing(3, 2, Mixture.PLAIN.asScored(), 1);
    routing.assign(new float[] {1, 3, 2}, NO_BIAS, 1);
    double sum = Math.exp(-2) + 1 + Math.exp(-1);
    assertEquals(1 / sum, routing.share(routing.firstSlot(1)), 1e-7);
    assertEquals(Math.exp(-1) / sum, routing.share(routing.firstSlot(2)), 1e-7);
  }

  @Test
  void shouldChooseByScoresWithABias() {
    Mixture sigmoids = Mixture.PLAIN.scored(Scores.SIGMOID, true, 1);
    Routing routing = new Routing(3, 1, sigmoids, 1);
    routing.assign(new float[] {0, -1, 1}, new float[] {0, 0.5f, 0}, 1);
    assertEquals(1, routing.count(1)); // 0.27 + 0.5 is more than 0.73
    assertEquals(1, routing.share(routing.firstSlot(1)), 1e-7);
  }

  @Test
  void shouldNormAndScaleSigmoids() {
    Routing routing = new Routing(3, 2, Mixture.PLAIN.scored(Scores.SIGMOID, true, 2.5f), 1);
    routing.assign(new float[] {0, -1, 1}, NO_BIAS, 1);
    double one = 0.5;
    double other = 1 / (1 + Math.exp(-1));
    assertEquals(2.5 * one / (one + other), routing.share(routing.firstSlot(0)), 1e-6);
    assertEquals(2.5 * other / (one + other), routing.share(routing.firstSlot(2)), 1e-6);
    assertEquals(0, routing.count(1));
  }

  @Test
  void shouldTakeTheFirstOfEqualsAndSurviveNan() {
    Routing routing = new Routing(3, 2, Mixture.PLAIN, 2);
    routing.assign(new float[] {5, 5, 5, Float.NaN, Float.NaN, Float.NaN}, NO_BIAS, 2);
    assertEquals(2, routing.count(0));
    assertEquals(2, routing.count(1));
    assertEquals(0.5, routing.share(routing.firstSlot(0)), 0);
  }

  @Test
  void shouldPutTheTokensOfAnExpertSideBySide() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      int experts = random.nextInt(1, 20);
      int active = random.nextInt(1, experts + 1);
      int tokens = random.nextInt(1, 40);
      Routing routing = new Routing(experts, active, Mixture.PLAIN, 40);
      float[] logits = new float[tokens * experts];
      IntStream.range(0, logits.length).forEach(i -> logits[i] = random.nextFloat());
      routing.assign(logits, NO_BIAS, tokens);
      float[] shares = new float[tokens];
      int used = 0;
      for (int expert = 0; expert < experts; expert++) {
        assertEquals(0, routing.firstSlot(expert) % 8);
        int previous = -1;
        for (int i = 0; i < routing.count(expert); i++, used++) {
          int slot = routing.firstSlot(expert) + i;
          assertTrue(slot < routing.maxSlots(), "seed=" + seed);
          assertTrue(routing.token(slot) > previous, "seed=" + seed);
          previous = routing.token(slot);
          shares[previous] += routing.share(slot);
        }
      }
      assertEquals(tokens * active, used, "seed=" + seed);
      for (float sum : shares) {
        assertEquals(1, sum, 1e-5, "seed=" + seed);
      }
    }
  }
}
