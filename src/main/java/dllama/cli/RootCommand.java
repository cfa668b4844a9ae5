package dllama.cli;

import dllama.model.ModelSpec;
import dllama.model.Shapes;
import dllama.settings.FloatType;
import dllama.settings.Mode;
import dllama.settings.Output;
import dllama.settings.Settings;
import dllama.tensor.DType;
import dllama.tokenizer.ChatTemplate;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.List;

/// Runs a root: opens the model, forms the cluster, does what the mode says. What can be refused
/// without a cluster is refused before one is waited for.
final class RootCommand {
  private static final long RANDOM_SEED = 1;

  private final Settings settings;

  RootCommand(Settings settings) {
    this.settings = settings;
  }

  void run() throws InterruptedException {
    try (LoadedModel model = model()) {
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
        case BENCH -> {
          Bench bench = new Bench(settings, model);
          try (Root root = start(model)) {
            print(bench.run(root));
          }
        }
      }
    }
  }

  private LoadedModel model() {
    Settings.Bench bench = settings.bench();
    if (settings.mode() != Mode.BENCH || bench.shape().isEmpty()) {
      return LoadedModel.open(settings.model());
    }
    FloatType weights = settings.model().weightsFloatType().orElse(FloatType.Q40);
    String shape = bench.shape().get();
    ModelSpec spec = Shapes.spec(shape, DType.valueOf(weights.name()), bench.layers());
    return LoadedModel.random(shape, spec, RANDOM_SEED, settings.model());
  }

  private Root start(LoadedModel model) {
    Root root = new ClusterRoot(settings, model);
    System.err.println(model.description());
    return root;
  }

  private void chat(LoadedModel model) throws InterruptedException {
    Vocabulary vocabulary = model.vocabulary(settings.model());
    ChatTemplate template =
        settings
            .chat()
            .template()
            .map(ChatTemplate::byName)
            .orElseGet(() -> ChatTemplate.of(vocabulary));
    try (Root root = start(model)) {
      root.awaitReady();
      ChatSession session =
          new ChatSession(
              root.forwardPass(),
              vocabulary,
              template,
              Inference.sampler(settings.sampler()),
              settings.chat().system());
      try (ChatConsole console = console()) {
        Repl repl = new Repl(root, session, console);
        root.tell(repl::tell);
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

  private void print(List<Bench.Row> rows) {
    if (settings.output() == Output.JSON) {
      Json.print(rows);
    } else {
      System.out.print(Bench.table(rows, settings.output() != Output.CSV));
    }
  }
}
