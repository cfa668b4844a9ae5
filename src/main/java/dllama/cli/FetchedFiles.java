package dllama.cli;

import dllama.error.UserException;
import dllama.hub.FetchedModel;
import dllama.hub.ModelFolder;
import dllama.settings.Catalogue;
import dllama.settings.ModelSettings;
import dllama.settings.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Where fetched models are, and what their names stand for in `--model` and `--tokenizer`.
final class FetchedFiles {
  private FetchedFiles() {}

  static ModelFolder folder(Settings settings) {
    return new ModelFolder(
        settings
            .fetched()
            .folder()
            .orElseGet(
                () ->
                    of(
                        System.getProperty("os.name"),
                        Path.of(System.getProperty("user.home")),
                        System.getenv())));
  }

  /// The folder of a user who says nothing about it: that of data, which no clean-up of caches
  /// empties.
  static Path of(String os, Path home, Map<String, String> environment) {
    Path base;
    if (!environment.getOrDefault("XDG_DATA_HOME", "").isEmpty()) {
      base = Path.of(environment.getOrDefault("XDG_DATA_HOME", ""));
    } else if (os.startsWith("Windows")) {
      String local = environment.getOrDefault("LOCALAPPDATA", "");
      base = local.isEmpty() ? home.resolve("AppData").resolve("Local") : Path.of(local);
    } else if (os.startsWith("Mac")) {
      base = home.resolve("Library").resolve("Application Support");
    } else {
      base = home.resolve(".local").resolve("share");
    }
    return base.resolve("dllama-akka").resolve("models");
  }

  /// A file or folder, or the fetched model of that name. What exists counts before a name.
  static Path path(Path given, Settings settings) {
    if (Files.exists(given)) {
      return given;
    }
    ModelFolder folder = folder(settings);
    return folder.find(given.toString()).map(folder::model).orElse(given);
  }

  /// The settings with files in place of names. A file that exists counts before a name.
  static Settings in(Settings settings) {
    ModelSettings model = settings.model();
    Optional<String> named = model.model().filter(path -> !Files.exists(path)).map(Path::toString);
    Optional<String> tokenizer =
        model.tokenizer().filter(path -> !Files.exists(path)).map(Path::toString);
    if (named.isEmpty() && tokenizer.isEmpty()) {
      return settings;
    }
    ModelFolder folder = folder(settings);
    Optional<FetchedModel> fetched = named.flatMap(folder::find);
    if (fetched.isEmpty() && named.flatMap(Catalogue.load()::named).isPresent()) {
      throw new UserException(
          "--model %s is not here yet: get it with  dllama-akka fetch %s"
              .formatted(named.get(), named.get()));
    }
    Optional<Path> tokenizerPath =
        tokenizer.flatMap(folder::find).flatMap(folder::tokenizer).or(model::tokenizer);
    return settings.with(
        model.with(
            fetched.map(folder::model).or(model::model),
            tokenizerPath.or(() -> fetched.flatMap(folder::tokenizer))));
  }

  /// The settings with a fetched model.
  static Settings with(Settings settings, FetchedModel fetched) {
    ModelFolder folder = folder(settings);
    return settings.with(
        settings.model().with(Optional.of(folder.model(fetched)), folder.tokenizer(fetched)));
  }
}
