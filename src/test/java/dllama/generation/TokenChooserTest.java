package dllama.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.logits.FullLogits;
import dllama.logits.LogitsQuestion;
import dllama.logits.LogitsQuestion.Everything;
import dllama.logits.RunLogits;
import dllama.logits.TokenChoice;
import dllama.logits.TokenLogprobs;
import dllama.sampling.Penalties;
import dllama.sampling.Sampler;
import dllama.sampling.SamplingParameters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Beside a plain reference: all logits, adjusted one by one, and a sampler that sees them all.
@Timeout(120)
class TokenChooserTest {
  private static final int PROMPT = 5;
  private static final int STEPS = 8;
  private static final Set<Integer> STOP = Set.of(0);

  /// What is chosen, and from which logits.
  private record Case(
      float[][] logits,
      int[] prompt,
      SamplingParameters sampling,
      int seed,
      Penalties penalties,
      Map<Integer, Float> bias,
      boolean masked,
      int logprobs) {
    int vocabSize() {
      return logits[0].length;
    }

    Sampler sampler() {
      return Sampler.of(sampling, seed);
    }

    Guidance guidance() {
      return new Guidance(penalties, bias, masked ? new HashMask(vocabSize()) : null, logprobs);
    }
  }

  private record Chosen(List<Integer> tokens, List<TokenLogprobs> logprobs) {}

  /// Anything from one token to all, as the tokens so far have it; the end in two of three cases.
  private static final class HashMask implements TokenMask {
    private final int vocabSize;
    private int state = 1;

    HashMask(int vocabSize) {
      this.vocabSize = vocabSize;
    }

    @Override
    public BitSet allowed() {
      Random random = new Random(state);
      BitSet allowed = new BitSet();
      switch (random.nextInt(4)) {
        case 0 -> allowed.set(random.nextInt(vocabSize));
        case 1 -> allowed.set(0, vocabSize);
        case 2 -> {
          allowed.set(0, vocabSize);
          allowed.clear(random.nextInt(vocabSize));
        }
        default -> random.ints(10, 0, vocabSize).forEach(allowed::set);
      }
      return allowed;
    }

    @Override
    public boolean mayEnd() {
      return state % 3 != 0;
    }

    @Override
    public void accept(int token) {
      state = 31 * state + token;
    }
  }

  @Test
  void shouldChooseAsFromAllLogitsOnAnyNumberOfRanks() {
    long seed = 20261129;
    Random random = new Random(seed);
    for (int round = 1; round <= 300; round++) {
      Case given = random(random, round);
      List<Integer> expected = plainly(given);
      Chosen one = chosen(given, 1, new ArrayList<>());
      assertEquals(expected, one.tokens, "round %d: %s".formatted(round, given));
      assertLogprobs(given, one);
      for (int ranks : new int[] {2, 4}) {
        assertEquals(one, chosen(given, ranks, new ArrayList<>()), "round " + round);
      }
    }
  }

  /// Nobody is asked where what ranks tell at once suffices; nobody sends all logits where
  /// candidates do.
  @Test
  void shouldAskForNoMoreThanItTakes() {
    Random random = new Random(4);
    boolean[] askedAgain = new boolean[2];
    for (int round = 1; round <= 200; round++) {
      Case given = random(random, round);
      int topk = 1 + random.nextInt(128);
      SamplingParameters few =
          new SamplingParameters(given.sampling.temperature(), given.sampling.topp(), topk, 0);
      Case narrow =
          new Case(
              given.logits,
              given.prompt,
              few,
              round,
              given.penalties,
              given.bias,
              given.masked,
              -1);
      List<LogitsQuestion> asked = new ArrayList<>();
      chosen(narrow, 4, asked);
      assertTrue(asked.stream().noneMatch(Everything.class::isInstance), asked.toString());
      boolean fits = given.bias.size() < 100;
      if (!given.masked && fits) {
        assertEquals(List.of(), asked);
      }
      askedAgain[asked.isEmpty() ? 0 : 1] = true;
    }
    assertTrue(askedAgain[0] && askedAgain[1]);
  }

  @Test
  void shouldDoWithoutAQuestionWhereTheBestTokenIsAllowed() {
    float[] logits = {1, 2, 9, 3};
    List<LogitsQuestion> asked = new ArrayList<>();
    assertEquals(2, greedily(logits, BitSet.valueOf(new long[] {0b1110}), asked));
    assertEquals(List.of(), asked);
    assertEquals(3, greedily(logits, BitSet.valueOf(new long[] {0b1010}), asked));
    assertEquals(1, asked.size());
    asked.clear();
    assertEquals(1, greedily(logits, BitSet.valueOf(new long[] {0b0010}), asked));
    assertEquals(List.of(), asked, "the only one");
    assertEquals(TokenChooser.END, greedily(logits, new BitSet(), asked));
  }

  private static int greedily(float[] logits, BitSet allowed, List<LogitsQuestion> asked) {
    TokenMask mask =
        new TokenMask() {
          @Override
          public BitSet allowed() {
            return allowed;
          }

          @Override
          public boolean mayEnd() {
            return false;
          }

          @Override
          public void accept(int token) {}
        };
    var guidance = new Guidance(Penalties.NONE, Map.of(), mask, -1);
    var chooser = new TokenChooser(new Sampler.Greedy(), guidance, Set.of(), logits.length);
    chooser.begin(new int[1], 1, 1);
    RunLogits told = FullLogits.told(chooser.wanted(), chooser.adjustments(), 2, asked, logits);
    return chooser.next(told, new TokenChoice());
  }

  private static Case random(Random random, int round) {
    int vocabSize = 8 + random.nextInt(round % 30 == 0 ? 40_000 : 1200);
    boolean ties = random.nextBoolean();
    float spread = 1 + 4 * random.nextFloat();
    float[][] logits = new float[STEPS][vocabSize];
    for (float[] row : logits) {
      for (int token = 0; token < vocabSize; token++) {
        float logit = spread * (float) random.nextGaussian();
        row[token] = ties ? Math.round(logit) : logit;
      }
    }
    Map<Integer, Float> bias = new HashMap<>();
    int biased = random.nextInt(4) == 0 ? random.nextInt(300) : random.nextInt(3);
    for (int i = 0; i < biased; i++) {
      bias.put(random.nextInt(vocabSize), random.nextInt(3) == 0 ? -100f : random.nextInt(5));
    }
    Penalties penalties =
        new Penalties(
            random.nextBoolean() ? 1 : 0.5f + 2 * random.nextFloat(),
            random.nextInt(12),
            random.nextBoolean() ? 0 : 2 * random.nextFloat(),
            random.nextBoolean() ? 0 : random.nextFloat() - 0.5f);
    SamplingParameters sampling =
        new SamplingParameters(
            random.nextInt(3) == 0 ? 0 : 0.1f + random.nextFloat(),
            random.nextInt(3) == 0 ? 1 : random.nextFloat(),
            random.nextBoolean() ? 0 : 1 + random.nextInt(200),
            random.nextBoolean() ? 0 : 0.1f * random.nextFloat());
    int[] prompt = random.ints(PROMPT, 0, vocabSize).toArray();
    int logprobs = random.nextInt(22) - 1;
    return new Case(
        logits, prompt, sampling, round, penalties, bias, random.nextBoolean(), logprobs);
  }

  private static Chosen chosen(Case given, int ranks, List<LogitsQuestion> asked) {
    Guidance guidance = given.guidance();
    var chooser = new TokenChooser(given.sampler(), guidance, STOP, given.vocabSize());
    int[] text = Arrays.copyOf(given.prompt, PROMPT + STEPS);
    List<Integer> tokens = new ArrayList<>();
    List<TokenLogprobs> logprobs = new ArrayList<>();
    for (int step = 0; step < STEPS; step++) {
      chooser.begin(text, PROMPT, PROMPT + step);
      chooser.begin(text, PROMPT, PROMPT + step); // done again
      RunLogits told =
          FullLogits.told(
              chooser.wanted(), chooser.adjustments(), ranks, asked, given.logits[step]);
      int token = chooser.next(told, new TokenChoice());
      if (token == TokenChooser.END) {
        tokens.add(token);
        break;
      }
      TokenLogprobs probable = chooser.logprobs(told, token);
      if (guidance.logprobs() < 0) {
        assertNull(probable);
      } else {
        logprobs.add(probable);
      }
      chooser.accept(token);
      tokens.add(token);
      text[PROMPT + step] = token;
      if (STOP.contains(token)) {
        break;
      }
    }
    return new Chosen(tokens, logprobs);
  }

  private static List<Integer> plainly(Case given) {
    Sampler sampler = given.sampler();
    TokenMask mask = given.masked ? new HashMask(given.vocabSize()) : null;
    List<Integer> tokens = new ArrayList<>();
    for (int step = 0; step < STEPS; step++) {
      float[] logits = adjusted(given, given.logits[step], tokens);
      if (mask != null) {
        BitSet allowed = mask.allowed();
        for (int token = 0; token < logits.length; token++) {
          boolean may = STOP.contains(token) ? mask.mayEnd() : allowed.get(token);
          logits[token] = may ? logits[token] : Float.NEGATIVE_INFINITY;
        }
        if (IntStream.range(0, logits.length).allMatch(i -> logits[i] == -1 / 0f)) {
          tokens.add(TokenChooser.END);
          return tokens;
        }
      }
      int token = FullLogits.next(sampler, logits);
      tokens.add(token);
      if (STOP.contains(token)) {
        break;
      }
      if (mask != null) {
        mask.accept(token);
      }
    }
    return tokens;
  }

  private static float[] adjusted(Case given, float[] logits, List<Integer> answer) {
    List<Integer> text = new ArrayList<>(Arrays.stream(given.prompt).boxed().toList());
    text.addAll(answer);
    Penalties penalties = given.penalties;
    List<Integer> latest =
        text.subList(Math.max(0, text.size() - penalties.repeatLast()), text.size());
    float[] adjusted = logits.clone();
    for (int token = 0; token < logits.length; token++) {
      float logit = logits[token];
      if (latest.contains(token)) {
        logit = logit > 0 ? logit / penalties.repeat() : logit * penalties.repeat();
      }
      float addend = given.bias.getOrDefault(token, 0f);
      int id = token;
      long count = answer.stream().filter(said -> said == id).count();
      if (count > 0) {
        addend -= penalties.presence() + count * penalties.frequency();
      }
      adjusted[token] = logit + addend;
    }
    return adjusted;
  }

  /// Of logits as they are, in double precision.
  private static void assertLogprobs(Case given, Chosen chosen) {
    for (int step = 0; step < chosen.logprobs.size(); step++) {
      float[] logits = given.logits[step];
      double sum = IntStream.range(0, logits.length).mapToDouble(i -> Math.exp(logits[i])).sum();
      double log = Math.log(sum);
      TokenLogprobs told = chosen.logprobs.get(step);
      assertEquals(logits[chosen.tokens.get(step)] - log, told.chosen(), 1e-5);
      int[] order =
          IntStream.range(0, logits.length)
              .boxed()
              .sorted((a, b) -> Float.compare(logits[b], logits[a])) // stable
              .limit(given.logprobs)
              .mapToInt(Integer::intValue)
              .toArray();
      assertEquals(
          Arrays.stream(order).boxed().toList(),
          told.top().stream().map(TokenLogprobs.Entry::token).toList());
      for (TokenLogprobs.Entry entry : told.top()) {
        assertEquals(logits[entry.token()] - log, entry.logprob(), 1e-5);
      }
    }
  }
}
