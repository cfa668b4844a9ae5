package dllama.cli;

import dllama.convert.Converter;
import dllama.error.UserException;
import dllama.files.ByteSize;
import dllama.session.LoadedModel;
import dllama.settings.Settings;
import java.nio.file.Path;
import java.util.List;

/// Converts a model, and shows how it goes on.
final class ConvertCommand implements Converter.Listener {
  private final StatusLines lines = StatusLines.standard();
  private final Rate rate = new Rate();

  /// Whether there is something to go on with.
  private volatile boolean underWay;

  private ConvertCommand() {}

  static void run(Settings settings) throws InterruptedException {
    Settings.Convert wanted = settings.convert();
    Path out =
        wanted
            .out()
            .orElseThrow(() -> new UserException("give the file to write: convert IN OUT.m"));
    Path in = wanted.in().orElseThrow(() -> new UserException("give the model: convert IN OUT.m"));
    ConvertCommand command = new ConvertCommand();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> command.stopped(out), "stopped"));
    Converter.run(
        new Converter.Wanted(
            FetchedFiles.path(in, settings),
            out,
            wanted.tokenizer().orElseGet(() -> tokenizerOf(out)),
            wanted.tokenizer(),
            LoadedModel.roundedTo(settings.model())),
        command);
    command.underWay = false;
    command.note("%s: %s".formatted(out, ByteSize.text(out.toFile().length())));
  }

  private static Path tokenizerOf(Path out) {
    String name = String.valueOf(out.getFileName());
    int dot = name.lastIndexOf('.');
    return out.resolveSibling((dot > 0 ? name.substring(0, dot) : name) + ".t");
  }

  @Override
  public void note(String line) {
    lines.say(line);
  }

  @Override
  public void written(long bytes, long total) {
    underWay = true;
    rate.at(System.nanoTime(), bytes);
    if (lines.due()) {
      lines.show(List.of(Rate.line(bytes, total, rate.bytesPerSecond())));
    }
  }

  /// The process ends before the work is done.
  private void stopped(Path out) {
    if (underWay) {
      lines.say("%s is not finished; the same command goes on with it".formatted(out));
    }
  }
}
