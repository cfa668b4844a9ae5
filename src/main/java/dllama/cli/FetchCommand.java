package dllama.cli;

import dllama.files.ByteSize;
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
      lines.show(List.of(line(arrived, total, rate.bytesPerSecond())));
    }
  }

  /// Such as "1.20 GB of 4.70 GB, 25 %, 11.3 MB/s, 5:17 left".
  static String line(long arrived, long total, double bytesPerSecond) {
    String line =
        "%s of %s, %d %%"
            .formatted(
                ByteSize.text(arrived),
                ByteSize.text(total),
                total == 0 ? 100 : percent(arrived, total));
    if (bytesPerSecond < 1) {
      return line;
    }
    long left = Math.round((total - arrived) / bytesPerSecond);
    String time =
        left < 3600
            ? "%d:%02d".formatted(left / 60, left % 60)
            : "%d:%02d h".formatted(left / 3600, left / 60 % 60);
    return "%s, %s/s, %s left".formatted(line, ByteSize.text((long) bytesPerSecond), time);
  }

  private static long percent(long arrived, long total) {
    return (long) (100.0 * arrived / total);
  }

  @Override
  public void done() {
    lines.show(List.of());
  }
}
