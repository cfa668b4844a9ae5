package dllama.cli;

import dllama.error.UserException;
import dllama.generation.Conversation;
import dllama.generation.GenerationEvent;
import dllama.generation.GenerationEvent.Failed;
import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationRequest;
import dllama.generation.Generator;
import dllama.generation.Usage;
import dllama.model.Batch;
import dllama.model.ForwardException;
import dllama.model.ForwardPass;
import dllama.model.Step;
import dllama.sampling.Sampler;
import dllama.settings.Settings;
import dllama.tensor.DType;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/// Measures prefill and decode: a row per prompt length, the median of some runs in each value.
/// Tells the figures of a model with more layers than the one that runs, if need be.
final class Bench {
  /// Nothing is shown, so no token needs a text.
  private static final Vocabulary NO_TEXT =
      new Vocabulary(new byte[][] {{}}, new float[1], -1, List.of(), false, null);

  private final Settings settings;
  private final LoadedModel model;

  /// What the figures are for; has the spec of `model` but for the number of layers.
  private final LoadedModel whole;

  /// @throws UserException if a prompt and its answer do not fit the context
  Bench(Settings settings, LoadedModel model) {
    this(settings, model, model);
  }

  /// @param model that runs
  /// @param whole the same with all layers, which the figures are for
  /// @throws UserException if a prompt and its answer do not fit the context
  Bench(Settings settings, LoadedModel model, LoadedModel whole) {
    this.settings = settings;
    this.model = model;
    this.whole = whole;
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
        Timing timing = Timing.of(run(generator, prompt));
        runs.add(forAllLayers(timing, root.forwardPass(), ready.nodes()));
      }
      rows.add(row(ready, runs));
    }
    return rows;
  }

  private Usage run(Generator generator, int promptLength) {
    int[] prompt = randomTokens(promptLength);
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

  private Timing forAllLayers(Timing run, ForwardPass forwardPass, int nodes) {
    if (model.spec().layers() == whole.spec().layers()) {
      return run;
    }
    Extrapolation extrapolation = new Extrapolation(model.spec().layers(), whole.spec().layers());
    return extrapolation.of(run, layers(forwardPass, run.prefill().tokens(), nodes));
  }

  /// Decodes at the same positions once more, without asking for logits.
  private Extrapolation.Layers layers(ForwardPass forwardPass, int promptLength, int nodes) {
    List<Step> steps = new ArrayList<>();
    List<Long> nanos = new ArrayList<>();
    int position = promptLength;
    for (int token : randomTokens(settings.bench().decode())) {
      long from = System.nanoTime();
      steps.add(forwardPass.forward(new Batch(new int[] {token}, position++, false)));
      nanos.add(System.nanoTime() - from);
    }
    long inputBytes = (nodes - 1) * DType.F32.byteSize(model.spec().dim()); // once, not per layer
    return new Extrapolation.Layers(
        median(nanos, time -> time) / 1e6,
        median(steps, Step::syncNanos) / 1e6,
        (long) median(steps, step -> Math.max(0, step.sentBytes() - inputBytes)),
        (long) median(steps, Step::receivedBytes));
  }

  private int[] randomTokens(int count) {
    return new Random(count).ints(count, 0, model.spec().vocabSize()).toArray();
  }

  private BenchRow row(Root.Ready ready, List<Timing> runs) {
    Timing.Prefill prefill = runs.getFirst().prefill();
    Timing.Decode decode = runs.getFirst().decode();
    return new BenchRow(
        model.name(),
        model.spec().weightType().name().toLowerCase(Locale.ROOT),
        whole.spec().layers(),
        model.spec().layers(),
        ready.nodes(),
        settings.cluster().threads(),
        ready.loadMillis(),
        whole.nodeBytes(ready.nodes(), settings.model().prefillBatch()),
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

  private static <T> double median(List<T> runs, ToDoubleFunction<T> value) {
    return runs.stream()
        .map(value::applyAsDouble)
        .sorted(Comparator.naturalOrder())
        .skip(runs.size() / 2)
        .findFirst()
        .orElseThrow();
  }
}
