package dllama.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.generation.Generation;
import dllama.generation.GenerationEvent;
import dllama.generation.GenerationEvent.Token;
import dllama.generation.GenerationRequest;
import dllama.generation.Guidance;
import dllama.generation.Scheduler;
import dllama.generation.Speculation;
import dllama.generation.TokenMask;
import dllama.logits.TokenLogprobs;
import dllama.model.ModelSource;
import dllama.model.Shapes;
import dllama.sampling.Penalties;
import dllama.sampling.Sampler;
import dllama.sampling.SamplingParameters;
import dllama.tensor.DType;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Penalties, bias, masks and log probabilities on whole nodes: the same tokens and the same bits
/// on any number of them.
@Tag("slow")
class GuidedSequencesTest {
  private static final ModelSource MODEL =
      new ModelSource.Random(Shapes.spec("tiny", DType.Q4_0), 11);

  private static final int VOCABULARY = MODEL.spec().vocabSize();

  private static final Vocabulary NO_TEXT =
      new Vocabulary(new byte[][] {{}}, new float[1], -1, List.of(), false, null);

  private static final int SEQUENCES = 8;
  private static final int TOKENS = 16;

  /// A token that is likely with [#bias], and one that is banned.
  private static final int LIKED = 77;

  /// Two of three tokens, others after each; and now and then a single one.
  private static final class Mask implements TokenMask {
    private final List<Integer> taken = new ArrayList<>();

    static boolean allows(int place, int token) {
      return place % 5 == 4 ? token == place : (token + place) % 3 != 0;
    }

    @Override
    public BitSet allowed() {
      BitSet allowed = new BitSet();
      for (int token = 0; token < VOCABULARY; token++) {
        allowed.set(token, allows(taken.size(), token));
      }
      return allowed;
    }

    @Override
    public boolean mayEnd() {
      return false;
    }

    @Override
    public void accept(int token) {
      taken.add(token);
    }
  }

  @Test
  void shouldChooseTheSameOnAnyNumberOfNodes() {
    List<List<Token>> one = answers(1, SEQUENCES);
    assertEquals(one, answers(1, 1), "together or one after the other");
    assertEquals(one, answers(2, SEQUENCES));
    assertEquals(one, answers(4, SEQUENCES));
    List<List<Token>> free = one.subList(0, SEQUENCES / 2);
    List<List<Token>> masked = one.subList(SEQUENCES / 2, SEQUENCES);
    for (List<Token> answer : masked) {
      for (int place = 0; place < answer.size(); place++) {
        assertTrue(Mask.allows(place, answer.get(place).id()), "place " + place);
      }
    }
    assertTrue(free.stream().flatMap(List::stream).anyMatch(token -> token.id() == LIKED));
    for (List<Token> answer : one) {
      assertEquals(TOKENS, answer.size());
      for (Token token : answer) {
        assertFalse(token.id() == LIKED + 1, "banned");
        @Nullable TokenLogprobs told = token.logprobs();
        assertTrue(told != null && told.top().size() == 5 && told.chosen() < 0);
      }
    }
  }

  private static List<List<Token>> answers(int nodes, int parallel) {
    try (var cluster = new TestCluster(MODEL, DType.F32, nodes, new Properties())) {
      cluster.await("ready: " + nodes, 1);
      try (var scheduler = new Scheduler(cluster.forwardPass(), NO_TEXT, parallel)) {
        List<List<GenerationEvent>> events = new ArrayList<>();
        List<Generation> generations = new ArrayList<>();
        for (int i = 0; i < SEQUENCES; i++) {
          events.add(new CopyOnWriteArrayList<>());
          generations.add(scheduler.submit(request(i), events.getLast()::add));
        }
        generations.forEach(Generation::join);
        return events.stream()
            .map(all -> all.stream().filter(Token.class::isInstance).map(Token.class::cast))
            .map(java.util.stream.Stream::toList)
            .toList();
      }
    }
  }

  /// Each way to choose, without and with a mask; one with more bias than a step has room for.
  private static GenerationRequest request(int number) {
    SamplingParameters sampling =
        switch (number % 4) {
          case 0 -> new SamplingParameters(0, 0);
          case 1 -> new SamplingParameters(0.8f, 0.9f);
          case 2 -> new SamplingParameters(1, 1);
          default -> new SamplingParameters(0.9f, 1, 40, 0.01f);
        };
    Map<Integer, Float> bias = new HashMap<>(Map.of(LIKED, 1.5f, LIKED + 1, -100f));
    for (int i = 0; number == 5 && i < 200; i++) {
      bias.put(100 + i, -0.25f);
    }
    var guidance =
        new Guidance(
            new Penalties(1.2f, 8, 0.3f, 0.2f),
            bias,
            number < SEQUENCES / 2 ? null : new Mask(),
            5);
    return new GenerationRequest(
        new Random(number).ints(5, 0, VOCABULARY).toArray(),
        TOKENS,
        Sampler.of(sampling, number),
        Set.of(),
        List.of(),
        Speculation.always(),
        guidance);
  }
}
