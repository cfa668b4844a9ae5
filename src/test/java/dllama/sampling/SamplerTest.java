package dllama.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

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
          Arrays.stream(logits, 0, item.get("steps").asInt()).mapToInt(sampler::next).toArray();
      assertArrayEquals(Conformance.ints(item.get("ids")), ids, item.toString());
    }
    assertTrue(GOLDEN.get("sampling").size() >= 60);
  }

  @Test
  void shouldChooseTheFirstOfEqualLogits() {
    assertEquals(1, Sampler.of(0, 0.9f, 1).next(new float[] {1, 3, 3, 2}));
    assertEquals(1, Sampler.of(1, 0.1f, 1).next(new float[] {1, 3, 3, 2}));
  }

  @Test
  void shouldTakeOnlyTheNucleus() {
    // Probabilities 0.5, 0.3, 0.15, 0.05: the first two are needed to exceed 0.7.
    float[] logits = {log(0.05), log(0.5), log(0.15), log(0.3)};
    Sampler sampler = Sampler.of(1, 0.7f, 42);
    int[] counts = new int[4];
    for (int i = 0; i < 10_000; i++) {
      counts[sampler.next(logits.clone())]++;
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
      int chosen = Sampler.of(1, 0.95f, draw).next(logits.clone());
      assertEquals(rank - 1, Arrays.asList(order).indexOf(chosen), 20, "seed of sampler " + draw);
    }
  }

  /// Beside an implementation that sorts all tokens; the same floats are added in the same order.
  @Test
  void shouldChooseAsPlainSortingDoes() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    for (int round = 1; round <= 300; round++) {
      float[] logits = randomLogits(random, 1 + random.nextInt(round % 50 == 0 ? 130_000 : 3000));
      float temperature = 0.05f + 2 * random.nextFloat();
      float topp = random.nextInt(5) == 0 ? 1 - 0x1p-24f : 0.001f + 0.998f * random.nextFloat();
      int expected = plainTopP(logits, temperature, topp, new Xorshift(round).nextFloat());
      String given = "round %d temperature %s topp %s".formatted(round, temperature, topp);
      assertEquals(expected, Sampler.of(temperature, topp, round).next(logits.clone()), given);
    }
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

  private static int plainTopP(float[] logits, float temperature, float topp, float coin) {
    int n = logits.length;
    float[] p = plainSoftmax(logits, temperature);
    float largest = p[Sampler.argmax(p)];
    float cutoff = Math.min((1 - topp) / (n - 1), largest);
    int[] order =
        IntStream.range(0, n)
            .filter(i -> p[i] >= cutoff)
            .boxed()
            .sorted((a, b) -> Float.compare(p[b], p[a])) // stable
            .mapToInt(Integer::intValue)
            .toArray();
    float sum = 0;
    int size = 0;
    while (size < order.length && sum <= topp) {
      sum += p[order[size++]];
    }
    float passed = 0;
    for (int i = 0; i < size; i++) {
      passed += p[order[i]];
      if (coin * sum < passed) {
        return order[i];
      }
    }
    return order[size - 1];
  }

  private static float[] plainSoftmax(float[] logits, float temperature) {
    float max = logits[Sampler.argmax(logits)] / temperature;
    float[] p = new float[logits.length];
    float sum = 0;
    for (int i = 0; i < p.length; i++) {
      float e = (float) Math.exp(logits[i] / temperature - max);
      p[i] = Float.isNaN(e) ? 0 : e;
      sum += p[i];
    }
    for (int i = 0; i < p.length; i++) {
      p[i] /= sum;
    }
    return p;
  }

  @Test
  void shouldGiveTheProbabilitiesOfMathExp() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    float[] logits = new float[1_000_000];
    for (int i = 1; i < logits.length; i++) {
      logits[i] = random.nextFloat() * -random.nextInt(1, 115);
    }
    float[] expected = plainSoftmax(logits, 0.9f);
    new Softmax().apply(logits, 0.9f, 0);
    assertArrayEquals(expected, logits);
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
      int chosen = Sampler.of(temperature, random.nextFloat() * 1.2f, round).next(logits);
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
