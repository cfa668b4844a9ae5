package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dllama.logits.Adjustments;
import dllama.logits.LogitsWanted;
import dllama.logits.TokenChoice;
import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.slice.ShardPlan;
import dllama.step.ForwardPass;
import dllama.step.OneSequence;
import dllama.step.Run;
import dllama.step.RunState;
import dllama.step.Step;
import dllama.step.StepResult;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Property: what a sequence gets has the same bits whoever shares its steps, wherever its pages
/// are, and however it is cut into runs. Random schedules, whose seed is printed.
@Tag("slow")
class ScheduleTest {
  private static final int SEQUENCES = 5;
  private static final int BATCH = 24;
  private static final int CONTEXT = 96;
  private static final WorkerPool POOL = new WorkerPool(2, 0);

  @AfterAll
  static void close() {
    POOL.close();
  }

  static Stream<Arguments> models() {
    return Architecture.all().stream()
        .flatMap(
            architecture ->
                Stream.of(
                    Arguments.of(architecture, DType.F32, DType.F32, 1),
                    Arguments.of(architecture, DType.F16, DType.F32, 4),
                    Arguments.of(architecture, DType.Q4_0, DType.F32, 8),
                    Arguments.of(architecture, DType.Q4_0, DType.Q8_0, 2),
                    Arguments.of(architecture, DType.Q8_0, DType.Q8_0, 1),
                    Arguments.of(architecture, DType.Q8_0, DType.Q8_0, 8)));
  }

  @ParameterizedTest
  @MethodSource("models")
  void shouldNotDependOnTheSchedule(
      Architecture architecture, DType weights, DType exchange, int nodes) {
    long seed = System.nanoTime();
    System.out.printf("ScheduleTest seed=%d%n", seed);
    Random random = new Random(seed);
    ModelSpec spec = Specs.small(weights, architecture);
    int pages = SEQUENCES * ForwardPass.pages(CONTEXT) + 3;
    var settings = new EngineSettings(DType.F16, CONTEXT, BATCH, pages, pages, 2 * SEQUENCES);
    var source = new ModelSource.Random(spec, 5);
    var plan = new ShardPlan(spec, exchange, nodes);
    var kernels = Kernels.choose(true);
    try (var alone = new LocalForwardPass(source, plan, settings, kernels, POOL);
        var shared = new LocalForwardPass(source, plan, settings, kernels, POOL)) {
      List<Fed> sequences = new ArrayList<>();
      List<Integer> free = new ArrayList<>(IntStream.range(0, pages).boxed().toList());
      Collections.shuffle(free, random);
      for (int i = 0; i < SEQUENCES; i++) {
        int[] own = {free.get(i)};
        int[] tokens = random.ints(20 + random.nextInt(40), 0, 301).toArray();
        sequences.add(new Fed(own, new int[] {2 * i, 2 * i + 1}, tokens));
      }
      while (sequences.stream().anyMatch(Fed::unfinished)) {
        step(shared, sequences, random);
      }
      for (Fed sequence : sequences) {
        sequence.compare(alone, "seed=" + seed);
      }
    }
  }

  /// Some of the sequences, with runs of any length that fit.
  private static void step(ForwardPass shared, List<Fed> sequences, Random random) {
    List<Fed> taken = new ArrayList<>();
    List<Run> runs = new ArrayList<>();
    int room = BATCH;
    List<Fed> order = new ArrayList<>(sequences);
    Collections.shuffle(order, random);
    for (Fed sequence : order) {
      if (sequence.unfinished() && room > 0 && (runs.isEmpty() || random.nextInt(4) > 0)) {
        int most = Math.min(room, sequence.tokens.length - sequence.fed);
        int count = random.nextBoolean() ? 1 : 1 + random.nextInt(most);
        taken.add(sequence);
        runs.add(sequence.next(count, random.nextInt(3) > 0));
        room -= count;
      }
    }
    StepResult result = shared.forward(new Step(shared.pool().epoch(), runs));
    var choice = new TokenChoice();
    for (int i = 0; i < runs.size(); i++) {
      if (runs.get(i).wanted().rows() > 0) {
        taken.get(i).logits.set(taken.get(i).fed - 1, choice.all(result.logits().get(i)));
      }
    }
  }

  /// A sequence, and the logits that it got after some of its tokens.
  private static final class Fed {
    final int[] pages;

    /// Places for states: that after each step, by turns.
    final int[] places;

    final int[] tokens;
    final List<float[]> logits;
    int fed;
    int steps;

    Fed(int[] pages, int[] places, int[] tokens) {
      this.pages = pages;
      this.places = places;
      this.tokens = tokens;
      logits = new ArrayList<>(Collections.nCopies(tokens.length, new float[0]));
    }

    boolean unfinished() {
      return fed < tokens.length;
    }

    Run next(int count, boolean wanted) {
      int[] some = java.util.Arrays.copyOfRange(tokens, fed, fed + count);
      var logitsWanted = wanted ? new LogitsWanted.All() : new LogitsWanted.Nothing();
      int from = fed == 0 ? RunState.NONE : places[steps % 2];
      RunState state = new RunState(from, places[++steps % 2]);
      Run run = new Run(pages, pages, fed, some, state, logitsWanted, Adjustments.NONE);
      fed += count;
      return run;
    }

    void compare(ForwardPass alone, String where) {
      var sequence = new OneSequence(alone);
      for (int position = 0; position < tokens.length; position++) {
        float[] expected = sequence.logits(new int[] {tokens[position]}, position);
        float[] actual = logits.get(position);
        if (actual.length > 0) {
          assertArrayEquals(expected, actual, 0, where + " position=" + position);
        }
      }
    }
  }
}
