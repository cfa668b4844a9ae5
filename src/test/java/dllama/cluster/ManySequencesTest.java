package dllama.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.generation.Generation;
import dllama.generation.GenerationEvent;
import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationEvent.Token;
import dllama.generation.GenerationRequest;
import dllama.generation.Scheduler;
import dllama.generation.Speculation;
import dllama.generation.StateMean;
import dllama.model.ModelSource;
import dllama.model.Shapes;
import dllama.sampling.Sampler;
import dllama.slice.ShardPlan;
import dllama.slice.TinyModel;
import dllama.step.ForwardPass;
import dllama.tensor.DType;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Several answers at once on whole nodes: everybody gets what he would have got alone, on any
/// number of nodes.
@Tag("slow")
class ManySequencesTest {
  private static final ModelSource MODEL =
      new ModelSource.Random(Shapes.spec("tiny", DType.Q4_0), 11);

  /// One whose sequences have states.
  private static final ModelSource WITH_STATES =
      new ModelSource.Random(
          TinyModel.of(new ShardPlan(Shapes.spec("qwen3.5-4b", DType.Q4_0), DType.F32, 4), 2, 2048),
          11);

  private static final Vocabulary NO_TEXT =
      new Vocabulary(new byte[][] {{}}, new float[1], -1, List.of(), false, null);

  /// More than a page, so that one is shared whole and one in part.
  private static final int COMMON = ForwardPass.PAGE + 44;

  private static final int SEQUENCES = 6;

  @Test
  void shouldAnswerAsIfAlone() {
    shouldAnswerAsIfAlone(MODEL, COMMON);
  }

  /// Of what is common the states after whole pages are found.
  @Test
  void shouldAnswerAsIfAloneWithStates() {
    shouldAnswerAsIfAlone(WITH_STATES, COMMON / ForwardPass.PAGE * ForwardPass.PAGE);
  }

  private static void shouldAnswerAsIfAlone(ModelSource model, int common) {
    List<List<Integer>> alone = new ArrayList<>();
    try (var cluster = cluster(model, 1)) {
      for (int i = 0; i < SEQUENCES; i++) {
        try (var scheduler = new Scheduler(cluster.forwardPass(), NO_TEXT, 1)) {
          List<GenerationEvent> events = new CopyOnWriteArrayList<>();
          scheduler.submit(request(i), events::add).join();
          alone.add(tokens(events));
        }
      }
    }
    for (int nodes : new int[] {1, 2, 4}) {
      try (var cluster = cluster(model, nodes);
          var scheduler = new Scheduler(cluster.forwardPass(), NO_TEXT, SEQUENCES)) {
        List<List<GenerationEvent>> events = new ArrayList<>();
        List<Generation> generations = new ArrayList<>();
        for (int i = 0; i < SEQUENCES; i++) {
          events.add(new CopyOnWriteArrayList<>());
          generations.add(scheduler.submit(request(i), events.getLast()::add));
        }
        generations.forEach(Generation::join);
        assertEquals(alone, events.stream().map(ManySequencesTest::tokens).toList());
        int found = events.stream().mapToInt(ManySequencesTest::cached).sum();
        assertTrue(found >= (SEQUENCES - 1) * common, "found " + found);
      }
    }
  }

  /// The means of states have the same bits on any number of nodes, in halves of steps too.
  @Test
  void shouldReadForStatesWhileOthersAreAnswered() {
    shouldReadForStates(MODEL);
    shouldReadForStates(WITH_STATES);
  }

  private static void shouldReadForStates(ModelSource model) {
    int[] prompt = request(5).prompt();
    double[] alone = {};
    for (int nodes : new int[] {1, 2, 4}) {
      Properties halves = new Properties();
      halves.setProperty("dllama.sync.overlap", "on");
      StateMean first = new StateMean();
      StateMean second = new StateMean();
      try (var cluster = cluster(model, nodes, halves);
          var scheduler = new Scheduler(cluster.forwardPass(), NO_TEXT, SEQUENCES)) {
        var others = scheduler.submit(request(2), _ -> true);
        scheduler.submit(GenerationRequest.of(prompt, first), _ -> true).join();
        others.join();
        scheduler.submit(GenerationRequest.of(prompt, second), _ -> true).join();
      }
      alone = nodes == 1 ? first.value() : alone;
      assertEquals(prompt.length, first.tokens());
      assertArrayEquals(alone, first.value(), 0, nodes + " nodes");
      assertArrayEquals(alone, second.value(), 0, nodes + " nodes");
    }
  }

  private static TestCluster cluster(ModelSource model, int nodes) {
    return cluster(model, nodes, new Properties());
  }

  private static TestCluster cluster(ModelSource model, int nodes, Properties properties) {
    var cluster = new TestCluster(model, DType.F32, nodes, properties);
    cluster.await("ready: " + nodes, 1);
    return cluster;
  }

  /// Greedy, with and without guesses, and drawn; of different lengths.
  private static GenerationRequest request(int number) {
    int[] common = new Random(1).ints(COMMON, 0, WITH_STATES.spec().vocabSize()).toArray();
    int[] prompt =
        IntStream.concat(IntStream.of(common), IntStream.rangeClosed(number, 2 * number)).toArray();
    return new GenerationRequest(
        prompt,
        10 + 3 * number,
        number % 2 == 0 ? new Sampler.Greedy() : Sampler.of(0.8f, number == 1 ? 1 : 0.9f, number),
        Set.of(),
        List.of(),
        number % 4 == 0 ? Speculation.always() : Speculation.off());
  }

  private static List<Integer> tokens(List<GenerationEvent> events) {
    return events.stream()
        .filter(Token.class::isInstance)
        .map(event -> ((Token) event).id())
        .toList();
  }

  private static int cached(List<GenerationEvent> events) {
    return events.getLast() instanceof Finished finished ? finished.usage().cachedTokens() : 0;
  }
}
