package dllama.cli;

import dllama.hub.FetchedModel;
import dllama.hub.Fetcher;
import dllama.hub.Means;
import dllama.hub.ModelFolder;
import dllama.settings.Catalogue;
import dllama.settings.Settings;
import java.util.List;
import java.util.Optional;

/// Gets a model, shows how it goes on, and chats with it afterwards if that is wanted.
final class FetchCommand implements Fetcher.Listener {
  private final StatusLines lines = StatusLines.standard();
  private final Rate rate = new Rate();

  private FetchCommand() {}

  static void run(Settings settings) throws InterruptedException {
    Settings.Fetched wanted = settings.fetched();
    ModelFolder folder = FetchedFiles.folder(settings);
    Optional<String> token =
        Optional.ofNullable(System.getenv("HF_TOKEN")).map(String::strip).filter(t -> !t.isEmpty());
    FetchCommand command = new FetchCommand();
    FetchedModel model =
        new Fetcher(wanted.hub(), token, folder, Means.usual(wanted.connections()), command)
            .fetch(wanted.name(), Catalogue.load());
    if (wanted.run()) {
      new RootCommand(FetchedFiles.with(settings, model)).run();
    } else {
      command.note("Run it: dllama-akka --model " + model.name());
    }
  }

  @Override
  public void note(String line) {
    lines.say(line);
  }

  @Override
  public void arrived(long arrived, long total) {
    rate.at(System.nanoTime(), arrived);
    if (lines.due()) {
      lines.show(List.of(Rate.line(arrived, total, rate.bytesPerSecond())));
    }
  }

  @Override
  public void done() {
    lines.show(List.of());
  }
}
