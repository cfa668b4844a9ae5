package dllama.cli;

import dllama.error.UserException;
import dllama.key.ClusterKey;
import dllama.key.KeyFile;
import dllama.settings.ClusterSettings;
import dllama.settings.ClusterSettings.Key.Rotate;
import dllama.settings.Settings;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/// Shows the cluster key, makes it, keeps one that was made elsewhere, or goes a step from one key
/// to the next.
final class ClusterKeyCommand {
  private ClusterKeyCommand() {}

  static void run(Settings settings, PrintStream out) {
    run(settings.cluster().key(), out, System.err::println);
  }

  static void run(ClusterSettings.Key settings, PrintStream out, Consumer<String> note) {
    Keys keys = new Keys(settings);
    Path file = keys.file();
    if (settings.rotate().isPresent()) {
      rotate(keys, settings.rotate().get(), note);
    } else if (keys.join(note)) {
      return;
    } else if (!Files.exists(file)) {
      KeyFile.write(file, ClusterKey.random());
      note.accept("a new cluster key is in %s".formatted(file));
    }
    note.accept("each worker needs it once: --role worker --seed-node ROOT --join CODE");
    KeyFile.read(file).forEach(key -> out.println(key.code()));
  }

  private static void rotate(Keys keys, Rotate step, Consumer<String> note) {
    Path file = keys.file();
    List<ClusterKey> now = KeyFile.read(file);
    boolean under = now.size() > 1;
    if (under == (step == Rotate.ADD)) {
      throw new UserException(
          under
              ? "%s has a second key already; go on with --rotate use".formatted(file)
              : "%s has one key only; begin with --rotate add".formatted(file));
    }
    switch (step) {
      case ADD -> {
        KeyFile.write(file, now.getFirst(), keys.joined().orElseGet(ClusterKey::random));
        note.accept(
            "the second key is accepted, too; on each other node: cluster-key --rotate add --join CODE with its code; then everywhere --rotate use");
      }
      case USE -> {
        KeyFile.write(file, now.getLast(), now.getFirst());
        note.accept("this node shows the first key now; when all do: --rotate drop");
      }
      case DROP -> {
        KeyFile.write(file, now.getFirst());
        note.accept("only this key is accepted now");
      }
    }
  }
}
