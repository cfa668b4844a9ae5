package dllama.cli;

import dllama.session.ChatPrompts;
import dllama.session.ClusterRoot;
import dllama.session.LoadedModel;
import dllama.session.RequestSettings;
import dllama.session.Root;
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
    try (LoadedModel model = LoadedModel.open(settings.model())) {
      switch (settings.mode()) {
        case CHAT -> chat(model);
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
    SliceCache cache = CacheFolder.open(settings.cluster().weights().cache(), lines::say);
    Progress progress = new Progress(lines, settings.mode().interactive());
    Root root = ClusterRoot.start(settings, model, cache, progress);
    Runtime.getRuntime().addShutdownHook(new Thread(root::close, "goodbye"));
    lines.say(model.description());
    model.warning(settings.model()).ifPresent(lines::say);
    return root;
  }

  private void chat(LoadedModel model) throws InterruptedException {
    ChatPrompts prompts =
        ChatPrompts.of(
            settings.chat(),
            model.vocabulary(settings.model()),
            model.rendersTemplate(settings.model()));
    prompts.checkSystem(settings.chat().system(), model.contextLimit());
    try (Root root = start(model)) {
      root.awaitReady();
      try (ChatSession session =
              new ChatSession(
                  root.forwardPass(),
                  prompts,
                  RequestSettings.sampler(settings.sampler()),
                  RequestSettings.speculation(settings),
                  RequestSettings.guidance(settings.sampler()),
                  settings.chat().system());
          ChatConsole console = console()) {
        Repl repl = new Repl(root, session, console);
        lines.redirect(repl::news);
        repl.run();
      }
    }
  }

  private static ChatConsole console() {
    if (!Posix.isTerminal(0) || !Posix.isTerminal(1)) {
      return new PlainConsole(System.in, System.out, System.err);
    }
    ChatConsole console = new TerminalConsole(TerminalConsole.stateFolder().resolve("history"));
    console.note("Ask something; /help shows the commands, Ctrl-D ends.");
    return console;
  }

  private void print(List<BenchRow> rows) {
    switch (settings.output()) {
      case JSON -> Json.print(rows);
      case CSV -> System.out.print(BenchTable.csv(rows));
      default -> System.out.print(BenchTable.markdown(rows));
    }
  }
}
