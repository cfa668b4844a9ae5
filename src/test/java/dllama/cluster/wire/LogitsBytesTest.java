package dllama.cluster.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.cluster.wire.TensorFrame.Input;
import dllama.cluster.wire.TensorFrame.Logits;
import dllama.cluster.wire.TensorFrame.Question;
import dllama.cluster.wire.TensorFrame.RunRows;
import dllama.generation.SamplerChoice;
import dllama.logits.Adjustments;
import dllama.logits.LogitsPart;
import dllama.logits.LogitsQuestion;
import dllama.logits.LogitsReducer;
import dllama.logits.LogitsWanted;
import dllama.logits.RunLogits;
import dllama.logits.TokenChoice;
import dllama.logits.TokenLogprobs;
import dllama.model.Range;
import dllama.sampling.Sampler;
import dllama.step.RunState;
import java.io.NotSerializableException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What choosing a token of 128,256 costs on the wire, per rank of four: every part and question
/// goes through its bytes.
class LogitsBytesTest {
  private static final int VOCABULARY = 128_256;
  private static final int RANKS = 4;
  private static final int ALL_LOGITS = 4 * VOCABULARY / RANKS;

  /// The same frame with nothing of the kind that is counted.
  private static final int INPUT = bytes(input(Adjustments.NONE));

  private final TensorFrameSerializer serializer = new TensorFrameSerializer(null);
  private final TokenChoice choice = new TokenChoice();
  private final float[] logits = new float[VOCABULARY];
  private final List<Range> ranges =
      IntStream.range(0, RANKS)
          .mapToObj(r -> new Range(VOCABULARY * r / RANKS, VOCABULARY * (r + 1) / RANKS))
          .toList();

  /// To or from the rank with the most of them.
  private int bytes;

  @BeforeEach
  void setUp() {
    Random random = new Random(1);
    for (int i = 0; i < VOCABULARY; i++) {
      logits[i] = 3 * (float) random.nextGaussian();
    }
    for (int i = 0; i < 40; i++) {
      logits[3000 * i + 1] = 18 + i % 7;
    }
  }

  private static Input input(Adjustments adjustments) {
    var run =
        new RunRows(
            new int[1], new int[0], 0, 1, RunState.alone(0), new LogitsWanted.Draw(1), adjustments);
    return new Input(1, 2, false, List.of(), List.of(run), new FrameBuffer(0));
  }

  private static int bytes(TensorFrame frame) {
    return new TensorFrameSerializer(null).toBinary(frame).length;
  }

  private RunLogits step(LogitsWanted wanted, Adjustments adjustments) {
    bytes = bytes(input(adjustments)) - INPUT;
    List<LogitsReducer> reducers = ranges.stream().map(LogitsReducer::new).toList();
    List<LogitsPart> parts = new ArrayList<>();
    for (int rank = 0; rank < RANKS; rank++) {
      float[] own = new float[ranges.get(rank).size()];
      System.arraycopy(logits, ranges.get(rank).from(), own, 0, own.length);
      parts.add(reducers.get(rank).reduce(wanted, adjustments, own, 0));
    }
    return new RunLogits(
        ranges,
        travelled(parts),
        question -> {
          int most = 0;
          List<LogitsPart> answers = new ArrayList<>();
          for (int rank = 0; rank < RANKS; rank++) {
            var asked = new Question(1, 2, 0, question.to(ranges.get(rank)));
            most = Math.max(most, bytes(asked));
            var arrived = (Question) travelled(asked, "Q");
            answers.add(reducers.get(rank).answer(arrived.question()));
          }
          bytes += most;
          return travelled(answers);
        });
  }

  private List<LogitsPart> travelled(List<LogitsPart> parts) {
    bytes += parts.stream().mapToInt(part -> bytes(new Logits(1, 2, 0, 0, part))).max().orElse(0);
    return parts.stream()
        .map(part -> ((Logits) travelled(new Logits(1, 2, 0, 0, part), "L")).part())
        .toList();
  }

  private Object travelled(TensorFrame frame, String manifest) {
    try {
      return serializer.fromBinary(serializer.toBinary(frame), manifest);
    } catch (NotSerializableException e) {
      throw new AssertionError(e);
    }
  }

  private static final Sampler GREEDY = new Sampler.Greedy();
  private final Sampler drawing = Sampler.of(0.8f, 0.9f, 1);

  private int next(Sampler sampler, RunLogits told) {
    return SamplerChoice.next(sampler, told, choice);
  }

  @Test
  void shouldCostLittleWithoutAdjustments() {
    next(GREEDY, step(SamplerChoice.wanted(GREEDY), Adjustments.NONE));
    assertEquals(33, bytes);
    next(drawing, step(SamplerChoice.wanted(drawing), Adjustments.NONE));
    assertEquals(1437, bytes);
  }

  /// 64 tokens of a repeat penalty.
  @Test
  void shouldTellPenaltiesWithTheStep() {
    int[] tokens = IntStream.range(0, 64).map(i -> 3000 * i / 2 + 1).toArray();
    float[] factors = new float[64];
    Arrays.fill(factors, 1.1f);
    var penalties = new Adjustments(tokens, factors, new float[64]);
    next(GREEDY, step(SamplerChoice.wanted(GREEDY), penalties));
    assertEquals(33 + 64 * 12, bytes);
    next(drawing, step(SamplerChoice.wanted(drawing), penalties));
    assertEquals(1437 + 64 * 12, bytes);
  }

  /// A bit per token, at most.
  @Test
  void shouldTellTheMaskInBits() {
    BitSet allowed = new BitSet();
    allowed.set(0, VOCABULARY);
    allowed.clear(18_001); // one of the best
    int question = 34 + VOCABULARY / RANKS / 8;
    RunLogits told = step(new LogitsWanted.Best(1), Adjustments.NONE);
    var greedy = new LogitsQuestion.Adjusted(new LogitsWanted.Best(1), Adjustments.NONE, allowed);
    next(GREEDY, told.ask(greedy));
    assertEquals(33 + question + 33, bytes, 8);
    told = step(new LogitsWanted.Best(1), Adjustments.NONE);
    var drawn =
        new LogitsQuestion.Adjusted(SamplerChoice.wanted(drawing), Adjustments.NONE, allowed);
    next(drawing, told.ask(drawn));
    assertEquals(33 + question + 1437, bytes, 8);
    assertTrue(bytes < ALL_LOGITS / 20, "bytes " + bytes);
  }

  /// Of each token in place of 128 kB.
  @Test
  void shouldTellGivenTokensInHalfAKilobyteEach() {
    RunLogits told = step(new LogitsWanted.Best(1), Adjustments.NONE);
    TokenLogprobs logprobs = told.logprobs(18_001, 1);
    var wanted = new LogitsWanted.Given(new int[] {18_001});
    assertEquals((float) step(wanted, Adjustments.NONE).given(wanted)[0], logprobs.chosen());
    assertEquals(25 + 4 + 8 + 48 * 8, bytes);
  }

  @Test
  void shouldTellLogprobsInLessThanAKilobyte() {
    RunLogits told = step(new LogitsWanted.Best(1), Adjustments.NONE);
    int token = next(GREEDY, told);
    TokenLogprobs logprobs = told.logprobs(token, 20);
    assertEquals(20, logprobs.top().size());
    assertEquals(logprobs.chosen(), logprobs.top().getFirst().logprob());
    assertEquals(33 + 29 + 25 + 4 + 4 + 48 * 8 + 20 * 8, bytes);
  }
}
