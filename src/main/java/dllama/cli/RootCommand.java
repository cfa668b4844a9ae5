package dllama.cli;

import dllama.key.NodeKeys;
import dllama.session.ClusterRoot;
import dllama.session.LoadedModel;
import dllama.session.Root;
import dllama.session.SessionListener;
import dllama.settings.Mode;
import dllama.settings.Settings;
import dllama.slice.SliceCache;
import java.util.List;
import java.util.Optional;

/// Runs a root: opens the model, forms the cluster, does what the mode says. What can be refused
/// without a cluster is refused before one is waited for.
final class RootCommand {
  private final Settings settings;
  private final StatusLines lines = StatusLines.standard();

  RootCommand(Settings settings) {
    this.settings = settings;
  }

  void run() throws InterruptedException {
    Optional<String> shape = settings.bench().shape();
    if (settings.mode() == Mode.BENCH && shape.isPresent()) {
      print(new ShapeBench(settings, shape.get(), this::start).run());
      return;
    }
    Optional<String> elsewhere = settings.chat().connect();
    if (settings.mode() == Mode.CHAT && elsewhere.isPresent()) {
      Talk.remote(settings, elsewhere.get());
      return;
    }
    try (LoadedModel model = LoadedModel.open(settings.model())) {
      switch (settings.mode()) {
        case CHAT, API -> new Serving(settings, model, lines).run();
        case INFERENCE -> {
          Inference inference = new Inference(settings, model, System.out);
          try (Root root = start(model)) {
            inference.run(root);
          }
        }
        case LOGITS -> {
          Logits logits = new Logits(settings.logits(), model);
          try (Root root = start(model)) {
            logits.run(root);
          }
        }
        case PERPLEXITY -> {
          var perplexity = new PerplexityCommand(settings, model, lines, System.out);
          try (Root root = start(model)) {
            perplexity.run(root);
          }
        }
        case BENCH -> {
          Bench bench = new Bench(settings, model);
          try (Root root = start(model)) {
            print(bench.run(root));
          }
        }
      }
    }
  }

  private Root start(LoadedModel model) {
    boolean goesOn = settings.mode() == Mode.INFERENCE || settings.mode() == Mode.PERPLEXITY;
    return start(settings, model, lines, new Progress(lines, goesOn, false));
  }

  /// Starts a root, and says what it has.
  static Root start(
      Settings settings, LoadedModel model, StatusLines lines, SessionListener listener) {
    NodeKeys keys = Keys.ofRoot(settings.cluster(), lines::say, lines.areShown());
    SliceCache cache = CacheFolder.open(settings.cluster().weights().cache(), lines::say);
    Root root = ClusterRoot.start(settings, keys, model, cache, listener);
    Runtime.getRuntime().addShutdownHook(new Thread(root::close, "goodbye"));
    lines.say(model.description());
    model.warning(settings.model()).ifPresent(lines::say);
    return root;
  }

  private void print(List<BenchRow> rows) {
    switch (settings.output()) {
      case JSON -> Json.print(rows);
      case CSV -> System.out.print(BenchTable.csv(rows));
      default -> System.out.print(BenchTable.markdown(rows));
    }
  }
}
