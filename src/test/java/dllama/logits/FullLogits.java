package dllama.logits;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.generation.SamplerChoice;
import dllama.model.Range;
import dllama.sampling.Sampler;
import dllama.step.Run;
import dllama.step.Step;
import dllama.step.StepResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Steps of given logits, cut over any number of ranks.
public final class FullLogits {
  /// The token, and whether the ranks' candidates did not suffice for it.
  public record Choice(int token, boolean askedForAll) {}

  private FullLogits() {}

  /// What a step of one run gives.
  ///
  /// @param rows logits of the last tokens, as many as are wanted or more
  public static StepResult step(Step step, float[]... rows) {
    return step(step, List.<float[][]>of(rows));
  }

  /// What a step gives.
  ///
  /// @param rows by run: logits of the last tokens, as many as are wanted or more, or states
  public static StepResult step(Step step, List<float[][]> rows) {
    List<RunLogits> logits = new ArrayList<>();
    for (int run = 0; run < rows.size(); run++) {
      Run of = step.runs().get(run);
      if (of.wanted() instanceof LogitsWanted.States(int count)) {
        logits.add(states(count, rows.get(run)));
        continue;
      }
      logits.add(told(of.wanted(), of.adjustments(), 1, new ArrayList<>(), rows.get(run)));
    }
    return new StepResult(logits, 7, 100, 200);
  }

  private static RunLogits states(int count, float[][] rows) {
    int dim = rows[0].length;
    float[] values = new float[count * dim];
    for (int row = 0; row < count; row++) {
      System.arraycopy(rows[rows.length - count + row], 0, values, row * dim, dim);
    }
    return new RunLogits(List.of(), List.of(new LogitsPart.States(count, values)), _ -> List.of());
  }

  /// The token that `sampler` chooses.
  public static int next(Sampler sampler, float... logits) {
    return next(sampler, 1, logits).token();
  }

  /// The token that `sampler` chooses with the vocabulary cut over `ranks`.
  public static Choice next(Sampler sampler, int ranks, float... logits) {
    List<LogitsQuestion> asked = new ArrayList<>();
    LogitsWanted wanted = SamplerChoice.wanted(sampler);
    RunLogits told = told(wanted, Adjustments.NONE, ranks, asked, logits);
    int token = SamplerChoice.next(sampler, told, new TokenChoice());
    List<LogitsQuestion> all =
        asked.stream().filter(question -> question instanceof LogitsQuestion.Everything).toList();
    assertTrue(all.size() <= 1, "once is enough");
    return new Choice(token, !all.isEmpty());
  }

  /// What ranks tell of the logits of a run.
  ///
  /// @param asked gets what they are asked
  /// @param rows logits of the last tokens, as many as are wanted or more
  public static RunLogits told(
      LogitsWanted wanted,
      Adjustments adjustments,
      int ranks,
      List<LogitsQuestion> asked,
      float[]... rows) {
    List<Range> vocabulary = cut(rows[0].length, ranks);
    List<LogitsReducer> reducers = vocabulary.stream().map(LogitsReducer::new).toList();
    List<LogitsPart> parts = new ArrayList<>();
    for (int rank = 0; wanted.rows() > 0 && rank < ranks; rank++) {
      float[] own = own(wanted.rows(), vocabulary.get(rank), rows);
      parts.add(reducers.get(rank).reduce(wanted, adjustments, own, 1));
    }
    return new RunLogits(
        vocabulary,
        parts,
        question -> {
          asked.add(question);
          return question instanceof LogitsQuestion.Walk walk
              ? List.of(reducers.get(walk.rank()).answer(walk))
              : IntStream.range(0, ranks)
                  .mapToObj(rank -> reducers.get(rank).answer(question.to(vocabulary.get(rank))))
                  .toList();
        });
  }

  /// Behind a row of others, which must not matter.
  private static float[] own(int count, Range range, float[][] rows) {
    float[] own = new float[(1 + count) * range.size()];
    Arrays.fill(own, 0, range.size(), Float.MAX_VALUE);
    for (int row = 0; row < count; row++) {
      float[] from = rows[rows.length - count + row];
      System.arraycopy(from, range.from(), own, (1 + row) * range.size(), range.size());
    }
    return own;
  }

  private static List<Range> cut(int vocabSize, int ranks) {
    List<Range> ranges = new ArrayList<>();
    for (int rank = 0; rank < ranks; rank++) {
      ranges.add(new Range(vocabSize * rank / ranks, vocabSize * (rank + 1) / ranks));
    }
    return ranges;
  }
}
