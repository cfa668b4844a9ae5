package dllama.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.logits.FullLogits;
import dllama.logits.FullLogits.Choice;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {
  private static final JsonNode GOLDEN = Conformance.json("sampler", "sampler.json");

  @Test
  void shouldDrawTheSameRandomNumbers() {
    for (JsonNode item : GOLDEN.get("rng")) {
      long seed = Long.parseUnsignedLong(item.get("seed").asText());
      Xorshift bits = new Xorshift(seed);
      Xorshift floats = new Xorshift(seed);
      for (int i = 0; i < item.get("u32").size(); i++) {
        assertEquals((int) item.get("u32").get(i).asLong(), bits.nextBits());
        assertEquals((float) item.get("f32").get(i).asDouble(), floats.nextFloat());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 32})
  void shouldDrawOneTokenAndAnotherWhateverTheSeed(long seed) {
    Sampler sampler = Sampler.of(5, 0.9f, seed);
    float[] logits = new float[100];
    long different =
        IntStream.range(0, 50)
            .map(i -> FullLogits.next(sampler, logits.clone()))
            .distinct()
            .count();
    assertTrue(different > 20, "different tokens: " + different);
  }

  @Test
  void shouldSampleAsDistributedLlama() {
    for (JsonNode item : GOLDEN.get("sampling")) {
      assertEquals("same", item.get("ids_scalar_build").asText(), "no case to leave out");
      float[][] logits =
          Conformance.logits(
              "sampler", item.get("logits_file").asText(), item.get("vocab").asInt());
      Sampler sampler =
          Sampler.of(
              (float) item.get("temperature").asDouble(),
              (float) item.get("topp").asDouble(),
              Long.parseUnsignedLong(item.get("seed").asText()));
      int[] ids =
          Arrays.stream(logits, 0, item.get("steps").asInt())
              .mapToInt(row -> FullLogits.next(sampler, row))
              .toArray();
      assertArrayEquals(Conformance.ints(item.get("ids")), ids, item.toString());
    }
    assertTrue(GOLDEN.get("sampling").size() >= 60);
  }

  @Test
  void shouldChooseTheFirstOfEqualLogits() {
    assertEquals(1, FullLogits.next(Sampler.of(0, 0.9f, 1), new float[] {1, 3, 3, 2}));
    assertEquals(1, FullLogits.next(Sampler.of(1, 0.1f, 1), new float[] {1, 3, 3, 2}));
  }

  @Test
  void shouldTakeOnlyTheNucleus() {
    // Probabilities 0.5, 0.3, 0.15, 0.05: the first two are needed to exceed 0.7.
    float[] logits = {log(0.05), log(0.5), log(0.15), log(0.3)};
    Sampler sampler = Sampler.of(1, 0.7f, 42);
    int[] counts = new int[4];
    for (int i = 0; i < 10_000; i++) {
      counts[FullLogits.next(sampler, logits)]++;
    }
    assertEquals(0, counts[0] + counts[2]);
    assertEquals(6250, counts[1], 200);
    assertEquals(3750, counts[3], 200);
  }

  @Test
  void shouldTakeTheMostProbableFirstHoweverManyThereAre() {
    // In double precision; sums of floats may end some places away.
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    float[] logits = new float[20_000];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = random.nextInt(5000) / 5000f;
    }
    Integer[] order = IntStream.range(0, logits.length).boxed().toArray(Integer[]::new);
    Arrays.sort(order, (a, b) -> Float.compare(logits[b], logits[a])); // stable
    double total = IntStream.range(0, logits.length).mapToDouble(i -> Math.exp(logits[i])).sum();
    for (int draw = 1; draw <= 50; draw++) {
      double wanted = new Xorshift(draw).nextFloat() * 0.95 * total;
      int rank = 0;
      for (double sum = 0; sum <= wanted; rank++) {
        sum += Math.exp(logits[order[rank]]);
      }
      int chosen = FullLogits.next(Sampler.of(1, 0.95f, draw), logits);
      assertEquals(rank - 1, Arrays.asList(order).indexOf(chosen), 20, "seed of sampler " + draw);
    }
  }

  /// Beside an implementation that sorts all tokens and computes in double precision: the token is
  /// that one's, or one of those beside it where the coin fell on the border.
  @Test
  void shouldChooseAsPlainSortingDoes() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    for (int round = 1; round <= 300; round++) {
      float[] logits = randomLogits(random, 1 + random.nextInt(round % 50 == 0 ? 130_000 : 3000));
      float temperature = 0.05f + 2 * random.nextFloat();
      float topp = random.nextInt(5) == 0 ? 1 - 0x1p-24f : 0.001f + 0.998f * random.nextFloat();
      float coin = new Xorshift(round).nextFloat();
      String given = "round %d temperature %s topp %s".formatted(round, temperature, topp);
      int chosen = FullLogits.next(Sampler.of(temperature, topp, round), logits);
      assertDrawn(logits, temperature, topp, coin, chosen, given);
    }
  }

  /// Tokens have to be within all limits; what is within `topk` counts as all there is for `topp`.
  @Test
  void shouldDrawOnlyWithinAllLimits() {
    // 0.4, 0.2, 0.2, 0.1, 0.1
    float[] logits = {log(0.1), log(0.4), log(0.2), log(0.2), log(0.1)};
    assertEquals(Set.of(1, 2, 3, 0, 4), drawn(logits, 1, 0, 0));
    assertEquals(Set.of(1, 2, 3), drawn(logits, 1, 3, 0));
    assertEquals(Set.of(1, 2, 3), drawn(logits, 1, 0, 0.4f));
    assertEquals(Set.of(1), drawn(logits, 0, 5, 0.6f));
    assertEquals(Set.of(1, 2), drawn(logits, 1, 2, 0.4f));
    assertEquals(Set.of(1, 2, 3), drawn(logits, 0.7f, 0, 0), "0.4 and 0.2 are not enough");
    assertEquals(Set.of(1, 2), drawn(logits, 0.6f, 3, 0), "of 0.8, 0.6 are");
    assertEquals(Set.of(1), drawn(logits, 0.9f, 1, 0));
    assertEquals(Set.of(1, 2, 3, 0, 4), drawn(logits, 0.95f, 100, 0.1f));
  }

  private static Set<Integer> drawn(float[] logits, float topp, int topk, float minp) {
    Sampler sampler = Sampler.of(new SamplingParameters(1, topp, topk, minp), 3);
    Sampler other = Sampler.of(new SamplingParameters(1, topp, topk, minp), 3);
    Set<Integer> drawn = new HashSet<>();
    for (int i = 0; i < 300; i++) {
      int token = FullLogits.next(sampler, logits);
      drawn.add(token);
      assertEquals(token, FullLogits.next(other, 2, logits).token());
    }
    return drawn;
  }

  /// Normally distributed, some with many ties, a few far above the others, or infinite ones.
  private static float[] randomLogits(Random random, int size) {
    float[] logits = new float[size];
    float spread = random.nextInt(5) * 2.5f;
    boolean ties = random.nextBoolean();
    int peaks = random.nextInt(4);
    for (int i = 0; i < size; i++) {
      float logit = spread * (float) random.nextGaussian();
      logits[i] = ties ? Math.round(logit) : logit;
    }
    for (int i = 0; i < peaks; i++) {
      logits[random.nextInt(size)] = 10 + random.nextInt(3);
      logits[random.nextInt(size)] = random.nextBoolean() ? Float.NEGATIVE_INFINITY : Float.NaN;
    }
    logits[random.nextInt(size)] = 1;
    return logits;
  }

  private static float[] flatLogits(Random random, int size) {
    float[] logits = new float[size];
    for (int i = 0; i < size; i++) {
      logits[i] = random.nextFloat();
    }
    return logits;
  }

  /// The coin falls into the token's part of the nucleus, give or take the rounding of floats.
  private static void assertDrawn(
      float[] logits, float temperature, float topp, float coin, int chosen, String given) {
    int n = logits.length;
    double[] p = plainSoftmax(logits, temperature);
    int[] order =
        IntStream.range(0, n)
            .boxed()
            .sorted((a, b) -> Double.compare(p[b], p[a])) // stable
            .mapToInt(Integer::intValue)
            .toArray();
    double sum = 0;
    int size = 0;
    while (size < n && sum <= topp) {
      sum += p[order[size++]];
    }
    double rounding = 1e-6 + n * 0x1p-24 + p[order[size - 1]]; // and where the set ends
    double before = 0;
    for (int token : order) {
      if (token == chosen) {
        assertTrue(coin * sum > before - rounding, given);
        assertTrue(coin * sum < before + p[chosen] + rounding, given);
        return;
      }
      before += p[token];
    }
  }

  private static double[] plainSoftmax(float[] logits, float temperature) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = logit / temperature > max ? logit / temperature : max;
    }
    double[] p = new double[logits.length];
    double sum = 0;
    for (int i = 0; i < p.length; i++) {
      double e = Math.exp(logits[i] / temperature - max);
      p[i] = Double.isNaN(e) ? 0 : e;
      sum += p[i];
    }
    for (int i = 0; i < p.length; i++) {
      p[i] /= sum;
    }
    return p;
  }

  /// The heart of it: neither the number of nodes nor asking for all logits changes a token.
  @Test
  void shouldDrawTheSameOnAnyNumberOfNodes() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    int asked = 0;
    int sufficed = 0;
    for (int round = 1; round <= 400; round++) {
      float[] logits = randomLogits(random, 8 + random.nextInt(round % 50 == 0 ? 130_000 : 3000));
      float temperature = random.nextInt(9) == 0 ? 0 : 0.05f + 2 * random.nextFloat();
      float topp = random.nextInt(5) == 0 ? random.nextInt(2) : random.nextFloat();
      if (round % 10 == 0) { // few candidates can not make up nearly all of so many likely tokens
        logits = flatLogits(random, 3000);
        temperature = 1;
        topp = 0.99f;
      }
      int expected = FullLogits.next(Sampler.of(temperature, topp, round), logits);
      for (int ranks = 2; ranks <= 8; ranks++) {
        Choice choice = FullLogits.next(Sampler.of(temperature, topp, round), ranks, logits);
        String given = "round %d temperature %s topp %s".formatted(round, temperature, topp);
        assertEquals(expected, choice.token(), given);
        asked += choice.askedForAll() ? 1 : 0;
        sufficed += choice.askedForAll() ? 0 : 1;
      }
    }
    assertTrue(asked > 100 && sufficed > 100, "asked %d, sufficed %d".formatted(asked, sufficed));
  }

  /// A coin is tossed once per token, whether or not the candidates suffice the first time.
  @Test
  void shouldDrawTheSameSequenceHoweverOftenAllLogitsAreNeeded() {
    Random random = new Random(7);
    Sampler one = Sampler.of(1, 0.9f, 5);
    Sampler four = Sampler.of(1, 0.9f, 5);
    boolean[] asked = new boolean[2];
    for (int i = 0; i < 200; i++) {
      float[] logits = new float[1000];
      for (int token = 0; token < logits.length; token++) {
        logits[token] = (i % 3) * 3 * (float) random.nextGaussian();
      }
      Choice choice = FullLogits.next(four, 4, logits);
      assertEquals(FullLogits.next(one, logits), choice.token(), "token " + i);
      asked[choice.askedForAll() ? 1 : 0] = true;
    }
    assertTrue(asked[0] && asked[1]);
  }

  @Test
  void shouldDrawAtTemperaturesNearZeroAsGreedyDoes() {
    float[] logits = {3, -7, 9.5f, 9.499f, 2};
    for (float temperature : new float[] {1e-6f, 1e-9f, 1e-20f, Float.MIN_VALUE}) {
      assertEquals(2, FullLogits.next(Sampler.of(temperature, 0.9f, 3), logits));
      assertEquals(2, FullLogits.next(Sampler.of(temperature, 0.9f, 3), 2, logits).token());
      assertEquals(2, FullLogits.next(Sampler.of(temperature, 1, 3), 3, logits).token());
    }
  }

  @Test
  void shouldTakeAnyLogits() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    float[] odd = {
      Float.NaN,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.MAX_VALUE,
      -3e38f,
      0,
      1e-40f
    };
    for (int round = 0; round < 20_000; round++) {
      float[] logits = new float[1 + random.nextInt(8)];
      for (int i = 0; i < logits.length; i++) {
        logits[i] = random.nextBoolean() ? odd[random.nextInt(odd.length)] : random.nextFloat();
      }
      float[] before = logits.clone();
      float temperature = random.nextInt(3) * 0.7f;
      int chosen =
          FullLogits.next(Sampler.of(temperature, random.nextFloat() * 1.2f, round), logits);
      boolean allBad =
          IntStream.range(0, before.length).noneMatch(i -> before[i] > Float.NEGATIVE_INFINITY);
      assertTrue(
          allBad ? chosen == 0 : before[chosen] > Float.NEGATIVE_INFINITY,
          () -> "chose %d of %s".formatted(chosen, Arrays.toString(before)));
    }
  }

  @Test
  void shouldRefuseTemperaturesWithoutMeaning() {
    for (float temperature : new float[] {-1, Float.NaN, Float.POSITIVE_INFINITY}) {
      assertThrows(IllegalArgumentException.class, () -> Sampler.of(temperature, 0.9f, 1));
    }
  }

  private static float log(double probability) {
    return (float) Math.log(probability);
  }
}
