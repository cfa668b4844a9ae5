package dllama.logits;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dllama.generation.SamplerChoice;
import dllama.model.Range;
import dllama.sampling.Sampler;
import dllama.step.Run;
import dllama.step.Step;
import dllama.step.StepResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/// Steps of given logits, cut over any number of ranks.
public final class FullLogits {
  /// The token, and whether the ranks' candidates did not suffice for it.
  public record Choice(int token, boolean askedForAll) {}

  private FullLogits() {}

  /// What a step of one run gives.
  ///
  /// @param rows logits of the last tokens, as many as are wanted or more
  public static StepResult step(Step step, float[]... rows) {
    Run run = step.runs().getFirst();
    RunLogits logits = told(run.wanted(), 1, new AtomicBoolean(), rows);
    return new StepResult(List.of(logits), 7, 100, 200);
  }

  /// What a step gives.
  ///
  /// @param rows by run: logits of the last tokens, as many as are wanted or more
  public static StepResult step(Step step, List<float[][]> rows) {
    List<RunLogits> logits = new ArrayList<>();
    for (int run = 0; run < rows.size(); run++) {
      LogitsWanted wanted = step.runs().get(run).wanted();
      logits.add(told(wanted, 1, new AtomicBoolean(), rows.get(run)));
    }
    return new StepResult(logits, 7, 100, 200);
  }

  /// The token that `sampler` chooses.
  public static int next(Sampler sampler, float... logits) {
    return next(sampler, 1, logits).token();
  }

  /// The token that `sampler` chooses with the vocabulary cut over `ranks`.
  public static Choice next(Sampler sampler, int ranks, float... logits) {
    var asked = new AtomicBoolean();
    RunLogits told = told(SamplerChoice.wanted(sampler), ranks, asked, new float[][] {logits});
    return new Choice(SamplerChoice.next(sampler, told, new TokenChoice()), asked.get());
  }

  private static RunLogits told(
      LogitsWanted wanted, int ranks, AtomicBoolean askedForAll, float[][] rows) {
    List<Range> vocabulary = cut(rows[0].length, ranks);
    List<LogitsPart> parts = new ArrayList<>();
    for (Range range : wanted.rows() > 0 ? vocabulary : List.<Range>of()) {
      parts.add(part(wanted, range, rows));
    }
    float[] last = rows[rows.length - 1];
    return new RunLogits(
        vocabulary,
        parts,
        question ->
            switch (question) {
              case LogitsQuestion.Everything _ -> {
                assertFalse(askedForAll.getAndSet(true), "once is enough");
                yield vocabulary.stream()
                    .map(range -> part(new LogitsWanted.All(), range, rows))
                    .toList();
              }
              case LogitsQuestion.Walk walk -> {
                Range range = vocabulary.get(walk.rank());
                float[] own = Arrays.copyOfRange(last, range.from(), range.to());
                yield List.of(new LogitsReducer(range).walk(walk, own, 0));
              }
            });
  }

  /// Behind a row of others, which must not matter.
  private static LogitsPart part(LogitsWanted wanted, Range range, float[][] rows) {
    int count = wanted.rows();
    float[] own = new float[(1 + count) * range.size()];
    Arrays.fill(own, 0, range.size(), Float.MAX_VALUE);
    for (int row = 0; row < count; row++) {
      float[] from = rows[rows.length - count + row];
      System.arraycopy(from, range.from(), own, (1 + row) * range.size(), range.size());
    }
    return new LogitsReducer(range).reduce(wanted, own, 1);
  }

  private static List<Range> cut(int vocabSize, int ranks) {
    List<Range> ranges = new ArrayList<>();
    for (int rank = 0; rank < ranks; rank++) {
      ranges.add(new Range(vocabSize * rank / ranks, vocabSize * (rank + 1) / ranks));
    }
    return ranges;
  }
}
