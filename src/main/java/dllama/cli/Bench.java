package dllama.cli;

import dllama.error.UserException;
import dllama.generation.Conversation;
import dllama.generation.GenerationEvent;
import dllama.generation.GenerationEvent.Failed;
import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationRequest;
import dllama.generation.Generator;
import dllama.generation.Usage;
import dllama.model.ForwardException;
import dllama.sampling.Sampler;
import dllama.settings.Settings;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/// Measures prefill and decode: a row per prompt length, the median of some runs in each value.
final class Bench {
  /// Nothing is shown, so no token needs a text.
  private static final Vocabulary NO_TEXT =
      new Vocabulary(new byte[][] {{}}, new float[1], -1, List.of(), false, null);

  private final Settings settings;
  private final LoadedModel model;

  /// @throws UserException if a prompt and its answer do not fit the context
  Bench(Settings settings, LoadedModel model) {
    this.settings = settings;
    this.model = model;
    for (int prompt : settings.bench().prefill()) {
      if (prompt + settings.bench().decode() > model.contextLength()) {
        throw new UserException(
            "--prefill %d and --decode %d do not fit the context of %d; see --max-seq-len"
                .formatted(prompt, settings.bench().decode(), model.contextLength()));
      }
    }
  }

  List<BenchRow> run(Root root) throws InterruptedException {
    Root.Ready ready = root.awaitReady();
    Generator generator = new Generator(root.forwardPass(), NO_TEXT);
    List<BenchRow> rows = new ArrayList<>();
    run(generator, settings.bench().prefill().getFirst()); // compiles the code
    for (int prompt : settings.bench().prefill()) {
      List<Timing> runs = new ArrayList<>();
      for (int i = 0; i < settings.bench().repeat(); i++) {
        runs.add(Timing.of(run(generator, prompt)));
      }
      rows.add(row(ready, runs));
    }
    return rows;
  }

  private Usage run(Generator generator, int promptLength) {
    int[] prompt =
        new Random(promptLength).ints(promptLength, 0, model.spec().vocabSize()).toArray();
    GenerationRequest request =
        new GenerationRequest(
            prompt, settings.bench().decode() + 1, new Sampler.Greedy(), Set.of(), List.of());
    List<GenerationEvent> events = new ArrayList<>();
    generator.run(request, new Conversation(), events::add);
    return switch (events.getLast()) {
      case Finished(var _, Usage usage) -> usage;
      case Failed(String why) -> throw new ForwardException(why);
      case GenerationEvent other -> throw new IllegalStateException("event=" + other);
    };
  }

  private BenchRow row(Root.Ready ready, List<Timing> runs) {
    Timing.Prefill prefill = runs.getFirst().prefill();
    Timing.Decode decode = runs.getFirst().decode();
    return new BenchRow(
        model.name(),
        model.spec().weightType().name().toLowerCase(Locale.ROOT),
        model.spec().layers(),
        model.spec().layers(),
        ready.nodes(),
        settings.cluster().threads(),
        ready.loadMillis(),
        model.nodeBytes(ready.nodes(), settings.model().prefillBatch()),
        new Timing.Prefill(
            prefill.tokens(),
            median(runs, t -> t.prefill().ms()),
            median(runs, t -> t.prefill().tokensPerSecond())),
        new Timing.Decode(
            decode.tokens(),
            median(runs, t -> t.decode().ms()),
            median(runs, t -> t.decode().medianMsPerToken()),
            median(runs, t -> t.decode().tokensPerSecond())),
        new Timing.Sync(
            median(runs, t -> t.sync().medianMsPerToken()),
            (long) median(runs, t -> t.sync().sentBytesPerToken()),
            (long) median(runs, t -> t.sync().receivedBytesPerToken())));
  }

  private static double median(List<Timing> runs, ToDoubleFunction<Timing> value) {
    return runs.stream()
        .map(value::applyAsDouble)
        .sorted(Comparator.naturalOrder())
        .skip(runs.size() / 2)
        .findFirst()
        .orElseThrow();
  }
}
