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
  /// A result.
  record Row(
      String model,
      String weights,
      int layers,
      int nodes,
      int threads,
      long loadMs,
      Timing.Prefill prefill,
      Timing.Decode decode,
      Timing.Sync sync) {}

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

  List<Row> run(Root root) throws InterruptedException {
    Root.Ready ready = root.awaitReady();
    Generator generator = new Generator(root.forwardPass(), NO_TEXT);
    List<Row> rows = new ArrayList<>();
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

  private Row row(Root.Ready ready, List<Timing> runs) {
    Timing.Prefill prefill = runs.getFirst().prefill();
    Timing.Decode decode = runs.getFirst().decode();
    return new Row(
        model.name(),
        model.spec().weightType().name().toLowerCase(Locale.ROOT),
        model.spec().layers(),
        ready.nodes(),
        settings.cluster().threads(),
        ready.loadMillis(),
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

  /// The rows as a table that Markdown understands, or with commas.
  static String table(List<Row> rows, boolean markdown) {
    List<List<String>> cells = new ArrayList<>();
    cells.add(
        List.of(
            "model",
            "weights",
            "layers",
            "nodes",
            "threads",
            "prefill",
            "prefill t/s",
            "decode",
            "decode ms/token",
            "decode t/s",
            "sync ms/token",
            "sent kB/token",
            "received kB/token"));
    for (Row row : rows) {
      cells.add(
          List.of(
              row.model(),
              row.weights(),
              String.valueOf(row.layers()),
              String.valueOf(row.nodes()),
              String.valueOf(row.threads()),
              String.valueOf(row.prefill().tokens()),
              number(row.prefill().tokensPerSecond()),
              String.valueOf(row.decode().tokens()),
              number(row.decode().medianMsPerToken()),
              number(row.decode().tokensPerSecond()),
              number(row.sync().medianMsPerToken()),
              number(row.sync().sentBytesPerToken() / 1024.0),
              number(row.sync().receivedBytesPerToken() / 1024.0)));
    }
    StringBuilder table = new StringBuilder();
    for (int i = 0; i < cells.size(); i++) {
      List<String> line = cells.get(i);
      table.append(
          markdown ? "| " + String.join(" | ", line) + " |\n" : String.join(",", line) + "\n");
      if (i == 0 && markdown) {
        table.append("|---".repeat(line.size())).append("|\n");
      }
    }
    return table.toString();
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
