package dllama.cli;

import dllama.error.UserException;
import dllama.generation.Generation;
import dllama.generation.GenerationEvent;
import dllama.generation.GenerationEvent.Failed;
import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationEvent.Interrupted;
import dllama.generation.GenerationEvent.Prefill;
import dllama.generation.GenerationEvent.Token;
import dllama.generation.GenerationRequest;
import dllama.generation.Scheduler;
import dllama.generation.Sink;
import dllama.sampling.Sampler;
import dllama.step.ForwardException;
import dllama.step.ForwardPass;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/// Measures several sequences at once: what they get together and each, and how long a short prompt
/// waits for its first token while others are being read.
final class ParallelBench {
  /// Tokens of the prompt that others come in the middle of, where the context is long enough.
  private static final int LONG_PROMPT = 2000;

  /// How long a client pauses on average before a short prompt, in times of one alone and other
  /// clients: so many that prompts come at any moment of a step and seldom two at once.
  private static final int PAUSE = 2;

  private final ForwardPass forwardPass;
  private final Vocabulary vocabulary;
  private final int prompt;
  private final int decode;

  /// Prompts so far: no two are alike, or one would be found in the other's cache.
  private int prompts;

  /// @param prompt tokens of a short prompt
  /// @param decode tokens to generate after the first one
  ParallelBench(ForwardPass forwardPass, Vocabulary vocabulary, int prompt, int decode) {
    this.forwardPass = forwardPass;
    this.vocabulary = vocabulary;
    this.prompt = prompt;
    this.decode = decode;
  }

  /// @param maxBatchTokens of a step
  /// @throws UserException if so many can not be computed together
  static void check(int sequences, int maxBatchTokens) {
    int most = Scheduler.mostParallel(maxBatchTokens);
    if (sequences > most) {
      throw new UserException(
          "--parallel %d: at most %d can be computed together; a larger prefill-batch allows more"
              .formatted(sequences, most));
    }
  }

  /// @throws UserException if so many can not be computed together
  BenchRow.Parallel run(int sequences, int repeat) {
    check(sequences, forwardPass.maxBatchTokens()); // frames may allow fewer than the settings
    List<Together> runs = new ArrayList<>();
    for (int i = 0; i < repeat; i++) {
      runs.add(together(sequences));
    }
    double decoded = Bench.median(runs, Together::decode);
    return new BenchRow.Parallel(
        sequences,
        Json.rounded(Bench.median(runs, Together::prefill)),
        Json.rounded(decoded),
        Json.rounded(decoded / sequences),
        firstToken(sequences, repeat));
  }

  /// Tokens per second of all.
  private record Together(double prefill, double decode) {}

  /// When the tokens of an answer came, in the order in which they came.
  private static final class Arrivals implements Sink {
    final List<Long> times = new ArrayList<>();
    final CountDownLatch reading = new CountDownLatch(1);
    @Nullable RuntimeException failure;

    @Override
    public boolean accept(GenerationEvent event) {
      switch (event) {
        case Prefill _ -> reading.countDown();
        case Token _ -> times.add(System.nanoTime());
        case Failed(RuntimeException cause) -> {
          failure = cause;
          reading.countDown();
        }
        case Interrupted _, Finished _ -> {}
      }
      return true;
    }

    long first() {
      return times.getFirst();
    }

    long last() {
      return times.getLast();
    }
  }

  private Together together(int sequences) {
    try (Scheduler scheduler = new Scheduler(forwardPass, vocabulary, sequences)) {
      long start = System.nanoTime();
      List<Arrivals> all = new ArrayList<>();
      List<Generation> generations = new ArrayList<>();
      for (int i = 0; i < sequences; i++) {
        all.add(new Arrivals());
        generations.add(scheduler.submit(request(prompt, decode + 1), all.getLast()));
      }
      for (int i = 0; i < sequences; i++) {
        join(generations.get(i), all.get(i));
      }
      long read = all.stream().mapToLong(Arrivals::first).max().orElseThrow();
      long ended = all.stream().mapToLong(Arrivals::last).min().orElseThrow();
      long tokens =
          all.stream()
              .flatMap(arrivals -> arrivals.times.stream())
              .filter(time -> time > read && time <= ended)
              .count();
      return new Together(
          sequences * prompt * 1e9 / (read - start), tokens * 1e9 / Math.max(1, ended - read));
    }
  }

  /// Short prompts, of one client less than there are sequences, each after a random pause, while a
  /// long one is read.
  private BenchRow.@Nullable FirstToken firstToken(int sequences, int repeat) {
    int length = Math.min(LONG_PROMPT, forwardPass.contextLength() - 1);
    if (sequences < 2 || length < 2 * prompt) {
      return null;
    }
    List<Double> alone = new ArrayList<>();
    List<Double> waits = Collections.synchronizedList(new ArrayList<>());
    try (Scheduler scheduler = new Scheduler(forwardPass, vocabulary, sequences)) {
      for (int i = 0; i < repeat; i++) {
        alone.add(wait(scheduler));
      }
      double pause = PAUSE * (sequences - 1) * Bench.median(alone, wait -> wait);
      Arrivals reader = new Arrivals();
      Generation reading = scheduler.submit(request(length, 1), reader);
      List<Thread> clients = new ArrayList<>();
      await(reader.reading);
      for (int i = 1; i < sequences; i++) {
        Random random = new Random(i);
        clients.add(Thread.ofPlatform().start(() -> ask(scheduler, reading, random, pause, waits)));
      }
      join(reading, reader);
      clients.forEach(ParallelBench::join);
    }
    if (waits.isEmpty()) {
      return null;
    }
    double[] sorted = waits.stream().mapToDouble(wait -> wait).sorted().toArray();
    return new BenchRow.FirstToken(
        Json.rounded(Bench.median(alone, wait -> wait)),
        Json.rounded(Bench.median(waits, wait -> wait)),
        Json.rounded(sorted[(int) Math.ceil(0.99 * sorted.length) - 1]),
        length);
  }

  /// A client: one short prompt after the other, as long as the long one is read.
  ///
  /// @param pauseMs before each, on average
  private void ask(
      Scheduler scheduler, Generation reading, Random random, double pauseMs, List<Double> waits) {
    try {
      while (reading.isUnderWay()) {
        pause(random.nextDouble(2 * pauseMs));
        double wait = wait(scheduler);
        if (reading.isUnderWay()) {
          waits.add(wait);
        }
      }
    } catch (ForwardException e) {
      // the nodes were lost; who waits for the long prompt says so
    }
  }

  /// Milliseconds until the first token of a short prompt.
  private double wait(Scheduler scheduler) {
    Arrivals arrivals = new Arrivals();
    long start = System.nanoTime();
    join(scheduler.submit(request(prompt, 1), arrivals), arrivals);
    return (arrivals.first() - start) / 1e6;
  }

  private synchronized GenerationRequest request(int length, int tokens) {
    int[] random = new Random(prompts++).ints(length, 0, forwardPass.spec().vocabSize()).toArray();
    random[0] = prompts % forwardPass.spec().vocabSize();
    return new GenerationRequest(random, tokens, new Sampler.Greedy(), Set.of(), List.of());
  }

  private static void join(Generation generation, Arrivals arrivals) {
    generation.join();
    if (arrivals.failure != null) {
      throw arrivals.failure;
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void pause(double ms) {
    try {
      Thread.sleep(Math.round(ms));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
