package dllama.cli;

import dllama.api.ApiServer;
import dllama.api.view.ClusterView;
import dllama.api.view.Meter;
import dllama.generation.Scheduler;
import dllama.generation.StepListener;
import dllama.session.ChatPrompts;
import dllama.session.LoadedModel;
import dllama.session.RequestSettings;
import dllama.session.Root;
import dllama.session.SessionListener;
import dllama.session.SessionListeners;
import dllama.settings.Mode;
import dllama.settings.Settings;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/// A root that answers people and programs: at the terminal, over HTTP, or both, with one
/// [Scheduler].
final class Serving {
  private final Settings settings;
  private final LoadedModel model;
  private final StatusLines lines;
  private final ChatPrompts prompts;

  /// @throws dllama.error.UserException if there is no chat template, or no room for a question
  Serving(Settings settings, LoadedModel model, StatusLines lines) {
    this.settings = settings;
    this.model = model;
    this.lines = lines;
    prompts =
        ChatPrompts.of(
            settings.chat(),
            model.vocabulary(settings.model()),
            model.rendersTemplate(settings.model()));
    prompts.checkSystem(settings.chat().system(), model.contextLimit());
  }

  void run() throws InterruptedException {
    if (settings.chat().quiet() && !settings.serves()) {
      lines.close();
    }
    Progress progress = new Progress(lines, true, true);
    if (!settings.serves()) {
      try (Root root = RootCommand.start(settings, model, lines, progress)) {
        chat(root, scheduler(root, 1, _ -> {}));
      }
      return;
    }
    ClusterView view = new ClusterView();
    Meter meter = new Meter();
    SessionListener all = new SessionListeners(List.of(progress, view));
    try (Root root = RootCommand.start(settings, model, lines, all);
        Scheduler scheduler = scheduler(root, settings.api().parallel(), meter);
        ApiServer server =
            ApiServer.start(settings, model, root, prompts, scheduler, meter, view)) {
      announce(server);
      if (settings.mode() == Mode.CHAT) {
        chat(root, scheduler);
      } else {
        root.awaitReady();
        root.release();
        new CountDownLatch(1).await(); // until the process is told to end
      }
    }
  }

  private Scheduler scheduler(Root root, int parallel, StepListener steps) {
    return new Scheduler(
        root.forwardPass(), prompts.vocabulary(), parallel, root.recovery(), steps);
  }

  private void announce(ApiServer server) {
    String scheme = settings.api().tls().isPresent() ? "https" : "http";
    String host = settings.api().host();
    String shown = host.contains(":") ? "[" + host + "]" : host;
    String url = "%s://%s:%d".formatted(scheme, shown, server.address().getPort());
    lines.say("page at %s; for programs %s/v1 (OpenAI, Anthropic, Ollama)".formatted(url, url));
    if (!settings.api().onlyThisMachine() && settings.api().keys().isEmpty()) {
      lines.say("no API key: whoever reaches %s may use it".formatted(url));
    }
  }

  private void chat(Root root, Scheduler scheduler) throws InterruptedException {
    root.awaitReady();
    ChatSession session =
        new ChatSession(
            root.forwardPass(),
            scheduler,
            prompts,
            RequestSettings.sampler(settings.sampler()),
            RequestSettings.speculation(settings),
            RequestSettings.guidance(settings.sampler()),
            settings.chat().system());
    ModelFacts facts =
        new ModelFacts(
            model.name(),
            model.spec().architecture().name(),
            model.weights(),
            model.contextLength(),
            0,
            "");
    try (Partner partner = new LocalPartner(root, session, facts)) {
      Talk.with(partner, settings.chat(), repl -> lines.redirect(repl::news));
    }
  }
}
