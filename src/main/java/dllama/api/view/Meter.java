package dllama.api.view;

import dllama.generation.StepListener;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/// What steps took, by second, for the last ten minutes. Told on the scheduler's thread, asked on
/// any.
public final class Meter implements StepListener {
  private static final int SECONDS = 600;
  private static final int MEAN_SECONDS = 10;
  private static final double MILLI = 1e6;

  private final Deque<Second> history = new ArrayDeque<>();
  private long readTokens;
  private long decodedTokens;
  private long nanos;
  private long waitedNanos;
  private long steps;

  /// Sums of one second.
  private static final class Second {
    final long at;
    int read;
    int decoded;
    long decodeNanos;
    long decodeWaited;
    int decodeSteps;
    long singleNanos;
    long singleWaited;
    int singleSteps;

    Second(long at) {
      this.at = at;
    }
  }

  @Override
  public synchronized void done(Step step) {
    readTokens += step.read();
    decodedTokens += step.decoded();
    nanos += step.nanos();
    waitedNanos += step.waitedNanos();
    steps++;
    Second second = now();
    second.read += step.read();
    second.decoded += step.decoded();
    if (step.read() == 0) {
      if (step.decoded() == 1) {
        second.singleNanos += step.nanos();
        second.singleWaited += step.waitedNanos();
        second.singleSteps++;
      }
      second.decodeNanos += step.nanos();
      second.decodeWaited += step.waitedNanos();
      second.decodeSteps++;
    }
  }

  private Second now() {
    long at = System.currentTimeMillis() / 1000;
    Second last = history.peekLast();
    if (last == null || last.at != at) {
      last = new Second(at);
      history.add(last);
    }
    while (history.size() > SECONDS || history.getFirst().at < at - SECONDS) {
      history.removeFirst();
    }
    return last;
  }

  /// Seconds with work in them, the oldest first.
  public synchronized List<Map<String, Object>> history() {
    List<Map<String, Object>> all = new ArrayList<>();
    history.forEach(second -> all.add(entry(second)));
    return all;
  }

  /// The last second with work in it, if it was one of the last few.
  public synchronized @Nullable Map<String, Object> latest() {
    Second last = history.peekLast();
    return last == null || last.at < System.currentTimeMillis() / 1000 - 5 ? null : entry(last);
  }

  /// What a token takes that nobody shares a step with.
  public record Single(double computeMs, double syncMs) {}

  /// The mean over the last ten seconds in which there were such, since a time; empty if none were.
  ///
  /// @param sinceMillis by the clock
  public synchronized Optional<Single> single(long sinceMillis) {
    List<Second> latest =
        StreamSupport.stream(((Iterable<Second>) history::descendingIterator).spliterator(), false)
            .filter(second -> second.singleSteps > 0 && (second.at + 1) * 1000 > sinceMillis)
            .limit(MEAN_SECONDS)
            .toList();
    long all = latest.stream().mapToLong(second -> second.singleSteps).sum();
    if (all == 0) {
      return Optional.empty();
    }
    double total = latest.stream().mapToLong(second -> second.singleNanos).sum() / MILLI / all;
    double sync = latest.stream().mapToLong(second -> second.singleWaited).sum() / MILLI / all;
    return Optional.of(new Single(total - sync, sync));
  }

  private static Map<String, Object> entry(Second second) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("at", second.at * 1000);
    entry.put("tokensPerSecond", second.decoded);
    entry.put("prefillTokensPerSecond", second.read);
    if (second.decodeSteps > 0) {
      double waited = second.decodeWaited / MILLI / second.decodeSteps;
      entry.put("computeMs", rounded(second.decodeNanos / MILLI / second.decodeSteps - waited));
      entry.put("syncMs", rounded(waited));
    }
    return entry;
  }

  private static double rounded(double value) {
    return Math.round(value * 1000) / 1000.0;
  }

  synchronized long readTokens() {
    return readTokens;
  }

  synchronized long decodedTokens() {
    return decodedTokens;
  }

  synchronized double seconds() {
    return nanos / 1e9;
  }

  synchronized double waitedSeconds() {
    return waitedNanos / 1e9;
  }

  synchronized long steps() {
    return steps;
  }
}
