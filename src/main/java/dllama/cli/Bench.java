package dllama.cli;

import dllama.error.UserException;
import dllama.generation.GenerationRequest;
import dllama.generation.Scheduler;
import dllama.generation.Speculation;
import dllama.generation.Usage;
import dllama.sampling.Sampler;
import dllama.session.Answer;
import dllama.session.LoadedModel;
import dllama.session.Root;
import dllama.settings.Settings;
import dllama.slice.Embedding;
import dllama.step.ForwardPass;
import dllama.step.OneSequence;
import dllama.step.StepResult;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// Measures prefill and decode: a row per prompt length, the median of some runs in each value.
/// Tells the figures of a model with more layers than the one that runs, if need be.
final class Bench {
  /// Nothing is shown, so no token needs a text.
  private static final Vocabulary NO_TEXT =
      new Vocabulary(new byte[][] {{}}, new float[1], -1, List.of(), false, null);

  /// What the figures are measured with.
  private record Setup(Root.Ready ready, BenchRow.Machine machine) {}

  private record Run(Usage usage, List<Integer> answer) {}

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
    checkLayers("--replay-acceptance", settings.bench().replayAcceptance());
    checkLayers("--parallel", settings.bench().parallel());
    int batch = Math.min(model.prefillBatch(), model.contextLength());
    settings.bench().parallel().forEach(sequences -> ParallelBench.check(sequences, batch));
    for (int prompt : settings.bench().prefill()) {
      if (prompt + settings.bench().decode() > model.contextLength()) {
        throw new UserException(
            "--prefill %d and --decode %d do not fit the context of %d; %s"
                .formatted(
                    prompt,
                    settings.bench().decode(),
                    model.contextLength(),
                    model.contextLimit().advice()));
      }
    }
  }

  /// Figures of these rows are not extrapolated.
  private void checkLayers(String option, List<Integer> values) {
    if (!values.isEmpty() && model.spec().layers() != whole.spec().layers()) {
      throw new UserException(
          "%s needs all layers in memory; choose --layers N or a smaller --shape"
              .formatted(option));
    }
  }

  List<BenchRow> run(Root root) throws InterruptedException {
    Root.Ready ready = root.awaitReady();
    root.awaitRehearsed();
    List<BenchRow> rows = new ArrayList<>();
    run(root.forwardPass(), settings.bench().prefill().getFirst()); // compiles the code
    Setup setup = new Setup(ready, BenchRow.Machine.of(root.awaitKernels()));
    for (int prompt : settings.bench().prefill()) {
      List<Timing> runs = new ArrayList<>();
      List<Integer> answer = List.of();
      for (int i = 0; i < settings.bench().repeat(); i++) {
        Run run = run(root.forwardPass(), prompt);
        answer = run.answer;
        runs.add(forAllLayers(Timing.of(run.usage), root.forwardPass(), ready.nodes()));
      }
      BenchRow alone = row(setup, runs, null);
      rows.add(alone);
      for (int sequences : settings.bench().parallel()) {
        rows.add(
            alone.with(
                new ParallelBench(root.forwardPass(), NO_TEXT, prompt, settings.bench().decode())
                    .run(sequences, settings.bench().repeat())));
      }
      for (int acceptance : settings.bench().replayAcceptance()) {
        rows.add(replay(root.forwardPass(), setup, prompt, answer, acceptance, alone.prefill()));
      }
    }
    return rows;
  }

  /// The same prompt once more, with tokens guessed ahead of which so many percent hold.
  ///
  /// @param prefill what reading the prompt took; it is cached now
  private BenchRow replay(
      ForwardPass forwardPass,
      Setup setup,
      int prompt,
      List<Integer> answer,
      int acceptance,
      Timing.Prefill prefill) {
    int[] tokens = answer.stream().mapToInt(Integer::intValue).toArray();
    Replay replay = new Replay(tokens, model.spec().vocabSize(), acceptance);
    Speculation speculation = Speculation.auto(replay);
    List<Timing> runs = new ArrayList<>();
    int proposed = 0;
    int accepted = 0;
    try (Scheduler scheduler = new Scheduler(forwardPass, NO_TEXT, 1)) {
      run(scheduler, prompt, speculation); // compiles the code, and measures what steps take
      for (int i = 0; i < settings.bench().repeat(); i++) {
        Run run = run(scheduler, prompt, speculation);
        if (!run.answer.equals(answer)) {
          throw new IllegalStateException("another answer with guesses: " + run.answer);
        }
        Timing timing = Timing.of(run.usage);
        runs.add(new Timing(prefill, timing.decode(), timing.sync()));
        proposed += run.usage.guesses().proposed();
        accepted += run.usage.guesses().accepted();
      }
    }
    return row(setup, runs, new BenchRow.Replay(acceptance, proposed, accepted));
  }

  /// Nothing of an earlier run is cached.
  private Run run(ForwardPass forwardPass, int promptLength) {
    try (Scheduler scheduler = new Scheduler(forwardPass, NO_TEXT, 1)) {
      return run(scheduler, promptLength, Speculation.off());
    }
  }

  private Run run(Scheduler scheduler, int promptLength, Speculation speculation) {
    GenerationRequest request =
        new GenerationRequest(
            randomTokens(promptLength),
            settings.bench().decode() + 1,
            new Sampler.Greedy(),
            Set.of(),
            List.of(),
            speculation);
    List<Integer> tokens = new ArrayList<>();
    Usage usage = Answer.await(scheduler, request, token -> tokens.add(token.id())).usage();
    return new Run(usage, tokens);
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
    List<StepResult> steps = new ArrayList<>();
    List<Long> nanos = new ArrayList<>();
    int position = promptLength;
    OneSequence sequence = new OneSequence(forwardPass);
    for (int token : randomTokens(settings.bench().decode())) {
      long from = System.nanoTime();
      steps.add(sequence.feed(new int[] {token}, position++));
      nanos.add(System.nanoTime() - from);
    }
    int row = model.spec().dim() * bytesOfInput() + Embedding.inputBytes(model.spec());
    long inputBytes = (nodes - 1L) * row; // once, not per layer
    return new Extrapolation.Layers(
        median(nanos, time -> time) / 1e6,
        median(steps, StepResult::syncNanos) / 1e6,
        (long) median(steps, step -> Math.max(0, step.sentBytes() - inputBytes)),
        (long) median(steps, StepResult::receivedBytes));
  }

  /// Input rows of random weights fit bfloat16, if nothing scales them.
  private int bytesOfInput() {
    return model.spec().scales().embedding() == 1 ? Short.BYTES : Float.BYTES;
  }

  private int[] randomTokens(int count) {
    return new Random(count).ints(count, 0, model.spec().vocabSize()).toArray();
  }

  private BenchRow row(Setup setup, List<Timing> runs, BenchRow.@Nullable Replay replay) {
    Timing.Prefill prefill = runs.getFirst().prefill();
    Timing.Decode decode = runs.getFirst().decode();
    return new BenchRow(
        model.name(),
        model.weights(),
        whole.spec().layers(),
        model.spec().layers(),
        setup.ready.nodes(),
        settings.cluster().threads(),
        setup.ready.loadMillis(),
        whole.nodeBytes(setup.ready.nodes()),
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
            (long) median(runs, t -> t.sync().receivedBytesPerToken())),
        replay,
        null,
        setup.machine);
  }

  /// The upper one of two in the middle.
  static <T> double median(List<T> runs, ToDoubleFunction<T> value) {
    return runs.stream()
        .map(value::applyAsDouble)
        .sorted(Comparator.naturalOrder())
        .skip(runs.size() / 2)
        .findFirst()
        .orElseThrow();
  }
}
