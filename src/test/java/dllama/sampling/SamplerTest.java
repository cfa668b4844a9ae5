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
