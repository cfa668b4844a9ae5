package dllama.sampling;

import dllama.generation.SamplerChoice;
import dllama.logits.Adjustments;
import dllama.logits.LogitsReducer;
import dllama.logits.RunLogits;
import dllama.logits.TokenChoice;
import dllama.model.Range;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// The choice of one token of 128,256, top-p 0.9 at temperature 0.8, on one node.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 12, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SamplerBenchmark {
  private static final int VOCABULARY = 128_256;

  /// Standard deviation of the logits: with 1 half of all tokens are in the set, with 2.5 some 3 %.
  @Param({"1", "2.5"})
  float spread;

  /// Added to 40 of them.
  @Param({"0", "20"})
  float peak;

  private final RandomSampler sampler = new RandomSampler(new SamplingParameters(0.8f, 0.9f), 42);
  private final Range vocabulary = new Range(0, VOCABULARY);
  private final LogitsReducer reducer = new LogitsReducer(vocabulary);
  private final TokenChoice choice = new TokenChoice();
  private final float[] logits = new float[VOCABULARY];

  @Setup
  public void setUp() {
    Random random = new Random(1);
    for (int i = 0; i < VOCABULARY; i++) {
      logits[i] = spread * (float) random.nextGaussian();
    }
    for (int i = 0; i < 40; i++) {
      logits[random.nextInt(VOCABULARY)] += peak;
    }
  }

  @Benchmark
  public int topP() {
    return next(sampler);
  }

  @Benchmark
  public int greedy() {
    return next(new Sampler.Greedy());
  }

  private int next(Sampler of) {
    var part = reducer.reduce(SamplerChoice.wanted(of), Adjustments.NONE, logits, 0);
    var told =
        new RunLogits(
            List.of(vocabulary),
            List.of(part),
            question -> List.of(reducer.answer(question)));
    return SamplerChoice.next(of, told, choice);
  }
}
