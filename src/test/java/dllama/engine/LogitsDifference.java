package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.model.Architecture;
import dllama.model.Architecture.Trait;

/// How far our logits are from recorded ones, over all rows (positions) that were added.
public final class LogitsDifference {
  private double maxAbs;
  private double squares;
  private long values;
  private int rows;
  private int equalArgmax;
  private int runs;
  private double row0;
  private int runsWithExactStart;
  private double marginOfWorstFlip;

  /// Adds a run of which the largest logits of each row are recorded, of all rows or the first.
  void addTop(float[][] ours, JsonNode top) {
    double start = 0;
    for (int row = 0; row < top.size(); row++) {
      double worst = 0;
      for (JsonNode entry : top.get(row)) {
        worst = Math.max(worst, add(ours[row][entry.get(0).asInt()], entry.get(1).asDouble()));
      }
      double margin =
          top.at("/%d/0/1".formatted(row)).asDouble() - top.at("/%d/1/1".formatted(row)).asDouble();
      endRow(Goldens.argmax(ours[row]) == top.at("/%d/0/0".formatted(row)).asInt(), margin);
      start = row < 4 ? Math.max(start, worst) : start;
      row0 = row == 0 ? Math.max(row0, worst) : row0;
    }
    endRun(start);
  }

  /// Adds a run of which all logits are recorded.
  void addFull(float[][] ours, float[][] theirs) {
    for (int row = 0; row < theirs.length; row++) {
      for (int i = 0; i < theirs[row].length; i++) {
        add(ours[row][i], theirs[row][i]);
      }
      endRow(Goldens.argmax(ours[row]) == Goldens.argmax(theirs[row]), 0);
    }
    endRun(0);
  }

  private double add(double ours, double theirs) {
    double difference = Math.abs(ours - theirs);
    maxAbs = Math.max(maxAbs, Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference);
    squares += difference * difference;
    values++;
    return difference;
  }

  private void endRow(boolean sameArgmax, double margin) {
    rows++;
    if (sameArgmax) {
      equalArgmax++;
    } else {
      marginOfWorstFlip = Math.max(marginOfWorstFlip, margin);
    }
  }

  private void endRun(double start) {
    runs++;
    if (start <= 1e-3) {
      runsWithExactStart++;
    }
  }

  /// Asserts that F32 runs are as near as conformance/README.md demands.
  ///
  /// @param run which build was recorded, and where
  public void assertF32(String run) {
    assertTrue(maxAbs() <= (run.contains("avx512") ? 3e-4 : 5e-5), () -> run + ": " + this);
    assertEquals(1, argmaxShare(), () -> run + ": " + this);
  }

  /// Asserts that Q40 runs with Q80 exchange are as near as conformance/README.md demands; how they
  /// begin is [#exactStartShare], over all models.
  ///
  /// @param run "nodes N build" at its end
  public void assertQ40(String run, Architecture architecture) {
    boolean experts = architecture.has(Trait.EXPERTS);
    assertTrue(argmaxShare() >= (experts ? 0.85 : 0.93), () -> run + ": " + this);
    // Version 0.10.6 did not round the root's own partial, so its nodes differed from each other;
    // of several nodes only the choice can be followed.
    if (architecture.has(Trait.UNROUNDED_LONE_PARTIAL) && !run.contains("nodes 1 ")) {
      return;
    }
    boolean exactExp = !run.contains("avx512");
    if (exactExp) {
      assertTrue(row0() <= 1e-3, () -> run + ": " + this);
    }
    if (!experts) {
      assertTrue(rms() <= 0.12, () -> run + ": " + this);
      assertTrue(!exactExp || maxAbs() <= 0.6, () -> run + ": " + this);
      assertTrue(!exactExp || marginOfWorstFlip() <= 0.6, () -> run + ": " + this);
    }
  }

  /// Adds what another one counted of the beginnings of runs.
  void add(LogitsDifference other) {
    runs += other.runs;
    runsWithExactStart += other.runsWithExactStart;
  }

  double maxAbs() {
    return maxAbs;
  }

  double rms() {
    return Math.sqrt(squares / values);
  }

  double argmaxShare() {
    return (double) equalArgmax / rows;
  }

  /// The largest difference in the first row of any run.
  double row0() {
    return row0;
  }

  /// Share of runs whose first four rows are within 1e-3.
  double exactStartShare() {
    return (double) runsWithExactStart / runs;
  }

  /// The largest margin of a row whose arg max is another one.
  double marginOfWorstFlip() {
    return marginOfWorstFlip;
  }

  @Override
  public String toString() {
    return "runs %d rows %d: max abs %.2g rms %.2g arg max %.4f row 0 %.2g rows 0-3 %.2f flip margin %.2f"
        .formatted(
            runs, rows, maxAbs, rms(), argmaxShare(), row0, exactStartShare(), marginOfWorstFlip);
  }
}
