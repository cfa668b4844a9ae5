package dllama.cli;

import dllama.files.ByteSize;
import dllama.hub.FetchedModel;
import dllama.hub.Fetcher;
import dllama.hub.Means;
import dllama.hub.ModelFolder;
import dllama.settings.Catalogue;
import dllama.settings.Settings;
import java.util.Optional;

/// Gets a model, shows how it goes on, and chats with it afterwards if that is wanted.
final class FetchCommand implements Fetcher.Listener {
  private static final long TERMINAL_NANOS = 200_000_000L;
  private static final long LOG_NANOS = 15_000_000_000L;

  private final boolean terminal = Posix.isTerminal(2);
  private final Rate rate = new Rate();
  private long shown = System.nanoTime();

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
    System.err.println(line);
  }

  /// On a terminal five times a second, in a log four times a minute.
  @Override
  public void arrived(long arrived, long total) {
    long now = System.nanoTime();
    rate.at(now, arrived);
    if (now - shown < (terminal ? TERMINAL_NANOS : LOG_NANOS)) {
      return;
    }
    shown = now;
    String line = line(arrived, total, rate.bytesPerSecond());
    if (terminal) {
      System.err.print("\r" + line + "\u001b[K");
    } else {
      System.err.println(line);
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
    if (terminal) {
      System.err.print("\r\u001b[K");
    }
  }
}
